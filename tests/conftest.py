"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from db.engine import Store, open_store
from tagger.model.bundle import Bundle, write_bundle
from tests.drawn import card
from tests.postgres import Server, running_server, server_programs

os.environ["OMP_NUM_THREADS"] = "1"  # PyTorch's threads get in each other's way on a busy machine: 33 s become 179 s

RANDOM = {
    "stateful_step_count": 40,
    "deadline": None,
    "database": None,
    "report_multiple_bugs": False,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
}
settings.register_profile("short", max_examples=10, derandomize=True, **RANDOM)  # type: ignore[arg-type]
settings.register_profile("long", max_examples=500, print_blob=True, **RANDOM)  # type: ignore[arg-type]
settings.load_profile("short")  # another one: --hypothesis-profile

NOBODY = 65534
HOMES = count()
STARTERS = {"start", "shared_bot", "tagger_process"}  # fixtures that start the program as a process of its own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that take a process from a fixture."""
    for item in items:
        if isinstance(item, pytest.Function) and not STARTERS.isdisjoint(item.fixturenames):
            item.add_marker("process")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings, the database or the variables of whoever runs it; caches are shared."""
    for variable in [name for name in os.environ if name.startswith("TAGGER_")]:
        monkeypatch.delenv(variable)
    home = tmp_path_factory.getbasetemp() / f"home-{next(HOMES)}"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))


@pytest.fixture
def terminal() -> Iterator[None]:
    """A hang-up counts, even if the tests were started with nohup, which makes processes ignore it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def without_privileges() -> Callable[[], AbstractContextManager[None]]:
    """A context without root's right to read everything; where tests do not run as root it changes nothing."""

    @contextmanager
    def step_down() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return step_down


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once: copying it takes a hundredth of the time."""
    file = tmp_path_factory.mktemp("empty") / "tags.sqlite"
    open_store(str(file)).close()
    return file


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, started once."""
    programs = server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    with running_server(programs) as server:
        yield server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes a store on both databases, except those marked for one."""
    if "database_kind" in metafunc.fixturenames:
        kinds = ("sqlite", "postgresql")
        marked = [kind for kind in kinds if metafunc.definition.get_closest_marker(kind)]
        metafunc.parametrize("database_kind", marked or kinds, indirect=True)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """The kind of a test's database."""
    return str(request.param)


@pytest.fixture
def url(database_kind: str, tmp_path: Path, empty_database: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Of a test's database, an empty store."""
    if database_kind == "sqlite":
        shutil.copy(empty_database, tmp_path / "tags.sqlite")
        yield f"sqlite:///{tmp_path / 'tags.sqlite'}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.lend() as made:
        yield made


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_bundle(tmp_path / "bundle", card(), {"model.onnx": b"one"})

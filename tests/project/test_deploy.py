"""The parts of deploy/ agree: steps are scripts, variables are settings, and systemd and shells accept the files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from db.engine import open_store
from db.read.catalog import last_starts
from db.write.backup import back_up
from db.write.jobs import start_job
from tagger.cli import main
from tagger.config.settings import fields, load_settings, variable_of
from tagger.jobs.registry import JOBS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCRIPTS = sorted((DEPLOY / "container").glob("*.sh"))
DOCKERFILES = [DEPLOY / "container" / name for name in ("Dockerfile", "Dockerfile.cuda")]  # Ray has its own image
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
TIMERS = [unit for unit in UNITS if unit.suffix == ".timer"]
COMPOSE = DEPLOY / "compose.yaml"
README = DEPLOY / "README.md"


def named(test: Path) -> str:
    return test.name


def test_every_image_is_built_from_the_same_files() -> None:
    ignored = [file.read_text() for file in (DEPLOY / "container").glob("*.dockerignore")]
    assert len(ignored) == len(list((DEPLOY / "container").glob("Dockerfile*"))) / 2
    assert len(set(ignored)) == 1


@pytest.mark.parametrize("file", DOCKERFILES, ids=named)
def test_every_step_of_an_image_is_a_script_that_is_there(file: Path) -> None:
    steps = re.findall(r"^RUN (.+)$", file.read_text(), re.M)
    assert [Path(step.split()[0]).name for step in steps] == ["install.sh", "prepare.sh", "check.sh"]
    assert {DEPLOY / "container" / Path(step.split()[0]).name for step in steps} <= set(SCRIPTS)


@pytest.mark.parametrize("file", DOCKERFILES, ids=named)
def test_an_image_runs_as_nobody_in_particular_and_says_how_it_is(file: Path) -> None:
    text = file.read_text()
    assert "\nUSER 10001:10001\n" in text
    assert "\nHEALTHCHECK " in text
    assert file.with_name(f"{file.name}.dockerignore").is_file()


@pytest.mark.parametrize("file", SCRIPTS, ids=named)
def test_a_script_is_executable_and_says_how_it_is_used(file: Path) -> None:
    assert os.access(file, os.X_OK)
    shell = file.read_text().splitlines()[0].removeprefix("#!")
    assert subprocess.run([shell, "-n", file], check=False).returncode == 0
    assert f"# Usage: {file.name} " in file.read_text()


@pytest.mark.slow
def test_what_is_installed_is_compiled_but_for_what_this_python_cannot_read(tmp_path: Path) -> None:
    wheel = tmp_path / "drawn-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("drawn/__init__.py", "")
        archive.writestr("drawn/for_a_later_python.py", "when it can be read:")
        archive.writestr("drawn-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("drawn-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: drawn\nVersion: 1\n")
        archive.writestr("drawn-1.dist-info/RECORD", "")
    path = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}"}
    command = [str(DEPLOY / "container" / "install.sh"), str(wheel), str(tmp_path / "tagger"), "bot"]
    done = subprocess.run(command, env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [file.name.split(".")[0] for file in (tmp_path / "tagger").rglob("drawn/**/*.pyc")] == ["__init__"]


@pytest.mark.parametrize("file", [*DOCKERFILES, *UNITS, COMPOSE, README], ids=named)
def test_every_variable_is_a_setting(file: Path) -> None:
    known = {*map(variable_of, fields()), "TAGGER_CONFIG"}
    variables = set(re.findall(r"\bTAGGER_\w+", file.read_text()))
    assert variables <= known


@pytest.mark.parametrize("file", [*DOCKERFILES, *UNITS, COMPOSE, README], ids=named)
def test_every_command_is_there(file: Path) -> None:
    text = file.read_text()
    commands = re.findall(r"(?:bin/tagger|exec tagger tagger) (\w+)", text)
    commands += re.findall(r'(?:CMD|command:) \["(\w+)"\]', text)
    assert set(commands) <= set(main.commands)


def test_the_variables_of_the_compose_file_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in re.findall(r"^      (TAGGER_\w+): (.+)$", COMPOSE.read_text(), re.M):
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value).strip("'"))
    settings = load_settings({})
    assert (settings.folders, settings.timezone, settings.jobs.nightly) == ((Path("/photos"),), "UTC", "02:00")


def test_a_stop_is_heard_from_the_first_moment() -> None:
    assert re.search(r"^    init: true$", COMPOSE.read_text(), re.M)


def test_the_container_s_clock_hangs_where_the_jobs_clock_does() -> None:
    zones = dict(re.findall(r"^      (TZ|TAGGER_TIMEZONE): (.+)$", COMPOSE.read_text(), re.M))
    assert zones["TZ"] == zones["TAGGER_TIMEZONE"]


def test_what_the_compose_file_asks_for_is_written_before_its_first_command(tmp_path: Path) -> None:
    block = next(block for block in re.findall(r"```\n(.+?)```", README.read_text(), re.S) if " > .env" in block)
    before, _ = block.split("docker compose", maxsplit=1)
    (written,) = (line for line in before.splitlines() if line.endswith(" > .env"))
    subprocess.run(["sh", "-c", written], cwd=tmp_path, check=True)
    names = {line.partition("=")[0] for line in (tmp_path / ".env").read_text().splitlines()}
    assert set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text())) <= names
    assert names <= set(re.findall(r"\$\{(\w+):", COMPOSE.read_text()))
    assert not re.search(r"^\w+=\S* .*docker compose", README.read_text(), re.M)  # the next command would not have it


def test_what_one_service_writes_belongs_to_the_others() -> None:
    shared = r"^(?:User|DynamicUser|StateDirectory)=.+$"
    owners = {tuple(re.findall(shared, unit.read_text(), re.M)) for unit in SERVICES}
    assert owners == {("DynamicUser=yes", "User=landmark-tagger", "StateDirectory=landmark-tagger")}


@pytest.mark.parametrize("file", [*TIMERS, README], ids=named)
def test_every_unit_that_is_named_is_there_and_every_job_that_it_runs(file: Path) -> None:
    text = file.read_text()
    assert set(re.findall(r"\btagger@(\w+)", text)) <= set(JOBS)
    for name in re.findall(r"(?<!-)\btagger(?:-[a-z]+|@[a-z]*)(?:\.service|\.timer)?", text):
        unit = re.sub(r"@\w*", "@", name)
        assert [each for each in UNITS if each.name == unit or each.stem == unit], name


@pytest.mark.parametrize("timer", TIMERS, ids=named)
def test_a_timer_starts_one_job_by_its_name(timer: Path) -> None:
    (job,) = re.findall(r"^Unit=tagger@(\w+)\.service$", timer.read_text(), re.M)
    assert timer.name == f"tagger-{job}.timer"
    (time,) = re.findall(r"^OnCalendar=\*-\*-\* (.+)$", timer.read_text(), re.M)
    assert time == fields()[f"jobs.{job}"].default


@pytest.mark.parametrize("was_clean", [True, False])
@pytest.mark.parametrize("way", [0, 1], ids=["docker", "systemd"])
def test_the_way_back_to_a_copy_works_as_it_is_written(tmp_path: Path, way: int, was_clean: bool) -> None:
    with open_store(str(tmp_path / "tagger.sqlite")) as store:
        copy = back_up(store.file, tmp_path / "backups", keep=7).file
        with store.write() as connection:
            start_job(connection, "digest", due_at=None)
    if not was_clean:
        for suffix in ("-wal", "-shm"):
            (tmp_path / f"tagger.sqlite{suffix}").write_bytes(b"left by a process that was killed")
    command = re.findall(r"'(cd /\S+ && rm .+?)'", README.read_text(), re.S)[way]
    command = re.sub(r"cd /\S+", f"cd {tmp_path}", re.sub(r"tagger-[\w-]+\.sqlite", copy.name, command))
    subprocess.run(["sh", "-ec", command], check=True)
    with open_store(str(tmp_path / "tagger.sqlite")) as store, store.read() as connection:
        assert last_starts(connection) == {}


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a command that exists here instead of the one in /opt/tagger."""
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/tagger/bin/tagger", "/bin/true"))
    return tmp_path


NO_SYSTEMD = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")


@NO_SYSTEMD
@pytest.mark.parametrize("unit", UNITS, ids=named)
def test_systemd_takes_the_unit(units: Path, unit: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(units / unit.name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@NO_SYSTEMD
@pytest.mark.parametrize("name", [unit.name for unit in SERVICES])
def test_a_service_is_hardened(units: Path, name: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(units / name)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0  # of 100, 96 without hardening


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder to somebody else")
def test_the_folder_for_what_is_kept_belongs_to_the_process(tmp_path: Path) -> None:
    for _ in range(2):
        subprocess.run([DEPLOY / "container" / "prepare.sh", tmp_path / "data", "10001"], check=True)
    status = (tmp_path / "data").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (10001, 10001, 0o700)


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health" else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"reasons": ["the disk is full"]}).encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_believes_the_process_and_passes_its_reasons_on(status: int, code: int) -> None:
    with answering(status) as port:
        command = [str(DEPLOY / "container" / "health.sh"), str(port)]
        done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.defpath}, check=False)
    assert (done.returncode, "the disk is full" in done.stdout) == (code, True)


def test_the_health_check_fails_where_nobody_answers() -> None:
    command = [str(DEPLOY / "container" / "health.sh"), "1"]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_deploy_holds_no_python() -> None:
    assert list(DEPLOY.rglob("*.py")) == []

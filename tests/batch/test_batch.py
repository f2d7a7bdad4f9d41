"""A batch on a local cluster: the answers of `tagger tag`, each photo once, whatever dies meanwhile."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="needs the extra ray")

import ray

from benchmarks.kills.killed import content
from benchmarks.speed.batch import actors_of
from tagger.batch.actor import ActorSettings
from tagger.batch.places import open_place
from tagger.batch.run import USAGE_REPORTS, Actors, BatchState, run_batch
from tagger.batch.shards import Shards
from tagger.batch.sources import photos
from tagger.core.run_options import RunOptions
from tagger.library.json_line import json_line
from tagger.model.bundle import Bundle
from tests import drawn
from tests.cli.test_privacy import WATCH

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Ray's
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

PHOTOS = 300
SETTINGS = {"engine": "auto", "device": "auto", "precision": "auto", "cpus": 1, "photo_timeout_s": 60.0}
LIMITS = {"max_pixels": 10_000_000, "max_file_bytes": 10_000_000}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return drawn.colour_bundle(tmp_path_factory.mktemp("models") / "colours")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    drawn.photos(folder, PHOTOS)
    (folder / "broken.jpg").write_text("no photo")
    (folder / os.fsdecode(b"odd \xff name.jpg")).write_bytes(drawn.jpeg(size=(70, 50)))
    return folder


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Ray on this machine, started once for all tests here."""
    local = {"include_dashboard": False, "log_to_driver": False, "_node_ip_address": "127.0.0.1"}
    ray.init(num_cpus=2, logging_level=logging.ERROR, **local)  # type: ignore[arg-type]
    yield
    ray.shutdown()


def batch(bundle: Bundle, out: Path, *sources: object) -> Iterator[BatchState]:
    shards = shards_of(bundle, out)
    settings = ActorSettings(bundle=str(bundle.folder), **SETTINGS, **LIMITS)  # type: ignore[arg-type]
    return run_batch(photos(list(map(str, sources)), RunOptions()), shards, settings, Actors(count=2))


def shards_of(bundle: Bundle, out: Path) -> Shards:
    return Shards(open_place(str(out)), bundle.model_id, 5, 0.0)


def lines(bundle: Bundle, out: Path) -> list[str]:
    """The results in all shards as JSON lines."""
    shards = shards_of(bundle, out)
    landmarks = {entry.id: entry.landmark() for entry in bundle.card.classes}
    rows = (row for name in shards.names() for row in shards.rows(name))
    return sorted(json_line(row.result(landmarks), 5) for row in rows)


def tagger(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tagger", *map(str, arguments)]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def expected(bundle: Bundle, library: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The database of a plain run, and its JSON lines."""
    database = tmp_path_factory.mktemp("expected") / "tags.sqlite"
    done = tagger("tag", library, "--db", database, "--bundle", bundle.folder, "--json")
    assert done.returncode == 3, done.stderr
    return database, sorted(done.stdout.splitlines())


@pytest.fixture(scope="module")
def out(bundle: Bundle, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole batch."""
    folder = tmp_path_factory.mktemp("out")
    *_, state = batch(bundle, folder, library)
    assert (state.photos, state.done_before, state.counter["failed"]) == (PHOTOS + 2, 0, 1)
    return folder


def test_the_results_are_those_of_a_plain_run_byte_for_byte(
    bundle: Bundle, out: Path, expected: tuple[Path, list[str]]
) -> None:
    assert lines(bundle, out) == expected[1]


def test_a_second_batch_does_nothing_and_one_after_half_does_the_other_half(
    bundle: Bundle, library: Path, out: Path, tmp_path: Path, expected: tuple[Path, list[str]]
) -> None:
    (again,) = batch(bundle, out, library)
    assert (again.photos, again.done_before) == (0, PHOTOS + 2)
    half, missing = tmp_path / "half", 0
    half.mkdir()
    for number, shard in enumerate(sorted(out.glob("tags-*"))):
        if number % 2:
            (half / shard.name).write_bytes(shard.read_bytes())
        else:
            missing += sum(1 for _ in shards_of(bundle, out).rows(shard.name))
    *_, state = batch(bundle, half, library)
    assert (state.photos, state.done_before) == (missing, PHOTOS + 2 - missing)
    assert lines(bundle, half) == expected[1]


def test_an_actor_that_is_killed_loses_and_repeats_nothing(
    bundle: Bundle, library: Path, tmp_path: Path, expected: tuple[Path, list[str]]
) -> None:
    running, kills = batch(bundle, tmp_path, library), 0
    for state in running:
        if state.photos and not kills:
            os.kill(actors_of(os.getpid())[0], signal.SIGKILL)
            kills += 1
    assert kills == 1
    assert lines(bundle, tmp_path) == expected[1]


def test_the_command_stores_the_results_as_a_plain_run_would(
    bundle: Bundle, library: Path, out: Path, tmp_path: Path, expected: tuple[Path, list[str]]
) -> None:
    database = tmp_path / "tags.sqlite"
    done = tagger("batch", library, "--out", out, "--store", "--db", database, "--bundle", bundle.folder)
    assert done.returncode == 0, done.stderr
    assert f"{PHOTOS + 2} had a result already" in done.stderr
    assert content(database) == content(expected[0])
    after = tagger("tag", library, "--db", database, "--bundle", bundle.folder)
    assert "0 tagged, 0 without a known landmark, 0 failed" in after.stderr


def test_a_batch_opens_no_connection_to_another_machine(bundle: Bundle, library: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WATCH, "batch", str(library), "--out", str(tmp_path), "--actors", "1"]
    environment = os.environ | {"TAGGER_BUNDLE": str(bundle.folder), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    connections = [line for line in done.stderr.splitlines() if line.startswith("CONNECTION")]
    assert [line for line in connections if "127.0.0.1" not in line and "localhost" not in line] == []


def test_ray_sends_no_usage_reports() -> None:
    assert os.environ[USAGE_REPORTS] == "0"


def test_a_cluster_that_is_not_there_is_one_sentence(bundle: Bundle, library: Path, tmp_path: Path) -> None:
    arguments = ("batch", library, "--out", tmp_path, "--bundle", bundle.folder)
    done = tagger(*arguments, RAY_ADDRESS="127.0.0.1:9")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "Error: The batch has ended: the cluster at 127.0.0.1:9 cannot be reached" in done.stderr


def test_a_ray_that_does_not_start_is_one_sentence(bundle: Bundle, library: Path, tmp_path: Path) -> None:
    done = tagger("batch", library, "--out", tmp_path, "--bundle", bundle.folder, RAY_TMPDIR="/proc/none")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "Error: The batch has ended: Ray does not start: " in done.stderr


def test_a_row_is_also_readable_without_the_tagger(out: Path) -> None:
    from pyarrow import parquet

    table = parquet.read_table(out)
    assert set(table.column("status").to_pylist()) == {"tagged", "none", "failed"}
    failed = [row for row in table.to_pylist() if row["status"] == "failed"]
    assert [(row["kind"], Path(row["path"]).name) for row in failed] == [("unsupported", "broken.jpg")]
    assert json.dumps(table.column("landmark").to_pylist()[0])

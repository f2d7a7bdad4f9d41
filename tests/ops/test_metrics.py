"""What a long process says of itself, over real HTTP."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

pytest.importorskip("prometheus_client", reason="the extra 'schedule' is not installed")

from prometheus_client.parser import text_string_to_metric_families

from db.engine import Store
from db.write.jobs import finish_job, start_job
from tagger.cli.process import set_up_log
from tagger.core.errors import ConfigError
from tagger.ops.health import Health, examine
from tagger.ops.metrics import serve_metrics
from tests.db.samples import assessed, failed, tag_run

DUE = datetime(2026, 11, 23, 2, tzinfo=UTC)


def ask(port: int | None, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_figures_are_the_store_s(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg"), failed("/p/bad.jpg")])
    with store.write() as connection:
        finish_job(connection, start_job(connection, "backup", due_at=None), status="failed", message="no space")
    with serve_metrics("127.0.0.1:0", store, lambda: {"nightly": DUE}, lambda: examine(store, 0)) as port:
        status, text = ask(port, "/metrics")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert status == 200
    expected = {
        ("tagger_photos",): 2.0,
        ("tagger_files", "present"): 3.0,
        ("tagger_failures", "truncated"): 1.0,
        ("tagger_runs_at_work",): 1.0,
        ("tagger_job_ok", "backup"): 0.0,
        ("tagger_job_due_timestamp_seconds", "nightly"): DUE.timestamp(),
    }
    assert expected.items() <= samples.items()
    assert ("tagger_runs_total", "running") not in samples  # a counter never falls
    assert ("process_open_fds",) in samples


def test_a_job_that_failed_is_told_and_harms_no_health(store: Store) -> None:
    with store.write() as connection:
        finish_job(connection, start_job(connection, "backup", due_at=None), status="failed", message="no space")
    with serve_metrics("127.0.0.1:0", store, dict, lambda: examine(store, 0)) as port:
        status, text = ask(port, "/health")
    output = json.loads(text)
    assert (status, output["status"], output["notes"]) == (200, "fine", ["backup failed: no space"])


def test_a_schedule_that_stands_still_is_no_health(store: Store) -> None:
    with serve_metrics("127.0.0.1:0", store, dict, lambda: examine(store, 500)) as port:
        status, text = ask(port, "/health")
    assert status == 503
    assert json.loads(text)["reasons"] == ["the schedule has not ticked for 500 s"]


@pytest.mark.sqlite
def test_a_database_that_cannot_be_read_is_no_health(store: Store) -> None:
    store.close()
    Path(store.file).write_bytes(b"no database at all" * 300)
    for beside in ("-wal", "-shm"):
        Path(store.file + beside).unlink(missing_ok=True)
    assert not examine(store, 0).is_fine
    with serve_metrics("127.0.0.1:0", store, dict, lambda: examine(store, 0)) as port:
        assert ask(port, "/health")[0] == 503
        assert ask(port, "/metrics")[0] == 503


@pytest.mark.sqlite
def test_a_database_that_was_deleted_is_no_health_and_no_figures(store: Store) -> None:
    with serve_metrics("127.0.0.1:0", store, dict, lambda: examine(store, 0)) as port:
        Path(store.file).unlink()
        status, text = ask(port, "/health")
        assert (status, "was replaced or deleted" in json.loads(text)["reasons"][0]) == (503, True)
        status, text = ask(port, "/metrics")
        assert (status, "was replaced or deleted" in text) == (503, True)
    assert not Path(store.file).exists()


def test_a_bug_in_an_answer_is_logged_and_answered(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def bug() -> Health:
        raise ZeroDivisionError

    with serve_metrics("127.0.0.1:0", store, dict, bug) as port:
        assert ask(port, "/health")[0] == 503
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [bool(record.exc_info) for record in errors] == [True]


def test_a_query_changes_nothing_and_the_log_says_the_port(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with serve_metrics("127.0.0.1:0", store, dict, lambda: examine(store, 0)) as port:
        assert (ask(port, "/metrics?a=1")[0], ask(port, "/health?a=1")[0]) == (200, 200)
    assert caplog.messages == [f"Metrics and health are at http://127.0.0.1:{port}"]


def test_nothing_else_is_there(store: Store) -> None:
    with serve_metrics("127.0.0.1:0", store, dict, lambda: Health((), ())) as port:
        assert ask(port, "/")[0] == 404


def test_an_address_that_is_taken_is_named(store: Store) -> None:
    with (
        serve_metrics("127.0.0.1:0", store, dict, lambda: Health((), ())) as port,
        pytest.raises(ConfigError, match=f"127.0.0.1:{port}"),
        serve_metrics(f"127.0.0.1:{port}", store, dict, lambda: Health((), ())),
    ):
        pass


def test_off_listens_nowhere(store: Store) -> None:
    with serve_metrics("off", store, dict, lambda: Health((), ())) as port:
        assert port is None


@pytest.fixture
def own_log() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], level = before
    root.setLevel(level)


@pytest.mark.usefixtures("own_log")
def test_a_text_log_shows_control_characters_without_obeying_them(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("info", "text")
    logging.getLogger("tagger.test").warning("two\nlines of %s", "\x1b[31mcaf\udce9")
    try:
        raise ValueError("\x07")
    except ValueError:
        logging.getLogger("tagger.test").exception("broken")
    first, second, *_, last = capsys.readouterr().err.splitlines()
    assert (first, second) == (r"WARNING two\nlines of \x1b[31mcaf\xe9", "ERROR broken")
    assert last == r"ValueError: \x07"


@pytest.mark.usefixtures("own_log")
def test_a_json_log_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("info", "json")
    logging.getLogger("tagger.test").warning("two\nlines of %s", "caf\udce9")
    try:
        raise sqlite3.OperationalError("disk I/O error")
    except sqlite3.OperationalError:
        logging.getLogger("tagger.test").exception("broken")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["level"], first["logger"], first["message"]) == ("warning", "tagger.test", "two\nlines of caf\udce9")
    assert datetime.fromisoformat(first["time"]).tzinfo is not None
    assert "disk I/O error" in second["error"]

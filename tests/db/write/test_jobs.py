"""What the jobs did, and what models said of known pictures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.engine import Store
from db.read.catalog import last_starts, last_success, starts_since
from db.rows import CanaryRow, JobStatus
from db.write.canary import canaries, prune_canaries, save_canaries
from db.write.jobs import GIVEN_UP, finish_job, start_job
from db.write.runs import register_model
from tests.db.samples import LANDMARKS, MODEL, NEWER

DUE = datetime(2026, 11, 22, 2, tzinfo=UTC)


def ran(store: Store, job: str, status: JobStatus = "done", message: str = "") -> int:
    with store.write() as connection:
        number = start_job(connection, job, due_at=DUE)
        finish_job(connection, number, status=status, message=message)
    return number


def test_the_last_start_of_each_job_is_known(store: Store) -> None:
    ran(store, "backup", "failed", "no space")
    ran(store, "nightly")
    ran(store, "backup", message="1 MB")
    with store.read() as connection:
        last = last_starts(connection)
        assert len(starts_since(connection, datetime.now(UTC) - timedelta(hours=1))) == 3
        assert starts_since(connection, datetime.now(UTC) + timedelta(hours=1)) == []
    assert {job: (row.status, row.message, row.due_at) for job, row in last.items()} == {
        "backup": ("done", "1 MB", DUE),
        "nightly": ("done", "", DUE),
    }


def test_a_job_whose_process_died_is_known_to_have_died_when_it_starts_again(store: Store) -> None:
    with store.write() as connection:
        start_job(connection, "nightly", due_at=None)
        start_job(connection, "backup", due_at=None)
    ran(store, "nightly")
    with store.read() as connection:
        first, other, _ = starts_since(connection, datetime.now(UTC) - timedelta(hours=1))
    assert (first.status, first.message, other.status) == ("died", GIVEN_UP, "running")


def test_only_a_job_that_is_done_succeeded(store: Store) -> None:
    ran(store, "backup")
    ran(store, "nightly", "failed")
    with store.read() as connection:
        assert list(last_success(connection)) == ["backup"]


def test_the_newest_answer_about_a_picture_counts_whichever_model_gave_it(store: Store) -> None:
    old = CanaryRow("1" * 64, "paris.jpg", "eiffel_tower", "eiffel_tower", 0.9)
    new = CanaryRow("1" * 64, "paris.jpg", "eiffel_tower", "none", 0.2)
    with store.write() as connection:
        lite, newer = (register_model(connection, model, landmarks=LANDMARKS) for model in (MODEL, NEWER))
        save_canaries(connection, [old], model=lite)
        save_canaries(connection, [new], model=newer)
        assert canaries(connection) == {"1" * 64: new}
        assert canaries(connection, model=lite) == {"1" * 64: old}
        prune_canaries(connection, keep=["2" * 64])
        assert canaries(connection) == {}

"""What failed is tried again later and later, and at last no more; what says nothing about the file, every time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.engine import Store
from db.read.files import failed_states
from db.read.filters import FileFilter
from db.read.listings import failures
from db.read.rows import FailureHit
from db.write.files import RetryPolicy
from db.write.results import write_results
from db.write.runs import abandoned_files, lease_files, mark_died, register_model, release_files, release_run, start_run
from tests.db.samples import LANDMARKS, MODEL, START, assessed, failed, tag_run

HOUR = timedelta(hours=1)


def fail(store: Store, retry: RetryPolicy | None = None, *, attempts: int | None = None, **changes: Any) -> FailureHit:
    """A run in which the one file fails."""
    with store.write() as connection:
        model = register_model(connection, MODEL, landmarks=LANDMARKS)
        run = start_run(connection, START, model=model)
        batch = [failed("/p/a.jpg", **changes)]
        retry = retry or RetryPolicy()
        write_results(connection, batch, run=run, model=model, k=3, retry=retry, attempts=attempts)
        return failures(connection, FileFilter()).hits[0]


def in_backoff(store: Store) -> bool:
    with store.read() as connection:
        (state,) = failed_states(connection, model=1)
    return state.in_backoff


def test_the_wait_doubles_until_the_file_is_in_quarantine(store: Store) -> None:
    hits = [fail(store, RetryPolicy(after_h=6, max_attempts=3)) for _ in range(3)]
    waits = [hit.next_at and round((hit.next_at - hit.last_at) / HOUR) for hit in hits]
    assert waits == [6, 12, None]
    assert [hit.quarantined_at is not None for hit in hits] == [False, False, True]
    assert in_backoff(store)


def test_a_file_is_in_backoff_only_until_it_is_due(store: Store) -> None:
    fail(store, RetryPolicy(after_h=6))
    assert in_backoff(store)
    fail(store, RetryPolicy(after_h=1e-9))
    assert not in_backoff(store)


def test_even_the_longest_wait_is_a_date(store: Store) -> None:
    hit = [fail(store, RetryPolicy(after_h=6, max_attempts=100)) for _ in range(14)][-1]
    assert hit.next_at is not None
    assert hit.next_at - datetime.now(UTC) < timedelta(days=300)


def test_a_passing_failure_is_tried_in_every_run_and_never_in_quarantine(store: Store) -> None:
    hits = [fail(store, kind="permission") for _ in range(5)]
    assert [hit.attempts for hit in hits] == [1, 2, 3, 4, 5]
    assert all(hit.next_at is None and hit.quarantined_at is None for hit in hits)
    assert not in_backoff(store)


def test_what_a_passing_failure_counted_is_not_held_against_the_file(store: Store) -> None:
    for _ in range(5):
        fail(store, kind="io_error")
    assert fail(store).attempts == 1


@pytest.mark.parametrize("changes", [{"size_bytes": 7}, {"mtime_ns": 2}])
def test_a_changed_file_begins_anew(store: Store, changes: dict[str, int]) -> None:
    for _ in range(3):
        assert fail(store, RetryPolicy(max_attempts=3))
    hit = fail(store, RetryPolicy(max_attempts=3), **changes)
    assert (hit.attempts, hit.quarantined_at) == (1, None)


def test_attempts_may_be_told(store: Store) -> None:
    hit = fail(store, RetryPolicy(max_attempts=3), kind="process_died", attempts=3)
    assert (hit.attempts, hit.quarantined_at is not None) == (3, True)


def test_a_file_that_is_read_at_last_has_no_failure(store: Store) -> None:
    fail(store)
    tag_run(store, [assessed("/p/a.jpg")])
    with store.read() as connection:
        assert failures(connection, FileFilter()).hits == ()


@pytest.mark.parametrize("kind", ["process_died", "engine_failed"])
def test_another_model_tries_what_one_model_failed_on_and_counts_from_one(store: Store, kind: str) -> None:
    for _ in range(3):
        fail(store, RetryPolicy(max_attempts=3), kind=kind)
    with store.write() as connection:
        other = register_model(connection, replace(MODEL, model_id="other"), landmarks=LANDMARKS)
        run = start_run(connection, START, model=other)
        states = [state.in_backoff for model in (1, other) for state in failed_states(connection, model=model)]
        assert states == [True, False]
        write_results(connection, [failed("/p/a.jpg", kind=kind)], run=run, model=other, k=3)
        (hit,) = failures(connection, FileFilter()).hits
    assert (hit.attempts, hit.quarantined_at) == (1, None)


def test_deaths_with_one_model_make_a_file_no_more_than_a_suspect_of_another(store: Store) -> None:
    with store.write() as connection:
        model = register_model(connection, MODEL, landmarks=LANDMARKS)
        other = register_model(connection, replace(MODEL, model_id="other"), landmarks=LANDMARKS)
        for _ in range(3):
            lease_files(connection, ["/p/a.jpg"], run=start_run(connection, START, model=model))
            mark_died(connection)
        counts = [abandoned_files(connection, model=number)["/p/a.jpg"] for number in (model, other)]
        assert counts == [3, 1]
        lease_files(connection, ["/p/a.jpg"], run=start_run(connection, START, model=other))
        mark_died(connection)
        assert abandoned_files(connection, model=other) == {"/p/a.jpg": 2}


def test_leases_count_the_deaths_of_their_own_run_and_stay_until_there_is_an_answer(store: Store) -> None:
    with store.write() as connection:
        model = register_model(connection, MODEL, landmarks=LANDMARKS)
        first = start_run(connection, START, model=model)
        lease_files(connection, ["/p/a.jpg", "/p/b.jpg"], run=first)
        mark_died(connection)
        second = start_run(connection, START, model=model)
        lease_files(connection, ["/p/b.jpg", "/p/c.jpg"], run=second)
        mark_died(connection)
        assert abandoned_files(connection) == {"/p/a.jpg": 1, "/p/b.jpg": 2, "/p/c.jpg": 1}
        third = start_run(connection, START, model=model)
        lease_files(connection, ["/p/b.jpg", "/p/c.jpg", "/p/d.jpg"], run=third)
        release_files(connection, ["/p/b.jpg"])
        release_run(connection, run=third)
        assert abandoned_files(connection) == {"/p/a.jpg": 1, "/p/c.jpg": 1}

"""Files of a shared run are claimed by one worker at a time, and come back when it ends or dies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from db.engine import Store
from db.read.workers import queue, workers_of
from db.write.runs import abandoned_files, lease_files, mark_died, register_model, start_run
from db.write.shared.claims import (
    add_suspects,
    add_tasks,
    claim_files,
    claim_suspect,
    finish_claims,
    keep_as_suspect,
    return_claims,
)
from db.write.shared.run_lock import free_lock, renew_lock, take_lock
from db.write.shared.workers import (
    WorkerStart,
    finish_worker,
    give_up_expired,
    has_work,
    renew_worker,
    shared_run,
    start_worker,
)
from tagger.core.types import FoundFile
from tests.db.samples import LANDMARKS, MODEL, START

FILES = [FoundFile(f"/p/{name}.jpg", 10, 20, 30) for name in "abcde"]
ALIVE = WorkerStart("attic", 7, "boot 0", 60.0)
SILENT = replace(ALIVE, host="cellar", lease_s=-1.0)

Start = Callable[[WorkerStart], int]


@pytest.fixture
def run(store: Store) -> int:
    with store.write() as connection:
        number = register_model(connection, MODEL, landmarks=LANDMARKS)
        run = start_run(connection, START, model=number)
        add_tasks(connection, FILES, run=run)
        return run


@pytest.fixture
def start(store: Store, run: int) -> Start:
    def start_one(properties: WorkerStart) -> int:
        with store.write() as connection:
            return start_worker(connection, properties, run=run)

    return start_one


def give_up(store: Store, *, are_files_suspect: bool = True) -> list[str]:
    with store.write() as connection:
        return give_up_expired(connection, are_files_suspect=lambda _note: are_files_suspect)


def claim(store: Store, worker: int, limit: int = 2) -> list[str]:
    with store.write() as connection:
        return [file.path[3] for file in claim_files(connection, worker=worker, limit=limit)]


def test_two_workers_never_have_the_same_file(store: Store, start: Start) -> None:
    one, other = start(ALIVE), start(ALIVE)
    assert [claim(store, one), claim(store, other), claim(store, one)] == [["a", "b"], ["c", "d"], ["e"]]
    assert claim(store, other) == []


def test_a_claimed_file_is_as_the_leader_scanned_it(store: Store, start: Start) -> None:
    worker = start(ALIVE)
    with store.write() as connection:
        assert claim_files(connection, worker=worker, limit=9) == FILES


def test_a_file_that_waits_or_is_claimed_is_not_added_again(store: Store, run: int, start: Start) -> None:
    claim(store, start(ALIVE), limit=1)
    with store.write() as connection:
        add_tasks(connection, FILES[1:], run=run)
        assert (queue(connection).waiting, queue(connection).in_progress) == (4, 1)


def test_only_the_owner_ends_a_claim(store: Store, start: Start) -> None:
    one, other = start(ALIVE), start(ALIVE)
    claim(store, one)
    with store.write() as connection:
        assert finish_claims(connection, ["/p/a.jpg"], worker=other) == set()
        assert finish_claims(connection, ["/p/a.jpg", "/p/e.jpg"], worker=one) == {"/p/a.jpg"}


def test_what_a_worker_does_not_finish_waits_again_at_the_end(store: Store, start: Start) -> None:
    one, other = start(ALIVE), start(ALIVE)
    claim(store, one)
    with store.write() as connection:
        return_claims(connection, one)
    assert claim(store, other, limit=9) == ["c", "d", "e", "a", "b"]


def test_the_files_of_a_silent_worker_are_claimed_one_by_one(store: Store, start: Start) -> None:
    dead, other = start(SILENT), start(ALIVE)
    claim(store, dead)
    assert give_up(store) == ["process 7 on cellar"]
    assert give_up(store) == []
    claim(store, other, limit=9)
    with store.write() as connection:
        assert claim_suspect(connection, worker=other) == (FILES[0], 1)
        assert claim_suspect(connection, worker=other) == (FILES[1], 1)
        assert claim_suspect(connection, worker=other) is None


def test_a_worker_that_died_for_want_of_memory_blames_no_file(store: Store, start: Start) -> None:
    dead, other = start(SILENT), start(ALIVE)
    claim(store, dead)
    give_up(store, are_files_suspect=False)
    assert claim(store, other, limit=9) == ["c", "d", "e", "a", "b"]


def test_a_worker_that_was_given_up_notices_and_claims_nothing(store: Store, run: int, start: Start) -> None:
    silent = start(SILENT)
    claim(store, silent)
    give_up(store)
    assert claim(store, silent) == []
    with store.write() as connection:
        assert not renew_worker(connection, silent, lease_s=60, memory="")
        assert claim_suspect(connection, worker=silent) is None
        assert finish_claims(connection, ["/p/a.jpg"], worker=silent) == set()
        finish_worker(connection, silent, status="done", progress={})
        assert [worker.status for worker in workers_of(connection, run)] == ["died"]


def test_a_renewed_lease_lives(store: Store, run: int, start: Start) -> None:
    worker = start(SILENT)
    with store.write() as connection:
        assert [row.status for row in workers_of(connection, run)] == ["silent"]
        assert renew_worker(connection, worker, lease_s=60, memory="")
        assert [row.status for row in workers_of(connection, run)] == ["running"]
    assert give_up(store) == []


def test_a_file_in_quarantine_is_no_work_of_its_run_and_a_suspect_of_later_ones(
    store: Store, run: int, start: Start
) -> None:
    dead, other = start(SILENT), start(ALIVE)
    claim(store, dead, limit=1)
    give_up(store)
    with store.write() as connection:
        finish_claims(connection, [file.path for file in claim_files(connection, worker=other, limit=9)], worker=other)
        claim_suspect(connection, worker=other)
        assert keep_as_suspect(connection, "/p/a.jpg", worker=other)
        assert not has_work(connection, run)
        return_claims(connection, other)
        assert claim_suspect(connection, worker=other) is None
        assert abandoned_files(connection) == {"/p/a.jpg": 1}


def test_deaths_of_earlier_runs_count(store: Store, run: int) -> None:
    with store.write() as connection:
        lease_files(connection, ["/p/x.jpg"], run=start_run(connection, START, model=1))
        mark_died(connection, except_run=run)
        add_suspects(connection, [FoundFile("/p/x.jpg", 1, 2, 3)], run=run)
        add_suspects(connection, [FoundFile("/p/x.jpg", 1, 2, 3)], run=run)
        assert claim_suspect(connection, worker=start_worker(connection, ALIVE, run=run)) == (
            FoundFile("/p/x.jpg", 1, 2, 3),
            1,
        )


def test_a_shared_run_that_died_leaves_suspects_and_no_tasks(store: Store, run: int, start: Start) -> None:
    claim(store, start(SILENT), limit=1)
    with store.write() as connection:
        assert getattr(shared_run(connection), "id", None) == run
        give_up_expired(connection, are_files_suspect=lambda _note: True)
        mark_died(connection)
        assert shared_run(connection) is None
        assert abandoned_files(connection) == {"/p/a.jpg": 1}
        assert queue(connection).waiting == 0


def test_a_lock_is_taken_once_until_it_is_freed_or_expires(store: Store) -> None:
    with store.write() as connection:
        assert take_lock(connection, "run", holder="one", lease_s=60)
        assert not take_lock(connection, "run", holder="other", lease_s=60)
        free_lock(connection, "run", holder="other")
        assert renew_lock(connection, "run", holder="one", lease_s=-1)
        assert take_lock(connection, "run", holder="other", lease_s=60)
        assert not renew_lock(connection, "run", holder="one", lease_s=60)
        free_lock(connection, "run", holder="other")
        assert take_lock(connection, "run", holder="one", lease_s=60)

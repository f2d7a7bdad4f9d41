"""Several processes on one database, and one that is killed."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

from db.engine import Store, open_store
from db.write.files import Scanned
from db.write.results import write_results
from tests.db.samples import assessed, everything, failed, inherited, tag_run, tagged

SPAWN = multiprocessing.get_context("spawn")


def library() -> list[Scanned]:
    sound = [assessed(f"/p/{number:03}.jpg", "machu_picchu" if number % 3 else None) for number in range(120)]
    return [*sound, failed("/p/broken.jpg"), inherited("/q/copy.jpg", "001.jpg")]


def test_two_processes_that_write_the_same_leave_what_one_would(url: str, store: Store, tmp_path: Path) -> None:
    start = SPAWN.Barrier(2)
    processes = [SPAWN.Process(target=write_in_batches, args=(url, start)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    with open_store(f"sqlite:///{tmp_path}/alone.sqlite") as alone:
        tag_run(alone, library())
        assert everything(store) == everything(alone)


def test_a_process_killed_in_the_middle_of_a_batch_leaves_nothing_half(url: str, store: Store) -> None:
    tag_run(store, [assessed("/p/before.jpg")])
    written = SPAWN.Event()
    process = SPAWN.Process(target=write_and_hang, args=(url, written))
    process.start()
    assert written.wait(30)
    process.kill()
    process.join(30)
    assert len(everything(store)["photo"]) == 1
    tag_run(store, library())
    assert len(tagged(store)) == 82


def write_in_batches(url: str, start: Barrier) -> None:
    outcomes = library()
    with open_store(url) as store:
        start.wait(30)
        for first in range(0, len(outcomes), 16):
            tag_run(store, outcomes[first : first + 16])


def write_and_hang(url: str, written: Event) -> None:
    with open_store(url) as store, store.write() as connection:
        write_results(connection, library(), run=1, model=1, k=3)
        written.set()
        time.sleep(60)

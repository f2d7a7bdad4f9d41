"""A night in which nothing has changed: how long it takes beside a bare walk, how much memory, and whether a model.

The store is filled as runs fill it, with an answer for every file of a tree of small files; nothing of them is read.
The whole process is what cron starts; in the process of `tagger schedule`, which waits for its time, Python and its
packages are loaded already.

    python -m benchmarks.unchanged [--files 200000]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.rescan import bare_walk
from benchmarks.setting import say_setting, table, tagger_command, usual_environment
from db.engine import open_store
from db.read import catalog
from db.read.run_report import report_of
from db.rows import RunCounts, RunStart
from db.write.files import Scanned
from db.write.results import write_results
from db.write.runs import finish_run, start_run
from tagger.core.types import PhotoInfo, Result, Suggestion, Tagged
from tagger.library.recorder import register
from tagger.library.report import RunReport
from tagger.library.scan import Globs, scan
from tagger.model.bundle import open_bundle

FILES_IN_A_FOLDER = 500
BATCH = 1000
K = 5
TURNS = 5


def make_tree(root: Path, files: int) -> None:
    for number in range(files):
        folder = root / f"{number // FILES_IN_A_FOLDER:04}"
        if number % FILES_IN_A_FOLDER == 0:
            folder.mkdir()
        (folder / f"IMG_{number:06}.jpg").write_bytes(b"")


def answers(root: Path) -> Iterator[Scanned]:
    taken = datetime(2024, 5, 1)
    landmarks = [known.landmark() for known in open_bundle(verify=False).card.classes][:K]
    answer = Tagged(
        tuple(Suggestion(rank, landmark, 0.9 / rank, rank == 1) for rank, landmark in enumerate(landmarks, start=1))
    )
    for item in scan([str(root)], Globs()):
        digest = hashlib.sha256(os.fsencode(item.path)).hexdigest()
        yield item, Result(item.path, digest, answer, PhotoInfo(4000, 3000, "JPEG", taken))


def fill(root: Path, database: Path) -> None:
    with open_store(str(database)) as store:
        model = register(store, open_bundle(verify=False))
        with store.write() as connection:
            run = start_run(connection, RunStart("none", "none", "none", "", (str(root),), K, "0"), model=model)
        batch: list[Scanned] = []
        for answer in answers(root):
            batch.append(answer)
            if len(batch) == BATCH:
                with store.write() as connection:
                    write_results(connection, batch, run=run, model=model, k=K)
                batch = []
        with store.write() as connection:
            write_results(connection, batch, run=run, model=model, k=K)
            finish_run(connection, run, status="done", counts=RunCounts())
        store.optimize()


def measured(command: list[str]) -> tuple[float, float, float]:
    """Seconds by the clock and of the processor, and megabytes, of a whole process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=usual_environment())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measured_walk(folder: Path, files: int) -> tuple[float, float]:
    start, busy = time.perf_counter(), time.process_time()
    assert bare_walk(str(folder)) == files
    return time.perf_counter() - start, time.process_time() - busy


def last_run(database: Path) -> RunReport:
    with open_store(str(database)) as store, store.read() as connection:
        stored = report_of(connection, catalog.runs(connection, limit=1)[0].id)
    assert stored is not None
    return RunReport.from_json(stored)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200_000)
    files = parser.parse_args().files
    say_setting()
    with TemporaryDirectory() as place:
        photos, database = Path(place) / "photos", Path(place) / "tags.sqlite"
        photos.mkdir()
        make_tree(photos, files)
        fill(photos, database)
        command = [str(tagger_command()), "tag", str(photos), "--db", str(database)]
        measured(command)  # byte code is kept from here on
        turns = [(*measured_walk(photos, files), *measured(command), last_run(database).seconds) for _ in range(TURNS)]
        last = last_run(database)
        assert (last.counts["unchanged"], last.engine["engine"]) == (files, "none"), "a model was opened"
    walk, walk_cpu, run, run_cpu, used, alone = (statistics.median(column) for column in zip(*turns, strict=True))
    rows = [
        ("bare walk", f"{walk:6.2f} s, {walk_cpu:.2f} s of a processor"),
        ("the run, whole process", f"{run:6.2f} s, {run_cpu:.2f} s of a processor"),
        ("the run by the walk", f"{run / walk:6.1f}, {run_cpu / walk_cpu:.1f} of a processor; allowed: 4"),
        ("in a process that waits", f"{alone:6.2f} s, {alone / walk:.1f} walks"),
        ("its memory", f"{used:6.0f} MB; allowed: 300"),
        ("its engine", "  none: no model was opened"),
    ]
    print(f"{files} unchanged files, medians of {TURNS}\n" + "\n".join(table(rows)))


if __name__ == "__main__":
    main()

"""How long does a run without changes take, compared with a bare walk (os.scandir and stat) of the same tree?

The store has an answer for every file of a tree of small files; none of them is read, and no model is opened. Cron
starts the whole process; in the process of `tagger schedule`, Python and its packages are already loaded.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.processes import ask, cost, print_table, run_seconds, tagger_command
from db.engine import open_store
from db.rows import RunCounts, RunStart
from db.write.files import Scanned
from db.write.results import write_results
from db.write.runs import finish_run, start_run
from tagger.core.types import PhotoInfo, Result, Suggestion, Tagged
from tagger.library.recorder import register
from tagger.library.scan import scan
from tagger.library.selection import Globs
from tagger.model.bundle import open_bundle

FILES_IN_A_FOLDER = 500
BATCH = 1000
K = 5
TURNS = 5


def make_tree(root: Path, files: int) -> None:
    for number in range(files):
        folder = root / f"{number // FILES_IN_A_FOLDER:04}"
        if number % FILES_IN_A_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"IMG_{number:06}.jpg").write_bytes(b"")


def answers(root: Path) -> Iterator[Scanned]:
    landmarks = [entry.landmark() for entry in open_bundle(verify=False).card.classes][:K]
    answer = Tagged(tuple(Suggestion(rank, one, 0.9 / rank, rank == 1) for rank, one in enumerate(landmarks, start=1)))
    for item in scan([str(root)], Globs()):
        digest = hashlib.sha256(os.fsencode(item.path)).hexdigest()
        yield item, Result(item.path, digest, answer, PhotoInfo(4000, 3000, "JPEG", datetime(2024, 5, 1)))


def fill(root: Path, database: Path) -> None:
    with open_store(str(database)) as store:
        model = register(store, open_bundle(verify=False))
        with store.write() as connection:
            run = start_run(connection, RunStart("none", "none", "none", "", (str(root),), K, "0"), model=model)
        outcomes = answers(root)
        while batch := list(islice(outcomes, BATCH)):
            with store.write() as connection:
                write_results(connection, batch, run=run, model=model, k=K)
        with store.write() as connection:
            finish_run(connection, run, status="done", counts=RunCounts())
        store.optimize()


def bare_walk(folder: str) -> int:
    count = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                count += bare_walk(entry.path)
            else:
                entry.stat()
                count += 1
    return count


def walk_cost(folder: Path, files: int) -> tuple[float, float]:
    """Wall-clock and CPU seconds."""
    start, cpu = time.perf_counter(), time.process_time()
    assert bare_walk(str(folder)) == files
    return time.perf_counter() - start, time.process_time() - cpu


def measure(photos: Path, database: Path, files: int) -> None:
    command = tagger_command("tag", photos, "--db", database)
    cost(command)  # byte code is kept from here on
    turns = []
    for _ in range(TURNS):
        walk, run = walk_cost(photos, files), cost(command)
        turns.append((*walk, run.seconds, run.cpu_s, run.peak_mb, run_seconds(database)))
    unchanged, engine = ask(database, "SELECT unchanged, engine FROM run ORDER BY id DESC")[0]
    assert (unchanged, engine) == (files, "none"), "a model was opened"
    walk_s, walk_cpu, run_s, run_cpu, memory, alone_s = (median(column) for column in zip(*turns, strict=True))
    print(f"{files:,} unchanged files, medians of {TURNS}")
    rows = [
        ("bare walk", f"{walk_s:6.2f} s, {walk_cpu:.2f} s of CPU time"),
        ("the run, whole process", f"{run_s:6.2f} s, {run_cpu:.2f} s of CPU time"),
        ("allowed: 0.5 s + 4 walks", f"{0.5 + 4 * walk_s:6.2f} s"),
        ("the run in walks", f"{run_s / walk_s:6.1f}, {run_cpu / walk_cpu:.1f} by CPU time"),
        ("in a process that waits", f"{alone_s:6.2f} s, {alone_s / walk_s:.1f} walks"),
        ("its memory", f"{memory:6.0f} MB; allowed: 300"),
    ]
    print_table(rows)


def main(files: tuple[int, ...] = (20_000, 200_000)) -> None:
    with TemporaryDirectory() as place:
        for count in files:
            photos, database = Path(place) / str(count), Path(place) / f"{count}.sqlite"
            make_tree(photos, count)
            fill(photos, database)
            measure(photos, database, count)
            print()

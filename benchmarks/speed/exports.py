"""How fast are exports of a whole library, and how much memory do they take?

The library is that of `python -m benchmarks queries`; every second photo has coordinates of its own. Each format is
written by the command in a process of its own, start included. Rows per second are by CPU time, which another program
on the machine does not change much; the bar is for the CSV.
"""

from __future__ import annotations

import tempfile
from multiprocessing import get_context
from pathlib import Path

from benchmarks.processes import ask, cost, print_table, tagger_command
from benchmarks.speed.queries import Library, build
from db.engine import open_store
from tagger.export.formats import FORMATS

LEAST_ROWS_PER_S = 50_000
MOST_MB = 200
POSITIONS = "UPDATE photo SET lat = id % 90, lon = id % 180 WHERE id % 2"


def main(*, photos: int = 100_000) -> int:
    with tempfile.TemporaryDirectory() as folder:
        database, output = Path(folder, "tags.sqlite"), Path(folder, "output")
        # In a process of its own: the memory of a command begins with that of the process that starts it.
        building = get_context("spawn").Process(target=_build, args=(str(database), photos))
        building.start()
        building.join()
        rows = ask(database, "SELECT count(*) FROM tag WHERE is_current")[0][0]
        print(f"{photos:,} photos, {rows:,} rows; allowed for CSV: {LEAST_ROWS_PER_S:,} rows/s, {MOST_MB} MB\n")
        is_slow = False
        for name in FORMATS:
            if name == "html":  # its time goes into thumbnails, and these photos have no files
                continue
            spent = cost(tagger_command("export", "--as", name, "--output", output, "--db", database))
            speed = rows / spent.cpu_s
            print_table([(f"{name:<8}", _figures(speed, rows / spent.seconds, spent.peak_mb, output))])
            is_slow |= name == "csv" and (speed < LEAST_ROWS_PER_S or spent.peak_mb > MOST_MB)
    return int(is_slow)


def _build(database: str, photos: int) -> None:
    with open_store(database) as store:
        build(store, Library(photos))
        with store.write() as connection:
            connection.exec_driver_sql(POSITIONS)


def _figures(speed: float, by_clock: float, peak_mb: float, output: Path) -> str:
    size_mb = output.stat().st_size / 1e6
    return f"{speed:>9,.0f} rows/s, {by_clock:>9,.0f} by the clock, {peak_mb:>5.0f} MB, a file of {size_mb:>7,.1f} MB"

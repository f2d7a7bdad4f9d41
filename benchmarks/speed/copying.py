"""How many rows a second does `tagger db copy` move from SQLite to PostgreSQL, compared and counted?

The library is that of `python -m benchmarks queries`; the server is one that the benchmark starts, and that does not
wait for its disk. The copy fails unless both databases have the same rows in the end.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.processes import database_of, print_table
from benchmarks.speed.queries import Library, built_library
from db.copying import copy_store
from db.engine import open_store

LEAST_ROWS_PER_S = 30_000


def main(photos: int = 200_000, store: str = "postgresql", kept: str = "") -> int:
    """
    Args:
        kept: a file of SQLite that keeps the library for the next time.
    """
    with tempfile.TemporaryDirectory() as folder, database_of(store, Path(folder)) as url:
        return measure(built_library(Library(photos), kept or f"{folder}/built.sqlite"), url)


def measure(source_url: str, target_url: str) -> int:
    """Copy a library into an empty database; 1 if that is too slow."""
    with open_store(source_url) as source, open_store(target_url) as target:
        began, own = time.perf_counter(), time.process_time()
        tables = copy_store(source, target, progress=lambda _: None)
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - own
    rows = sum(table.rows for table in tables)
    print_table(
        [
            ("rows", f"{rows:,} in {len(tables)} tables, the same in both"),
            ("time", f"{seconds:.1f} s, of these {cpu_s:.1f} s of this process's processor"),
            ("rate", f"{rows / seconds:,.0f} rows/s; at least {LEAST_ROWS_PER_S:,} are wanted"),
        ]
    )
    return int(rows / seconds < LEAST_ROWS_PER_S)

"""How many bytes does a photo take in the database, table by table, and what does it cost the server to store it?

The library is that of `python -m benchmarks queries`. With --url it goes into that database, which should be empty;
without, into SQLite. The server's processor time is that of the processes named postgres on this machine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.speed.queries import Library, build
from db.engine import Store, open_store

POSTGRES = """
SELECT relname, n, table_bytes, index_bytes FROM (
    SELECT relname, reltuples::bigint AS n, pg_table_size(oid) AS table_bytes, pg_indexes_size(oid) AS index_bytes
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace) AS sizes
"""
SQLITE = """
SELECT tbl_name, 0, sum(CASE type WHEN 'table' THEN bytes ELSE 0 END), sum(CASE type WHEN 'index' THEN bytes ELSE 0 END)
FROM sqlite_master JOIN (SELECT name AS part, sum(pgsize) AS bytes FROM dbstat GROUP BY name) ON name = part
GROUP BY tbl_name
"""
TICKS_PER_S = 100  # of /proc, on all machines that run Linux today


@contextmanager
def opened(url: str) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder, open_store(url or f"sqlite:///{folder}/tags.sqlite") as store:
        yield store


def sizes(connection: Connection) -> list[tuple[str, int, int]]:
    """Each table, with its bytes and those of its indexes; the largest first."""
    is_postgres = connection.dialect.name == "postgresql"
    rows = connection.execute(text(POSTGRES if is_postgres else SQLITE)).all()
    return sorted(((row[0], int(row[2]), int(row[3])) for row in rows), key=lambda row: -row[1] - row[2])


def server_cpu_s() -> float:
    """Processor time of the PostgreSQL servers here."""
    spent = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rsplit(")", 1)
        except OSError:  # it has ended
            continue
        if fields[0].endswith("(postgres"):
            spent += sum(int(field) for field in fields[1].split()[11:15])  # user and system, its ended children too
    return spent / TICKS_PER_S


def main(photos: int = 100_000, url: str = "") -> None:
    library = Library(photos)
    with opened(url) as store:
        before_s = server_cpu_s()
        rate = build(store, library)
        server_s = server_cpu_s() - before_s
        with store.read() as connection:
            tables = sizes(connection)
    print(f"{photos:,} photos, written at {rate:,.0f} outcomes/s")
    if url:
        print(f"{server_s / photos * 1000:.3f} ms of the server's processor for each photo")
    print(f"\n{'bytes for each photo':24}   table  indexes")
    for name, table, index in tables:
        if table + index > photos:
            print(f"{name:24} {table / photos:7.1f}  {index / photos:7.1f}")
    print(f"{'all':24} {sum(row[1] for row in tables) / photos:7.1f}  {sum(row[2] for row in tables) / photos:7.1f}")

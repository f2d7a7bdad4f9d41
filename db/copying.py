"""Copy a store into another one, of either kind, and check that both hold the same.

The one rule: what was copied is proved, not assumed. Both stores are read to their ends, and each table must have
one count and one hash. Rows are compared as plain values, since the two databases keep moments, booleans and JSON in
different ways.

Rows are copied in the order of their keys, and what was committed stays: a copy that was interrupted goes on after the
last key, or in PostgreSQL after the last whole table. The blocks of photos are counted anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, DateTime, Table, func, select, text

from db.blocks import refresh_all_blocks
from db.bulk_load import bulk_load
from db.dialect import cleaned
from db.errors import CopyDiffers
from db.schema import blocks, sidecars, taught, telegram, workers  # they have all tables
from db.store import Store

ROWS_PER_BATCH = 10_000
ROWS_PER_FETCH = 2000
LEFT_OUT = {blocks.PhotoBlock.__tablename__, blocks.BlockCount.__tablename__, workers.RunLock.__tablename__}
assert blocks.Base is sidecars.Base is taught.Base is telegram.Base is workers.Base

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TableCopied:
    """A table that both stores have alike."""

    name: str
    rows: int
    new: int  # rows that this call wrote
    sha256: str


def copy_store(source: Store, target: Store, *, progress: Callable[[int], object]) -> list[TableCopied]:
    """Copy all rows of a store into another one, which is empty or the beginning of a copy.

    Args:
        source: read in one snapshot.
        target: nobody else may use it meanwhile.
        progress: called with the number of rows that were just copied, or were there already.

    Raises:
        CopyDiffers: the target has other rows. If it had them before, nothing was written.
    """
    copied = []
    with source.read() as reading:
        with target.read() as present:
            for table in tables():
                _check_beginning(reading, present, target.name, table)
        for table in tables():
            rows, new, digest = _copy_table(reading, target, table, progress)
            copied.append(TableCopied(table.name, rows, new, digest))
        _continue_numbers(reading, target)
    with target.write() as connection:
        refresh_all_blocks(connection)
    with target.read() as reading:
        for done in copied:
            rows, digest = _counted(_rows(reading, blocks.Base.metadata.tables[done.name]))
            if (rows, digest) != (done.rows, done.sha256):
                raise CopyDiffers(target.name, done.name, done.rows, rows)
    target.optimize()
    target.empty_log()  # on a server, queries are quick only after a first VACUUM
    return copied


def tables() -> list[Table]:
    """The tables that are copied, each after those that it refers to."""
    return [table for table in blocks.Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def count_rows(connection: Connection) -> int:
    """How many rows a copy has."""
    return sum(_size(connection, table) for table in tables())


def _size(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _check_beginning(reading: Connection, present: Connection, name: str, table: Table) -> None:
    """Check that the rows of a table in the target are the first ones of the source, as a copy in progress has them.

    Raises:
        CopyDiffers: some are others.
    """
    with closing(_rows(present, table)) as found, closing(_rows(reading, table)) as rows:
        if any(row != next(rows, None) for row in found):
            raise CopyDiffers(name, table.name, _size(reading, table), _size(present, table))


def _copy_table(
    reading: Connection, target: Store, table: Table, progress: Callable[[int], object]
) -> tuple[int, int, str]:
    """Copy the rows that the target lacks.

    Returns:
        The number of all rows in the source, the number of copied ones, and the hash of all.
    """
    with target.read() as connection:
        present = _size(connection, table)
    total = _size(reading, table)
    if present > total:
        raise CopyDiffers(target.name, table.name, total, present)
    digest, count = hashlib.sha256(), 0
    with closing(_rows(reading, table)) as rows, ExitStack() as until_written:
        write = until_written.enter_context(_writing(target, table)) if present < total else None
        while batch := list(islice(rows, ROWS_PER_BATCH)):
            digest.update("".join(map(repr, batch)).encode())
            if write and (lacking := batch[max(present - count, 0) :]):
                write(lacking)
            count += len(batch)
            progress(len(batch))
    return count, count - present, digest.hexdigest()


def _counted(rows: Iterable[Row]) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(repr(row).encode())
        count += 1
    return count, digest.hexdigest()


def _rows(connection: Connection, table: Table) -> Generator[Row, None, None]:
    """A table's rows as plain values, in the order of its key."""
    plain = PLAIN[connection.dialect.name]
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    columns = ", ".join(plain(column) for column in table.columns)
    statement = text(f'SELECT {columns} FROM "{table.name}" ORDER BY {key}'.replace(":", r"\:"))
    found = connection.execution_options(stream_results=True).execute(statement)
    is_text = [position for position, column in enumerate(table.columns) if column.type.python_type is str]
    with closing(found):
        for rows in found.partitions(ROWS_PER_FETCH):
            for row in rows:
                values = tuple(row)
                if any("\0" in values[position] for position in is_text if values[position] is not None):
                    values = tuple(map(cleaned, values))
                yield values


def _plain_sqlite(column: Column[Any]) -> str:
    """A column of SQLite; moments may have been written without microseconds."""
    name = f'"{column.name}"'
    is_moment = isinstance(column.type, DateTime) or isinstance(getattr(column.type, "impl", None), DateTime)
    return f"CASE length({name}) WHEN 19 THEN {name} || '.000000' ELSE {name} END" if is_moment else name


def _plain_postgresql(column: Column[Any]) -> str:
    """A column of PostgreSQL as SQLite has it."""
    name = f'"{column.name}"'
    kind = getattr(column.type, "impl", column.type)
    if isinstance(kind, DateTime):
        return f"to_char({name}, 'YYYY-MM-DD HH24:MI:SS.US')"
    if isinstance(kind, Boolean):
        return f"CAST({name} AS INTEGER)"
    return f"CAST({name} AS TEXT)" if isinstance(kind, JSON) else name


PLAIN: dict[str, Callable[[Column[Any]], str]] = {"sqlite": _plain_sqlite, "postgresql": _plain_postgresql}


@contextmanager
def _writing(target: Store, table: Table) -> Iterator[Callable[[list[Row]], object]]:
    """A function that writes rows to a table: into SQLite at once, into PostgreSQL when the context ends."""
    columns = [column.name for column in table.columns]
    if target.is_on_server:
        with target.write() as connection, bulk_load(connection, table.name, columns) as write_all:
            yield write_all
        return
    names, places = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({places})'

    def write(rows: list[Row]) -> None:
        with target.write() as connection:
            driver: Any = connection.connection.driver_connection
            driver.executemany(statement, rows)

    yield write


def _continue_numbers(reading: Connection, target: Store) -> None:
    """Let new rows have higher numbers than the source ever gave, since buttons of old messages name some."""
    with target.write() as writing:
        for table in tables():
            if len(table.primary_key) == 1 and table.primary_key.columns[0].autoincrement and "id" in table.columns:
                last = max(_last_number(reading, table), _last_number(writing, table))
                if last:
                    _set_last_number(writing, table, last)


def _last_number(connection: Connection, table: Table) -> int:
    """The highest number that a table's rows ever had, as far as it is known."""
    highest: int = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    if connection.dialect.name == "postgresql":
        sequence = f"pg_sequence_last_value(pg_get_serial_sequence('{table.name}', 'id')::regclass)"
        return max(highest, connection.exec_driver_sql(f"SELECT {sequence}").scalar() or 0)
    if table.dialect_options["sqlite"]["autoincrement"]:
        given = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).scalar()
        return max(highest, given or 0)
    return highest


def _set_last_number(connection: Connection, table: Table, number: int) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {number})")
    elif table.dialect_options["sqlite"]["autoincrement"]:
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
        connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (table.name, number))

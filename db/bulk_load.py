"""Fill a table of PostgreSQL at once: its indexes, references and triggers are off meanwhile, and made anew at the end.

Kept row by row they take longer than all else. The one rule: everything is in the caller's transaction, so no crash
leaves a table without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

Row = tuple[Any, ...]
MEMORY = "256MB"  # of the server, to sort an index or compare a reference
# All but the primary key and checks, each as the statements that remove it and make it again; references come last.
PARTS = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
           contype = 'f' AS is_reference
    FROM pg_constraint WHERE conrelid = CAST(%(name)s AS regclass) AND contype IN ('u', 'f')
    UNION ALL
    SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid), false
    FROM pg_index
    WHERE indrelid = CAST(%(name)s AS regclass) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    ORDER BY is_reference
    """


@contextmanager
def bulk_load(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[Callable[[Iterable[Row]], None]]:
    """A function that adds rows to a table of PostgreSQL; they are checked when the context ends.

    Args:
        connection: of a transaction that writes. Only the function may use it meanwhile.
        table: its name.
        columns: of the rows, in their order.
    """
    parts = connection.exec_driver_sql(PARTS, {"name": f'"{table}"'}).all()
    connection.exec_driver_sql(f"SET LOCAL maintenance_work_mem = '{MEMORY}'")
    connection.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    for remove, _, _ in parts:
        connection.exec_driver_sql(remove)
    names = ", ".join(f'"{column}"' for column in columns)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:

        def write(rows: Iterable[Row]) -> None:
            for row in rows:
                copy.write_row(row)

        yield write
    connection.exec_driver_sql(f'ANALYZE "{table}"')
    for _, make, _ in parts:
        connection.exec_driver_sql(make.replace("%", "%%"))
    connection.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')

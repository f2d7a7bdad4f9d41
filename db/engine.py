"""Open a store by its URL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection as Connection  # re-exported for callers' annotations

from db.location import parse_url
from db.sqlite import open_sqlite, sqlite_exists
from db.store import Store as Store

BUSY_TIMEOUT_S = 30.0


def open_store(
    url: str, *, timeout_s: float = BUSY_TIMEOUT_S, backup_folder: Path | None = None, for_reading: bool = False
) -> Store:
    """Open a store and migrate its schema; create it if it does not exist.

    Args:
        url: ``sqlite:///`` and a path, so four slashes before an absolute one; a plain path; or
            ``postgresql://USER:PASSWORD@HOST/DATABASE``.
        timeout_s: how long to wait for another process that writes.
        backup_folder: where its backups are, to name one if it is damaged; None for the folder beside it.
        for_reading: also open a store that is not writable. It cannot be migrated.

    Raises:
        StoreError: the store cannot be used; the subclass says why.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        from db.postgres import open_postgres  # only who uses it needs the extra

        return open_postgres(parsed, timeout_s)
    return open_sqlite(parsed, timeout_s, backup_folder, for_reading=for_reading)


def store_exists(url: str) -> bool:
    """Whether there is a store at a URL.

    Raises:
        StoreUnreachable: that cannot be found out.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        from db.postgres import postgres_exists

        return postgres_exists(parsed)
    return sqlite_exists(parsed)

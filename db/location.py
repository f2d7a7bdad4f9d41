"""Where a store is: its URL, its file, and whether that file is writable or damaged."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from db.errors import MalformedUrl, StoreUnreachable
from tagger.core.text import without_secrets

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

HOW_TO_WRITE = "Write sqlite:////folder/tags.sqlite or postgresql://USER:PASSWORD@HOST/DATABASE"
# No path, but a URL with too few slashes or the options of libpq, perhaps with a password, which nothing may show.
HALF_URL = re.compile(r"postgres(ql)?(\+\w+)?:(?!//)|(.*\s)?(host|dbname|password)\s*=", re.IGNORECASE | re.DOTALL)
HEADER_BYTES = 100
MAGIC = b"SQLite format 3\0"


def parse_url(url: str) -> URL:
    """A URL or a plain path as a URL.

    Raises:
        MalformedUrl: it names neither a SQLite file nor a PostgreSQL database.
    """
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.exc import ArgumentError

    if not url.strip():
        raise MalformedUrl(f"The database URL is empty. {HOW_TO_WRITE}")
    if HALF_URL.match(url):
        raise MalformedUrl(f"The database URL is malformed: it lacks ://. {HOW_TO_WRITE}")
    if "://" not in url:
        return URL.create("sqlite", database=os.path.abspath(os.path.expanduser(url)))
    shown = repr(without_secrets(url))
    scheme, _, rest = url.partition("://")
    try:
        parsed = make_url(f"{scheme.lower()}://{rest}")
    except (ArgumentError, ValueError) as error:
        raise MalformedUrl(f"The database URL {shown} is malformed. {HOW_TO_WRITE}") from error
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        if not parsed.database:
            raise MalformedUrl(f"{shown} names no database. {HOW_TO_WRITE}")
        if "@" in f"{parsed.host}{parsed.database}":  # the end of a password, which nothing may show
            raise MalformedUrl(f"In the database URL {shown}, write @ in a password as %40, and / as %2F.")
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite" or parsed.get_driver_name() != "pysqlite":
        raise MalformedUrl(f"{shown} is not supported: tags are stored in SQLite or PostgreSQL. {HOW_TO_WRITE}")
    if parsed.database in (None, "", ":memory:"):
        raise MalformedUrl(f"{shown} names no file, so its tags would be lost. {HOW_TO_WRITE}")
    return parsed


def is_missing_file(url: str) -> bool:
    """Whether a plain path names no file. It is found out without SQLAlchemy, which takes a third of a command's start;
    False also where that cannot be said without it."""
    return (
        bool(url.strip())
        and "://" not in url
        and not HALF_URL.match(url)
        and not os.path.lexists(os.path.expanduser(url))
    )


def store_file(url: str) -> Path | None:
    """The SQLite file that a URL or a plain path names; None if it names a database on a server.

    Raises:
        MalformedUrl: it names no store.
    """
    parsed = parse_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def store_name(url: str) -> str:
    """What messages call a store: its file, or its URL without user and password.

    Raises:
        MalformedUrl: it names no store.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return str(parsed.database)
    host = parsed.host or parsed.query.get("host") or ""
    port = f":{parsed.port}" if parsed.port else ""
    return f"postgresql://{host if isinstance(host, str) else host[0]}{port}/{parsed.database}"


def file_identity(file: str) -> tuple[int, int] | None:
    """The file's device and inode; None if there is no file. Takes a microsecond."""
    status = _stat(file)
    return None if status is None else (status.st_dev, status.st_ino)


def is_writable(file: str) -> bool:
    """Whether this process may write to a file and, as SQLite must, create others beside it."""
    effective = os.access in os.supports_effective_ids
    return all(os.access(path, os.W_OK, effective_ids=effective) for path in (file, os.path.dirname(file) or "."))


def log_size(file: str) -> int | None:
    """The size of the write-ahead log beside a store's file, which may have its latest changes; None without a log."""
    status = _stat(f"{file}-wal")
    return None if status is None else status.st_size


def obvious_damage(file: str) -> str | None:
    """Why an existing file is not a complete SQLite database: a full disk or a bad copy leaves it empty or cut off.

    SQLite would take an empty file for a new database. The header says how many pages there are; it may be ahead of
    the file only while the log has the rest.

    Returns:
        A clause, or None if nothing is wrong at first sight.

    Raises:
        StoreUnreachable: it cannot be read.
    """
    has_log = log_size(file)  # read first: the file is complete once the log is empty
    if not os.path.isfile(file):
        raise StoreUnreachable(file, "it cannot be opened, since it is not a regular file")
    try:
        with open(file, "rb") as opened:
            header = opened.read(HEADER_BYTES)
            size_bytes = opened.seek(0, os.SEEK_END)
    except OSError as error:
        raise StoreUnreachable(file, f"it cannot be opened ({error.strerror})") from error
    if not header:
        return "it is empty"
    if not MAGIC.startswith(header[: len(MAGIC)]):
        return "it is not a SQLite database, or it is damaged"
    if len(header) < HEADER_BYTES or (size_bytes < _size_by(header) and not has_log):
        return f"it is cut off after {size_bytes:,} bytes"
    return None


def sync_folder(folder: Path) -> None:
    """Wait until the names of new files in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size_by(header: bytes) -> int:
    """The file's size in bytes by its header; 0 if the header does not say.

    Source:
        SQLite's file format, section 1.3: page size at 16, pages at 28 if the numbers at 24 and 92 agree.
    """
    page_bytes = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big") if header[24:28] == header[92:96] else 0
    return pages * (65536 if page_bytes == 1 else page_bytes)


def _stat(file: str) -> os.stat_result | None:
    try:
        return os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreUnreachable(file, f"it cannot be accessed ({error.strerror})") from error

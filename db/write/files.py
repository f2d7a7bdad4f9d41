"""Writes the places where contents lie, and which of them are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from sqlalchemy import BindParameter, Connection, Update, and_, bindparam, case, or_, update
from sqlalchemy.dialects.sqlite import insert

from db.schema.models import File
from tagger.core.types import FoundFile, Result

Scanned = tuple[FoundFile, Result]


def upsert_files(connection: Connection, read: Iterable[Scanned], photo_ids: dict[str, int], now: datetime) -> None:
    """Files that were read, whose content the store knows."""
    rows = [
        {
            "path": file.path,
            "photo_id": photo_ids[result.sha256],
            "size_bytes": file.size_bytes or 0,
            "mtime_ns": file.mtime_ns or 0,
            "first_seen_at": now,
        }
        for file, result in read
        if result.sha256 in photo_ids
    ]
    statement = insert(File)
    changed = {name: statement.excluded[name] for name in ("photo_id", "size_bytes", "mtime_ns")}
    if rows:
        upsert = statement.on_conflict_do_update(index_elements=["path"], set_={**changed, "gone_at": None})
        connection.execute(upsert, rows)


def upsert_failed_files(
    connection: Connection, failed: Collection[Scanned], photo_ids: dict[str, int], now: datetime
) -> None:
    """Files that could not be read; most of them keep their photo, see `_failed_file_update`."""
    if not failed:
        return
    rows = [
        {
            "at_path": file.path,
            "is_read": result.sha256 is not None,
            "read_photo_id": photo_ids.get(result.sha256) if result.sha256 else None,
            "now_bytes": file.size_bytes,
            "now_ns": file.mtime_ns,
        }
        for file, result in failed
    ]
    new = [{"path": file.path, "first_seen_at": now} for file, _ in failed]
    connection.execute(insert(File).on_conflict_do_nothing(), new)
    connection.execute(_failed_file_update(), rows)


def mark_gone(connection: Connection, paths: Iterable[str]) -> None:
    """These files are not there any more. Their photos keep tags and decisions."""
    _set_gone(connection, paths, datetime.now(UTC))


def mark_present(connection: Connection, paths: Iterable[str]) -> None:
    """These files were gone and are back as they were: a drive is mounted again."""
    _set_gone(connection, paths, None)


def _failed_file_update() -> Update:
    """Sets a failed file's photo: by its digest if that is known, else the old one while size and time are the same.

    An unreadable file whose size or time changed may show something else now. One that merely vanished, or may not be
    read at the moment, still shows what it showed.
    """
    now_bytes: BindParameter[int | None] = bindparam("now_bytes")
    now_ns: BindParameter[int | None] = bindparam("now_ns")
    is_changed = or_(
        and_(now_bytes.is_not(None), now_bytes.is_distinct_from(File.size_bytes)),
        and_(now_ns.is_not(None), now_ns.is_distinct_from(File.mtime_ns)),
    )
    photo_id = case((bindparam("is_read"), bindparam("read_photo_id")), (is_changed, None), else_=File.photo_id)
    return (
        update(File)
        .where(File.path == bindparam("at_path"))
        .values(
            photo_id=photo_id,
            size_bytes=case((now_bytes.is_(None), File.size_bytes), else_=now_bytes),
            mtime_ns=case((now_ns.is_(None), File.mtime_ns), else_=now_ns),
            gone_at=None,
        )
    )


def _set_gone(connection: Connection, paths: Iterable[str], gone_at: datetime | None) -> None:
    is_other = File.gone_at.is_(None) if gone_at else File.gone_at.is_not(None)
    statement = update(File).where(File.path == bindparam("at_path"), is_other).values(gone_at=gone_at)
    rows = [{"at_path": path} for path in paths]
    if rows:
        connection.execute(statement, rows)

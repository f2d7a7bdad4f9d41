"""Write when photos were taken.

The one rule: a photo's date is the best that any of its files gives, whichever is found first. A better source wins,
and among equally good ones the earlier date.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, or_, update

from db.schema.models import Photo
from db.write.files import Scanned
from tagger.core.types import DATE_SOURCES, FoundFile, PhotoInfo, TakenDate

LOST_UNTIL = 1980  # the zeros of Unix and FAT are the times of files whose time was lost
RANKS = {source: rank for rank, source in enumerate(DATE_SOURCES)}
STORED_RANK = case(RANKS, value=Photo.taken_from)
IS_BETTER = or_(
    bindparam("date_rank") < STORED_RANK,
    and_(bindparam("date_rank") == STORED_RANK, bindparam("date") < Photo.taken_at),
)
IMPROVE_DATE = (
    update(Photo)
    .where(Photo.sha256 == bindparam("content"), IS_BETTER)
    .values(taken_at=bindparam("date"), taken_from=bindparam("source"))
)


def photo_date(file: FoundFile, info: PhotoInfo) -> TakenDate:
    """The date of a photo that was read, from its first file."""
    return _own_date(info) or _file_time(file)


def improve_dates(connection: Connection, read: Iterable[Scanned]) -> None:
    """Let each file that was read improve the date of its photo."""
    rows = [
        {"content": result.sha256, "date": taken_at, "source": source, "date_rank": RANKS[source]}
        for file, result in read
        for taken_at, source in filter(None, (_own_date(result.info), result.file_date, _file_time(file)))
        if source != "mtime" or taken_at.year > LOST_UNTIL
    ]
    if rows:
        connection.execute(IMPROVE_DATE, rows)


def _own_date(info: PhotoInfo | None) -> TakenDate | None:
    return TakenDate(info.taken_at, info.taken_from) if info and info.taken_at else None


def _file_time(file: FoundFile) -> TakenDate:
    """The file's modification time on this machine's clock; 1970 if it is out of range."""
    try:
        return TakenDate(datetime.fromtimestamp((file.mtime_ns or 0) / 1e9), "mtime")
    except (ValueError, OverflowError, OSError):
        return TakenDate(datetime(1970, 1, 1), "mtime")

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
from tagger.core.types import DATE_SOURCES, FoundFile, PhotoInfo, Result, TakenDate

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


def first_date(file: FoundFile, result: Result) -> TakenDate:
    """The date of a photo that only this file gives."""
    return min(_dates(file, result), key=_order, default=_file_time(file))


def improve_dates(connection: Connection, read: Iterable[Scanned]) -> None:
    """Let each file that was read improve the date of its photo."""
    dates = ((result.sha256, min(_dates(file, result), key=_order, default=None)) for file, result in read)
    rows = [
        {"content": sha256, "date": date.taken_at, "source": date.taken_from, "date_rank": RANKS[date.taken_from]}
        for sha256, date in dates
        if date
    ]
    if rows:
        connection.execute(IMPROVE_DATE, rows)


def _dates(file: FoundFile, result: Result) -> list[TakenDate]:
    """All dates that a file gives, except times that were lost."""
    time = _file_time(file)
    dates = (_own_date(result.info), result.file_date, time if time.taken_at.year > LOST_UNTIL else None)
    return [date for date in dates if date]


def _order(date: TakenDate) -> tuple[int, datetime]:
    """The best date first."""
    return RANKS[date.taken_from], date.taken_at


def _own_date(info: PhotoInfo | None) -> TakenDate | None:
    return TakenDate(info.taken_at, info.taken_from) if info and info.taken_at else None


def _file_time(file: FoundFile) -> TakenDate:
    """The file's modification time on this machine's clock; 1970 if it is out of range."""
    try:
        return TakenDate(datetime.fromtimestamp((file.mtime_ns or 0) / 1e9), "mtime")
    except (ValueError, OverflowError, OSError):
        return TakenDate(datetime(1970, 1, 1), "mtime")

"""Statistics of a whole store, for the metrics and the digest."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import Connection, Integer, and_, cast, func, or_, select

from db.rows import RunCounts
from db.schema.models import Failure, File, Photo, Run
from db.schema.telegram import TelegramPhoto


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of a store."""

    photos: int  # with a present file, or sent to the bot
    files: int  # how many are present
    gone: int  # how many are gone
    failures: dict[str, int]  # how many present files could not be read, by kind
    quarantined: int  # how many of those are not tried again
    runs: dict[str, int]  # how many, by status
    counts: RunCounts  # of all runs together


def statistics(connection: Connection) -> Statistics:
    """Count everything: each figure is one statement."""
    files, gone = connection.execute(select(func.count(), func.count(File.gone_at))).one()
    is_present = and_(File.photo_id == Photo.id, File.gone_at.is_(None))
    is_sent = TelegramPhoto.photo_id == Photo.id
    has_place = or_(select(File.id).where(is_present).exists(), select(TelegramPhoto.id).where(is_sent).exists())
    failing = (Failure.file_id == File.id) & File.gone_at.is_(None)
    by_kind = select(Failure.kind, func.count()).join(File, failing).group_by(Failure.kind)
    quarantined = select(func.count(Failure.quarantined_at)).join(File, failing)
    return Statistics(
        photos=connection.execute(select(func.count()).select_from(Photo).where(has_place)).scalar_one(),
        files=files - gone,
        gone=gone,
        failures=dict(connection.execute(by_kind).all()),
        quarantined=connection.execute(quarantined).scalar_one(),
        runs=dict(connection.execute(select(Run.status, func.count()).group_by(Run.status)).all()),
        counts=_counts(connection),
    )


def _counts(connection: Connection) -> RunCounts:
    names = [field.name for field in fields(RunCounts)]
    sums = [cast(func.coalesce(func.sum(Run.__table__.c[name]), 0), Integer).label(name) for name in names]
    return RunCounts(**connection.execute(select(*sums)).one()._mapping)

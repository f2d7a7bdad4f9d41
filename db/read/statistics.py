"""Statistics of a whole store, for the metrics and the digest."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import InstrumentedAttribute

from db.rows import RunCounts
from db.schema.models import Failure, File, Photo, Run


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of a store."""

    photos: int
    files: int  # how many are present
    gone: int  # how many are missing
    failures: dict[str, int]  # how many files could not be read, by kind
    quarantined: int  # how many of those are not tried again
    runs: dict[str, int]  # how many, by status
    counts: RunCounts  # of all runs together


def statistics(connection: Connection) -> Statistics:
    """Count everything: each figure is one statement."""
    files, gone = connection.execute(select(func.count(), func.count(File.gone_at))).one()
    return Statistics(
        photos=connection.execute(select(func.count()).select_from(Photo)).scalar_one(),
        files=files - gone,
        gone=gone,
        failures=_count_by(connection, Failure.kind),
        quarantined=connection.execute(select(func.count(Failure.quarantined_at))).scalar_one(),
        runs=_count_by(connection, Run.status),
        counts=_counts(connection),
    )


def _counts(connection: Connection) -> RunCounts:
    names = [field.name for field in fields(RunCounts)]
    sums = [func.coalesce(func.sum(Run.__table__.c[name]), 0).label(name) for name in names]
    return RunCounts(**connection.execute(select(*sums)).one()._mapping)


def _count_by(connection: Connection, column: InstrumentedAttribute[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(select(column, func.count()).group_by(column))}

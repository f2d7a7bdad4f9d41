"""Queries for the report of a run: the landmarks that it found, and example photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, select

from db.errors import UnknownRun
from db.schema.models import Assessment, Failure, File, Landmark, Photo, Run, Suggestion
from tagger.core.evidence import Evidence, parse_evidence

if TYPE_CHECKING:
    from db.schema.base import AnySelect


@dataclass(frozen=True, slots=True)
class LandmarkCount:
    """A landmark that a run found."""

    key: str
    name: str
    country: str | None
    photos: int  # how many photos the run found it on
    is_new: bool  # no earlier run ever found it


@dataclass(frozen=True, slots=True)
class Example:
    """A photo with its best suggestion."""

    path: str  # a present file of it
    name: str
    score: float
    evidence: Evidence | None  # what changed that score


def report_of(connection: Connection, run: int) -> dict[str, Any] | None:
    """The report of a run; None if it died before, or is in progress.

    Raises:
        UnknownRun: there is no such run.
    """
    row = connection.execute(select(Run.report).where(Run.id == run)).first()
    if row is None:
        raise UnknownRun(run)
    report: dict[str, Any] | None = row.report
    return report


def landmarks_of(connection: Connection, run: int) -> list[LandmarkCount]:
    """The landmarks that a run found, the most frequent first."""
    earlier = select(Suggestion.rank).where(
        Suggestion.landmark_id == Landmark.id, Suggestion.is_tag, Suggestion.run_id < run
    )
    columns = (Landmark.key, Landmark.name, Landmark.country, func.count(), ~earlier.correlate(Landmark).exists())
    found = _suggested(run, *columns).where(Suggestion.is_tag).group_by(Landmark.id)
    rows = connection.execute(found.order_by(func.count().desc(), Landmark.key))
    return [LandmarkCount(key, name, country, photos, bool(is_new)) for key, name, country, photos, is_new in rows]


def tagged_examples(connection: Connection, run: int, *, per_landmark: int, limit: int) -> list[Example]:
    """Photos that a run tagged: the surest and the least sure of each landmark, landmark by landmark.

    Args:
        per_landmark: how many photos of a landmark at most.
        limit: how many photos at most.
    """
    of_landmark = Suggestion.landmark_id
    surest = func.row_number().over(partition_by=of_landmark, order_by=[Suggestion.score.desc(), Photo.id])
    least_sure = func.row_number().over(partition_by=of_landmark, order_by=[Suggestion.score, Photo.id.desc()])
    examples = _examples(run).add_columns(surest.label("surest"), least_sure.label("least_sure"))
    chosen = examples.where(Suggestion.is_tag).subquery()
    half = (per_landmark + 1) // 2
    rows = select(chosen).where((chosen.c.surest <= half) | (chosen.c.least_sure <= per_landmark - half))
    return _found(connection.execute(rows.order_by(chosen.c.name, chosen.c.surest).limit(limit)).all())


def unsure_examples(connection: Connection, run: int, *, limit: int) -> list[Example]:
    """Photos on which a run found nothing, the highest scores first."""
    unsure = _examples(run).where(Assessment.status == "none").order_by(Suggestion.score.desc(), Photo.id)
    return _found(connection.execute(unsure.limit(limit)).all())


def quarantined_by(connection: Connection, run: int) -> list[str]:
    """The files that this run put into quarantine."""
    files = select(File.path).join(Failure, Failure.file_id == File.id)
    quarantined = files.where(Failure.run_id == run, Failure.quarantined_at.is_not(None)).order_by(File.path)
    return list(connection.execute(quarantined).scalars())


def _examples(run: int) -> AnySelect:
    path = select(func.min(File.path)).where(File.photo_id == Photo.id, File.gone_at.is_(None)).scalar_subquery()
    columns = (path.label("path"), Landmark.name.label("name"), Suggestion.score.label("score"))
    best = _suggested(run, *columns, Suggestion.reason.label("reason"), Landmark.key.label("key")).where(
        Suggestion.rank == 1
    )
    return best.join(Photo, Photo.id == Suggestion.photo_id)


def _suggested(run: int, *columns: Any) -> AnySelect:
    """Columns of a run's suggestions, by the index of its assessments."""
    by = (Suggestion.photo_id == Assessment.photo_id) & (Suggestion.model_id == Assessment.model_id)
    joined = select(*columns).select_from(Assessment).join(Suggestion, by)
    return joined.join(Landmark, Landmark.id == Suggestion.landmark_id).where(Assessment.run_id == run)


def _found(rows: Sequence[Row[Any]]) -> list[Example]:
    """The examples, without photos whose files are all missing."""
    return [
        Example(row.path, row.name, row.score, parse_evidence(row.reason, row.key))
        for row in rows
        if row.path is not None
    ]

"""Queries for the report of a run: the landmarks that it found, and example photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, tuple_, type_coerce, union

from db.dialect import first_path
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
    """A photo with one of its suggestions."""

    path: str  # a present file of it
    name: str
    score: float
    evidence: Evidence | None  # what changed that score


@dataclass(frozen=True, slots=True)
class LandmarkPhotos:
    """The photos of a landmark that a run tagged."""

    name: str
    total: int  # of them, also those that are not in `photos`
    photos: list[Example]  # the newest first


def report_of(connection: Connection, run: int) -> dict[str, Any] | None:
    """The report of a run; None if it died before it was written, or is in progress.

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


def tagged_photos(connection: Connection, run: int, *, per_landmark: int) -> dict[str, LandmarkPhotos]:
    """The photos that a run tagged, by the landmark's key: the most frequent landmark first, its newest photo first.

    Args:
        per_landmark: how many photos of a landmark at most.
    """
    landmark = Suggestion.landmark_id
    number = func.row_number().over(partition_by=landmark, order_by=[Photo.taken_at.desc(), Photo.id.desc()])
    total = func.count().over(partition_by=landmark).label("total")
    chosen = _suggested_by(run).add_columns(number.label("number"), total).where(Suggestion.is_tag).subquery()
    rows = select(chosen, _path(chosen.c.photo_id)).where(chosen.c.number <= per_landmark)
    found: dict[str, LandmarkPhotos] = {}
    for row in connection.execute(rows.order_by(chosen.c.total.desc(), chosen.c.key, chosen.c.number)):
        found.setdefault(row.key, LandmarkPhotos(row.name, row.total, [])).photos.extend(_examples([row]))
    return found


def unsure_examples(connection: Connection, run: int, *, limit: int) -> list[Example]:
    """Photos on which a run found nothing, the highest scores first."""
    unsure = _suggested_by(run).where(Assessment.status == "none", Suggestion.rank == 1)
    chosen = unsure.order_by(Suggestion.score.desc(), Photo.id).limit(limit).subquery()
    rows = select(chosen, _path(chosen.c.photo_id)).order_by(chosen.c.score.desc(), chosen.c.photo_id)
    return list(_examples(connection.execute(rows).all()))


def quarantined_by(connection: Connection, run: int) -> list[str]:
    """The files that this run put into quarantine."""
    files = select(File.path).join(Failure, Failure.file_id == File.id)
    quarantined = files.where(Failure.run_id == run, Failure.quarantined_at.is_not(None)).order_by(File.path)
    return list(connection.execute(quarantined).scalars())


def _suggested(run: int, *columns: Any) -> AnySelect:
    """Columns of a run's suggestions, by the index of its assessments."""
    by = (Suggestion.photo_id == Assessment.photo_id) & (Suggestion.model_id == Assessment.model_id)
    joined = select(*columns).select_from(Assessment).join(Suggestion, by)
    return joined.join(Landmark, Landmark.id == Suggestion.landmark_id).where(Assessment.run_id == run)


def _suggested_by(run: int) -> AnySelect:
    """The suggestions for a run's photos, including those that a later run asked for more."""
    suggested = select(Suggestion.photo_id, Suggestion.model_id).where(Suggestion.run_id == run)
    continued = select(Assessment.photo_id, Assessment.model_id).where(Assessment.run_id == run)
    columns = (Suggestion.photo_id, Suggestion.score, Suggestion.reason, Landmark.key, Landmark.name)
    by = (Suggestion.photo_id == Assessment.photo_id) & (Suggestion.model_id == Assessment.model_id)
    return (
        select(*columns)
        .select_from(Suggestion)
        .join(Assessment, by)
        .join(Landmark, Landmark.id == Suggestion.landmark_id)
        .join(Photo, Photo.id == Suggestion.photo_id)
        .where(tuple_(Suggestion.photo_id, Suggestion.model_id).in_(union(suggested, continued)))
    )


def _path(photo_id: ColumnElement[int]) -> ColumnElement[str | None]:
    """A present file of a photo."""
    path = select(type_coerce(first_path(File.path), File.path.type)).where(
        File.photo_id == photo_id, File.gone_at.is_(None)
    )
    return path.scalar_subquery().label("path")


def _examples(rows: Sequence[Row[Any]]) -> Iterator[Example]:
    """The examples, without photos whose files are all gone."""
    for row in rows:
        if row.path is not None:
            yield Example(row.path, row.name, row.score, parse_evidence(row.reason, row.key))

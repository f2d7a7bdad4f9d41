"""All that the store knows of one photo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from db.read.catalog import landmarks
from db.read.photos import find_photo
from db.rows import Verdict
from db.schema.models import Assessment, Decision, File, Model, Photo, Suggestion, Variant
from db.schema.views import trusted_decision
from tagger.core import types

MOST_ALIKE = 60


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """A suggestion of the current model."""

    rank: int
    landmark: types.Landmark
    score: float
    visual_score: float
    is_tag: bool
    reason: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class AssessmentRow:
    """That a model answered, and when."""

    model: str
    version: str
    status: str
    assessed_at: datetime
    run: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class DecidedRow:
    """That a person decided, and when."""

    id: int
    verdict: Verdict
    landmark: types.Landmark | None
    who: str
    source: str
    decided_at: datetime
    revoked_at: datetime | None
    counts: bool  # for the library: trusted, active and not overruled


@dataclass(frozen=True, slots=True)
class PhotoDetail:
    """A photo.

    Args:
        sha256: identifies it.
        contents: the digests of all its contents: copies with edited metadata are the same photo.
        paths: of its present files.
        alike: photos that look the same, by their digests.
    """

    sha256: str
    contents: frozenset[str]
    paths: tuple[str, ...]
    taken_at: datetime
    taken_from: types.DateSource
    width: int
    height: int
    format: str
    size_bytes: int
    lat: float | None
    lon: float | None
    suggestions: tuple[SuggestionRow, ...]
    assessments: tuple[AssessmentRow, ...]
    decisions: tuple[DecidedRow, ...]
    alike: tuple[str, ...]


def photo_detail(connection: Connection, sha256: str) -> PhotoDetail:
    """A photo by one of its contents.

    Raises:
        UnknownPhoto: there is no such photo.
    """
    number = find_photo(connection, sha256)
    photo = connection.execute(select(Photo.__table__).where(Photo.id == number)).one()
    return PhotoDetail(
        photo.sha256,
        _contents(connection, number, photo.sha256),
        tuple(paths_of(connection, number)),
        photo.taken_at,
        photo.taken_from,
        photo.width,
        photo.height,
        photo.format,
        photo.size_bytes,
        photo.lat,
        photo.lon,
        tuple(_suggestions(connection, number)),
        tuple(_assessments(connection, number)),
        tuple(_decisions(connection, number)),
        tuple(_alike(connection, number, photo.group_id)),
    )


@dataclass(frozen=True, slots=True)
class PhotoFiles:
    """Where a photo lies, and the digests of its contents."""

    sha256: str
    contents: frozenset[str]
    paths: tuple[str, ...]


def photo_files(connection: Connection, sha256: str) -> PhotoFiles:
    """Where a photo lies.

    Raises:
        UnknownPhoto: there is no such photo.
    """
    number = find_photo(connection, sha256)
    own = connection.execute(select(Photo.sha256).where(Photo.id == number)).scalar_one()
    return PhotoFiles(own, _contents(connection, number, own), tuple(paths_of(connection, number)))


def paths_of(connection: Connection, photo: int) -> list[str]:
    """The present files of a photo."""
    paths = select(File.path).where(File.photo_id == photo, File.gone_at.is_(None)).order_by(File.path)
    return list(connection.execute(paths).scalars())


def _contents(connection: Connection, photo: int, sha256: str) -> frozenset[str]:
    variants = connection.execute(select(Variant.sha256).where(Variant.photo_id == photo)).scalars()
    return frozenset({sha256, *variants})


def _suggestions(connection: Connection, photo: int) -> list[SuggestionRow]:
    scores = (Suggestion.score, Suggestion.visual_score, Suggestion.is_tag)
    rows = connection.execute(
        select(Suggestion.rank, Suggestion.landmark_id, *scores, Suggestion.reason)
        .join(Photo, (Photo.id == Suggestion.photo_id) & (Photo.current_model_id == Suggestion.model_id))
        .where(Suggestion.photo_id == photo)
        .order_by(Suggestion.rank)
    ).all()
    known = landmarks(connection, {row.landmark_id for row in rows})
    return [
        SuggestionRow(row.rank, known[row.landmark_id], *row[2:5], json.loads(row.reason) if row.reason else None)
        for row in rows
    ]


def _assessments(connection: Connection, photo: int) -> list[AssessmentRow]:
    answer = (Assessment.status, Assessment.assessed_at, Assessment.run_id)
    rows = (
        select(Model.name, Model.version, *answer, Assessment.model_id == Photo.current_model_id)
        .join(Model, Model.id == Assessment.model_id)
        .join(Photo, Photo.id == Assessment.photo_id)
        .where(Assessment.photo_id == photo)
        .order_by(Assessment.assessed_at.desc())
    )
    found: Sequence[Any] = connection.execute(rows).all()
    return [AssessmentRow(*row) for row in found]


def _decisions(connection: Connection, photo: int) -> list[DecidedRow]:
    is_in_force = select(trusted_decision.c.id).where(trusted_decision.c.id == Decision.id).exists()
    when = (Decision.decided_at, Decision.revoked_at)
    rows = connection.execute(
        select(Decision.id, Decision.verdict, Decision.landmark_id, Decision.who, Decision.source, *when, is_in_force)
        .where(Decision.photo_id == photo)
        .order_by(Decision.id.desc())
    ).all()
    known = landmarks(connection, {row.landmark_id for row in rows if row.landmark_id is not None})
    return [DecidedRow(row.id, row.verdict, known.get(row.landmark_id), *row[3:]) for row in rows]


def _alike(connection: Connection, photo: int, group: int | None) -> list[str]:
    if group is None:
        return []
    rows = select(Photo.sha256).where(Photo.group_id == group, Photo.id != photo).order_by(Photo.taken_at, Photo.id)
    return list(connection.execute(rows.limit(MOST_ALIKE)).scalars())

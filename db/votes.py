"""What photos of one occasion could vote on, and what came of it. The rule is in `tagger.votes`.

The one rule: a vote changes the best suggestion in place and can be taken back, because the model's own score stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from db.models import Assessment, File, Landmark, Photo, Suggestion

if TYPE_CHECKING:
    from db.narrow import AnySelect

VOTED = Suggestion.reason.like('{"kind": "vote"%')


class Voter(NamedTuple):
    """A file whose photo has a date by EXIF, with its best suggestion.

    Args:
        landmark: its key.
        reason: JSON.
    """

    path: str
    photo: int
    taken_at: datetime
    landmark: str
    score: float
    visual_score: float
    is_tag: bool
    reason: str | None


class Cast(NamedTuple):
    """What a photo's best suggestion becomes."""

    photo: int
    score: float
    is_tag: bool
    reason: str | None


def voters(connection: Connection, *, model: int) -> list[Voter]:
    """Every file that is there, has a date by EXIF, and was answered by a model."""
    return [Voter(*row) for row in connection.execute(_files(model))]


def voted(connection: Connection, *, model: int) -> list[Voter]:
    """Those among them whose best suggestion is a vote's."""
    return [Voter(*row) for row in connection.execute(_files(model).where(VOTED))]


def write_votes(connection: Connection, cast: Iterable[Cast], *, model: int) -> None:
    """Change the photos' best suggestions, and with them whether they are tagged."""
    rows = [
        {"at": each.photo, "to": each.score, "tags": each.is_tag, "because": each.reason, "said": _status(each)}
        for each in cast
    ]
    best = update(Suggestion).where(
        Suggestion.photo_id == bindparam("at"), Suggestion.model_id == model, Suggestion.rank == 1
    )
    answer = update(Assessment).where(Assessment.photo_id == bindparam("at"), Assessment.model_id == model)
    if rows:
        changed = best.values(score=bindparam("to"), is_tag=bindparam("tags"), reason=bindparam("because"))
        connection.execute(changed, rows)
        connection.execute(answer.values(status=bindparam("said")), rows)


def _status(cast: Cast) -> str:
    return "tagged" if cast.is_tag else "none"


def _files(model: int) -> AnySelect:
    by_model = (Suggestion.photo_id == Photo.id) & (Suggestion.model_id == model) & (Suggestion.rank == 1)
    columns = (File.path, Photo.id, Photo.taken_at, Landmark.key, Suggestion.score, Suggestion.visual_score)
    files = select(*columns, Suggestion.is_tag, Suggestion.reason).select_from(File)
    files = files.join(Photo, Photo.id == File.photo_id).join(Suggestion, by_model)
    files = files.join(Landmark, Landmark.id == Suggestion.landmark_id)
    return files.where(File.gone_at.is_(None), Photo.taken_from == "exif").order_by(File.path)

"""What photos of one occasion could vote on, and what came of it. The rule is in `tagger.evidence.neighbours`.

The one rule: a vote changes the best suggestion in place and can be taken back, because the model's own score stays.
Where people decided, theirs is the voice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from db.schema.models import BY_VOTE, Assessment, Decision, File, Landmark, Photo, Suggestion

if TYPE_CHECKING:
    from db.read.planner import AnySelect


class StoredVote(NamedTuple):
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


class Decided(NamedTuple):
    """A file whose photo has a date by EXIF, and of which a person said what it shows.

    Args:
        landmark: its key.
    """

    path: str
    photo: int
    taken_at: datetime
    landmark: str


class VoteUpdate(NamedTuple):
    """What a photo's best suggestion becomes."""

    photo: int
    score: float
    is_tag: bool
    reason: str | None


def voters(connection: Connection, *, model: int) -> list[StoredVote]:
    """Every file that is there, has a date by EXIF, and was answered by a model; but for what people decided."""
    return [StoredVote(*row) for row in connection.execute(_files(model))]


def voted(connection: Connection, *, model: int) -> list[StoredVote]:
    """Those among them whose best suggestion is a vote's."""
    return [StoredVote(*row) for row in connection.execute(_files(model).where(BY_VOTE))]


def decided(connection: Connection) -> list[Decided]:
    """Every file that is there, has a date by EXIF, and shows a landmark by what people say."""
    shows = (Decision.photo_id == Photo.id) & (Decision.verdict == "shows") & Decision.revoked_at.is_(None)
    files = _dated(File.path, Photo.id, Photo.taken_at, Landmark.key).join(Decision, shows)
    files = files.join(Landmark, Landmark.id == Decision.landmark_id)
    return [Decided(*row) for row in connection.execute(files)]


def write_votes(connection: Connection, cast: Iterable[VoteUpdate], *, model: int) -> None:
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


def _status(cast: VoteUpdate) -> str:
    return "tagged" if cast.is_tag else "none"


def _files(model: int) -> AnySelect:
    by_model = (Suggestion.photo_id == Photo.id) & (Suggestion.model_id == model) & (Suggestion.rank == 1)
    columns = (File.path, Photo.id, Photo.taken_at, Landmark.key, Suggestion.score, Suggestion.visual_score)
    files = _dated(*columns, Suggestion.is_tag, Suggestion.reason).join(Suggestion, by_model)
    files = files.join(Landmark, Landmark.id == Suggestion.landmark_id)
    overruled = (Decision.verdict != "not") | (Decision.landmark_id == Suggestion.landmark_id)
    decided = select(Decision.id).where(Decision.photo_id == Photo.id, Decision.revoked_at.is_(None), overruled)
    return files.where(~decided.exists())


def _dated(*columns: Any) -> AnySelect:
    """Of each file that is there and whose photo has a date by EXIF, in the order of the paths."""
    files = select(*columns).select_from(File).join(Photo, Photo.id == File.photo_id)
    return files.where(File.gone_at.is_(None), Photo.taken_from == "exif").order_by(File.path)

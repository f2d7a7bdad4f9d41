"""Read and write what the end of a run compares: groups of photos that look the same, and votes.

The one rule: the next run does what a killed run left undone. A photo without a group has yet to be compared; a
group's number is the smallest id of its photos. A vote changes the best suggestion in place and is reversible, because
the model's own score is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, select, update

from db.dialect import clock_time
from db.schema.models import BY_VOTE, Assessment, File, Landmark, Photo, Suggestion
from db.schema.views import trusted_decision
from tagger.core.evidence import Evidence, evidence_text, parse_evidence
from tagger.core.types import CAMERA_SOURCES

if TYPE_CHECKING:
    from db.schema.base import AnySelect

FIRST_CAMERAS = datetime(1990, 1, 1)
BY_CAMERA = (
    and_(  # a camera's clock was set, and gave a time: an earlier date or exactly midnight was typed, or is a day
        Photo.taken_from.in_(CAMERA_SOURCES), Photo.taken_at >= FIRST_CAMERAS, clock_time(Photo.taken_at) != "00:00:00"
    )
)
ROWS_PER_FETCH = 1000
UNCOMPARED = Photo.phash.is_not(None) & Photo.group_id.is_(None)


class PhotoHash(NamedTuple):
    """What shows whether a photo looks the same as another."""

    photo: int  # its number
    phash: int  # 64 bits as a signed number
    taken_at: datetime | None  # by the camera's clock; None if that is unknown
    aspect: float  # width by height, upright
    group: int | None  # its group's number; None if it was not compared yet


def has_uncompared(connection: Connection) -> bool:
    """Whether any photo has not been compared with the others yet."""
    return connection.execute(select(Photo.id).where(UNCOMPARED).limit(1)).first() is not None


def photo_hashes(connection: Connection) -> Iterator[PhotoHash]:
    """All photos that have a hash."""
    by_camera = case((BY_CAMERA, Photo.taken_at))
    columns = (Photo.id, Photo.phash, by_camera, Photo.width, Photo.height, Photo.group_id)
    photos = (
        select(*columns).where(Photo.phash.is_not(None)).order_by(Photo.id).execution_options(yield_per=ROWS_PER_FETCH)
    )
    for photo, phash, taken_at, width, height, group in connection.execute(photos):
        yield PhotoHash(photo, phash or 0, taken_at, width / height, group)


def assign_groups(connection: Connection, groups: Iterable[tuple[int, int]]) -> None:
    """Assign photos to groups; other photos keep theirs."""
    statement = update(Photo).where(Photo.id == bindparam("photo")).values(group_id=bindparam("group"))
    rows = ({"photo": photo, "group": group} for photo, group in groups)
    while batch := list(islice(rows, ROWS_PER_FETCH)):
        connection.execute(statement, batch)


def leave_groups(connection: Connection, photos: Iterable[int]) -> None:
    """Remove photos from their groups, and renumber each group by its smallest remaining photo."""
    leaving = select(Photo.group_id).where(Photo.id.in_(photos), Photo.group_id.is_not(None)).distinct()
    groups = connection.execute(leaving).scalars().all()
    connection.execute(update(Photo).where(Photo.id.in_(photos)).values(group_id=None))
    smallest = select(Photo.group_id, func.min(Photo.id)).where(Photo.group_id.in_(groups)).group_by(Photo.group_id)
    for group, photo in connection.execute(smallest).all():
        connection.execute(update(Photo).where(Photo.group_id == group).values(group_id=photo))


class StoredVote(NamedTuple):
    """A file whose photo has a date by the camera's clock, with its best suggestion."""

    path: str
    photo: int
    taken_at: datetime
    landmark: str  # the suggestion's key
    score: float  # including the evidence besides the picture
    visual_score: float  # the model's own
    is_tag: bool
    evidence: Evidence | None  # that evidence


class Decided(NamedTuple):
    """A file whose photo has a date by the camera's clock, and the key of the landmark that people say it shows."""

    path: str
    photo: int
    taken_at: datetime
    landmark: str


class VoteUpdate(NamedTuple):
    """A photo's new best suggestion."""

    photo: int
    score: float
    is_tag: bool
    evidence: Evidence | None


def voters(connection: Connection, *, model: int) -> list[StoredVote]:
    """The present files with a date by the camera's clock and an answer of this model, without a decision."""
    return list(map(_stored, connection.execute(_files(model))))


def voted(connection: Connection, *, model: int) -> list[StoredVote]:
    """Those of `voters` whose best suggestion was changed by a vote."""
    return list(map(_stored, connection.execute(_files(model).where(BY_VOTE))))


def decided(connection: Connection) -> list[Decided]:
    """The present files with a date by the camera's clock that show a landmark by decision."""
    shows = (trusted_decision.c.photo_id == Photo.id) & (trusted_decision.c.verdict == "shows")
    files = _dated(File.path, Photo.id, Photo.taken_at, Landmark.key).join(trusted_decision, shows)
    files = files.join(Landmark, Landmark.id == trusted_decision.c.landmark_id)
    return [Decided(*row) for row in connection.execute(files)]


def write_votes(connection: Connection, updates: Iterable[VoteUpdate], *, model: int) -> None:
    """Change the photos' best suggestions, and whether the photos are tagged."""
    rows = [
        {
            "at": cast.photo,
            "new_score": cast.score,
            "new_is_tag": cast.is_tag,
            "new_reason": cast.evidence and evidence_text(cast.evidence),
            "new_status": "tagged" if cast.is_tag else "none",
        }
        for cast in updates
    ]
    if not rows:
        return
    best = update(Suggestion).where(
        Suggestion.photo_id == bindparam("at"), Suggestion.model_id == model, Suggestion.rank == 1
    )
    changes: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("score", "is_tag", "reason")}
    connection.execute(best.values(changes), rows)
    answer = update(Assessment).where(Assessment.photo_id == bindparam("at"), Assessment.model_id == model)
    connection.execute(answer.values(status=bindparam("new_status")), rows)


def _stored(row: Any) -> StoredVote:
    return StoredVote(*(*row[:-1], parse_evidence(row.reason, row.key)))


def _files(model: int) -> AnySelect:
    by_model = (Suggestion.photo_id == Photo.id) & (Suggestion.model_id == model) & (Suggestion.rank == 1)
    columns = (File.path, Photo.id, Photo.taken_at, Landmark.key, Suggestion.score, Suggestion.visual_score)
    files = _dated(*columns, Suggestion.is_tag, Suggestion.reason).join(Suggestion, by_model)
    files = files.join(Landmark, Landmark.id == Suggestion.landmark_id)
    # "not" only overrules the suggestion of its own landmark
    overrules = (trusted_decision.c.verdict != "not") | (trusted_decision.c.landmark_id == Suggestion.landmark_id)
    decided = select(trusted_decision.c.id).where(trusted_decision.c.photo_id == Photo.id, overrules)
    return files.where(~decided.correlate(Photo, Suggestion).exists())


def _dated(*columns: Any) -> AnySelect:
    """Columns of the present files with a date by the camera's clock, by path."""
    files = select(*columns).select_from(File).join(Photo, Photo.id == File.photo_id)
    return files.where(File.gone_at.is_(None), BY_CAMERA).order_by(File.path)

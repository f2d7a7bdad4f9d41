"""A person's language, number of photos today, and the landmarks on all their photos.

The one rule: people outrank the machine. A photo shows what the decisions on it say, else what its answer says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert

from db.rows import Verdict
from db.schema.models import Decision, Photo
from db.schema.telegram import TelegramPerson, TelegramPhoto

LANGUAGE = select(TelegramPerson.language).where(
    TelegramPerson.user_id == bindparam("user_id")
)  # for each update, so built once

Decisions = list[tuple[Verdict, int | None]]  # verdicts with their landmarks


@dataclass(frozen=True, slots=True)
class PersonsPhoto:
    """A photo that a person sent."""

    sha256: str
    message_id: int
    landmark_ids: tuple[int, ...]  # what it shows; empty if it shows no known landmark
    is_decided: bool  # whether a person said so
    score: float | None  # the answer's, if the machine said so
    received_at: datetime
    taken_at: datetime


def language(connection: Connection, user_id: int) -> str | None:
    """The language that a person chose."""
    return connection.execute(LANGUAGE, {"user_id": user_id}).scalar()


def set_language(connection: Connection, user_id: int, code: str) -> None:
    """Store the language that a person chose."""
    row = insert(TelegramPerson).values(user_id=user_id, language=code, photos=0)
    connection.execute(row.on_conflict_do_update(index_elements=["user_id"], set_={"language": code}))


def count_photo(connection: Connection, user_id: int, day: str) -> int:
    """Count one more photo of a person on a day.

    Returns:
        How many photos that makes on this day.
    """
    row = insert(TelegramPerson).values(user_id=user_id, day=day, photos=0)
    connection.execute(row.on_conflict_do_nothing())
    same_day = func.iif(TelegramPerson.day == day, TelegramPerson.photos + 1, 1)
    counted = update(TelegramPerson).where(TelegramPerson.user_id == user_id).values(photos=same_day, day=day)
    connection.execute(counted)
    return connection.execute(select(TelegramPerson.photos).where(TelegramPerson.user_id == user_id)).scalar_one()


def photos_of(connection: Connection, user_id: int) -> list[PersonsPhoto]:
    """The photos that a person sent, newest first; a photo that was sent twice comes once."""
    return list(_photos(connection, user_id))


def _photos(connection: Connection, user_id: int) -> Iterator[PersonsPhoto]:
    columns = (
        Photo.id,
        Photo.sha256,
        Photo.taken_at,
        TelegramPhoto.message_id,
        TelegramPhoto.landmark_id,
        TelegramPhoto.score,
        TelegramPhoto.received_at,
    )
    sent = select(*columns).join(Photo, Photo.id == TelegramPhoto.photo_id).where(TelegramPhoto.user_id == user_id)
    decisions = _decisions(connection, user_id)
    seen: set[int] = set()
    for row in connection.execute(sent.order_by(TelegramPhoto.id.desc())):
        if row.id in seen:
            continue
        seen.add(row.id)
        on_photo = decisions[row.id]
        shown = shows(row.landmark_id, on_photo)
        # A decision that does not change the answer, such as "not" on another landmark, does not count.
        is_decided = bool(on_photo) and shown != shows(row.landmark_id, [])
        is_decided |= any(verdict == "shows" for verdict, _ in on_photo)
        score = None if is_decided else row.score
        yield PersonsPhoto(row.sha256, row.message_id, shown, is_decided, score, row.received_at, row.taken_at)


def shows(answered: int | None, decisions: Decisions) -> tuple[int, ...]:
    """The landmarks that a photo shows, by the bot's answer and people's decisions."""
    decided = tuple(landmark for verdict, landmark in decisions if verdict == "shows" and landmark is not None)
    if decided:
        return decided
    is_denied = any(verdict == "none" or landmark == answered for verdict, landmark in decisions)
    return () if answered is None or is_denied else (answered,)


def _decisions(connection: Connection, user_id: int) -> dict[int, Decisions]:
    """The active decisions on a person's photos, by photo."""
    sent = select(TelegramPhoto.photo_id).where(TelegramPhoto.user_id == user_id)
    active = select(Decision.photo_id, Decision.verdict, Decision.landmark_id).where(
        Decision.photo_id.in_(sent), Decision.revoked_at.is_(None)
    )
    found: dict[int, Decisions] = defaultdict(list)
    for row in connection.execute(active.order_by(Decision.id)):
        found[row.photo_id].append((row.verdict, row.landmark_id))
    return found

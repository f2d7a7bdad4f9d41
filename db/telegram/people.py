"""What the Telegram bot knows of a person: the language, today's photos, and the places on all photos sent.

The one rule: people outrank the machine here too. A photo shows what its decisions say, else what its answer said.
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

LANGUAGE = select(TelegramPerson.language).where(TelegramPerson.user_id == bindparam("user_id"))  # asked for everybody

Verdicts = list[tuple[Verdict, int | None]]


@dataclass(frozen=True, slots=True)
class PersonsPhoto:
    """Args:
    landmark_ids: what it shows; none where it shows no landmark that is known.
    is_decided: a person said so.
    score: of the answer, if it was the machine.
    """

    sha256: str
    message_id: int
    landmark_ids: tuple[int, ...]
    is_decided: bool
    score: float | None
    received_at: datetime
    taken_at: datetime


def language(connection: Connection, user_id: int) -> str | None:
    """The language that a person chose."""
    return connection.execute(LANGUAGE, {"user_id": user_id}).scalar()


def choose_language(connection: Connection, user_id: int, code: str) -> None:
    row = insert(TelegramPerson).values(user_id=user_id, language=code, photos=0)
    connection.execute(row.on_conflict_do_update(index_elements=["user_id"], set_={"language": code}))


def count_photo(connection: Connection, user_id: int, day: str) -> int:
    """One photo more on this day.

    Returns:
        How many that makes.
    """
    row = insert(TelegramPerson).values(user_id=user_id, day=day, photos=0)
    connection.execute(row.on_conflict_do_nothing())
    same_day = func.iif(TelegramPerson.day == day, TelegramPerson.photos + 1, 1)
    counted = update(TelegramPerson).where(TelegramPerson.user_id == user_id).values(photos=same_day, day=day)
    connection.execute(counted)
    return connection.execute(select(TelegramPerson.photos).where(TelegramPerson.user_id == user_id)).scalar_one()


def photos_of(connection: Connection, user_id: int) -> list[PersonsPhoto]:
    """The photos that a person sent, newest first; one that was sent twice is there once."""
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
    verdicts = _verdicts(connection, user_id)
    seen: set[int] = set()
    for row in connection.execute(sent.order_by(TelegramPhoto.id.desc())):
        if row.id in seen:
            continue
        seen.add(row.id)
        decided = verdicts[row.id]
        shown = shows(row.landmark_id, decided)
        is_decided = bool(decided) and shown != shows(row.landmark_id, [])
        is_decided |= any(verdict == "shows" for verdict, _ in decided)
        score = None if is_decided else row.score
        yield PersonsPhoto(row.sha256, row.message_id, shown, is_decided, score, row.received_at, row.taken_at)


def shows(told: int | None, decided: Verdicts) -> tuple[int, ...]:
    """The landmarks on a photo, by what was told and what people said."""
    said = tuple(landmark for verdict, landmark in decided if verdict == "shows" and landmark is not None)
    if said:
        return said
    denied = any(verdict == "none" or landmark == told for verdict, landmark in decided)
    return () if told is None or denied else (told,)


def _verdicts(connection: Connection, user_id: int) -> dict[int, Verdicts]:
    sent = select(TelegramPhoto.photo_id).where(TelegramPhoto.user_id == user_id)
    active = select(Decision.photo_id, Decision.verdict, Decision.landmark_id).where(
        Decision.photo_id.in_(sent), Decision.revoked_at.is_(None)
    )
    found: dict[int, Verdicts] = defaultdict(list)
    for row in connection.execute(active.order_by(Decision.id)):
        found[row.photo_id].append((row.verdict, row.landmark_id))
    return found

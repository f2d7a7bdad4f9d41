"""A person's language, number of photos today, and the landmarks on their photos.

The one rule: people outrank the machine. A photo shows what was decided, see `db.telegram.voices`, else what its answer
says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, select, update

from db.dialect import execute, insert
from db.schema.models import Decision, Landmark, Photo
from db.schema.telegram import TelegramPerson, TelegramPhoto
from db.telegram import voices
from db.telegram.voices import Said

LANGUAGE = select(TelegramPerson.language).where(
    TelegramPerson.user_id == bindparam("user_id")
)  # built once, since each update needs it

_ACTIVE = (
    (Decision.photo_id == TelegramPhoto.photo_id) & (Decision.who == bindparam("who")) & Decision.revoked_at.is_(None)
)
_SHOWN = case((Decision.id.is_(None), TelegramPhoto.landmark_id), (Decision.verdict == "shows", Decision.landmark_id))
HAS_SHOWN = (
    select(TelegramPhoto.id)
    .outerjoin(Decision, _ACTIVE)
    .join(Landmark, Landmark.id == _SHOWN)
    .where(TelegramPhoto.user_id == bindparam("user_id"), TelegramPhoto.answer_id < bindparam("answer"))
    .where(Landmark.country == bindparam("country"))
    .limit(1)
)  # built once, like `LANGUAGE`

Decisions = Callable[[Any], Sequence[Said]]  # those on a row of `TelegramPhoto`


@dataclass(frozen=True, slots=True)
class PersonsPhoto:
    """A photo that a person sent."""

    sha256: str
    message_id: int
    landmark_ids: tuple[int, ...]  # what it shows; empty if it shows no known landmark
    is_decided: bool  # whether a person said so
    score: float | None  # the answer's, if the machine said so
    answer: tuple[int, float] | None  # the landmark that the answer named, whatever people said, and its score
    received_at: datetime
    taken_at: datetime


def language(connection: Connection, user_id: int) -> str | None:
    """The language that a person chose."""
    return execute(connection, LANGUAGE, {"user_id": user_id}).scalar()


def set_language(connection: Connection, user_id: int, code: str) -> None:
    """Store the language that a person chose."""
    row = insert(TelegramPerson).values(user_id=user_id, language=code, photos=0)
    connection.execute(row.on_conflict_do_update(index_elements=["user_id"], set_={"language": code}))


def count_photos(connection: Connection, user_id: int, day: str, count: int) -> int:
    """Count more photos of a person on a day.

    Returns:
        How many photos that makes on this day.
    """
    row = insert(TelegramPerson).values(user_id=user_id, day=day, photos=0)
    connection.execute(row.on_conflict_do_nothing())
    same_day = case((TelegramPerson.day == day, TelegramPerson.photos + count), else_=count)
    counted = update(TelegramPerson).where(TelegramPerson.user_id == user_id).values(photos=same_day, day=day)
    connection.execute(counted)
    return connection.execute(select(TelegramPerson.photos).where(TelegramPerson.user_id == user_id)).scalar_one()


def photos_of(connection: Connection, user_id: int, *, chat_id: int | None = None) -> list[PersonsPhoto]:
    """The photos that a person sent, newest first; a photo that was sent twice comes once.

    Args:
        connection: any.
        user_id: the person.
        chat_id: a group: only what they sent there, with what its messages show; None for all, with what they say
            themselves.
    """
    return list(_photos(connection, user_id, chat_id))


def has_shown(connection: Connection, user_id: int, country: str, *, before_answer: int) -> bool:
    """Whether a photo that a person sent before an answer shows a landmark in a country.

    Args:
        connection: any.
        user_id: the person.
        country: its English name.
        before_answer: the answer.
    """
    where = {"user_id": user_id, "who": voices.who(user_id), "country": country, "answer": before_answer}
    return execute(connection, HAS_SHOWN, where).first() is not None


def _photos(connection: Connection, user_id: int, chat_id: int | None) -> Iterator[PersonsPhoto]:
    columns = (
        Photo.id,
        Photo.sha256,
        Photo.taken_at,
        TelegramPhoto.message_id,
        TelegramPhoto.answer_id,
        TelegramPhoto.landmark_id,
        TelegramPhoto.score,
        TelegramPhoto.received_at,
    )
    is_listed = _sent(user_id, chat_id)
    sent = select(*columns).join(Photo, Photo.id == TelegramPhoto.photo_id).where(is_listed)
    active = select(Decision.__table__).where(Decision.revoked_at.is_(None)).order_by(Decision.id)
    active = active.where(Decision.photo_id.in_(select(TelegramPhoto.photo_id).where(is_listed)))
    if chat_id is None:
        decisions = _own(connection.execute(active.where(Decision.who == voices.who(user_id))).all())
    else:
        decisions = _of_group(connection.execute(active.where(Decision.answer_id != 0)).all())
    seen: set[int] = set()
    for row in connection.execute(sent.order_by(TelegramPhoto.id.desc())):
        if row.id in seen:
            continue
        seen.add(row.id)
        on_photo = decisions(row)
        shown = shows(row.landmark_id, on_photo)
        # A decision that does not change the answer, such as "not" on another landmark, does not count.
        is_decided = bool(on_photo) and shown != shows(row.landmark_id, [])
        is_decided |= any(said.verdict == "shows" for said in on_photo)
        answer = None if row.landmark_id is None else (row.landmark_id, row.score)
        yield PersonsPhoto(
            row.sha256,
            row.message_id,
            shown,
            is_decided,
            None if is_decided else row.score,
            answer,
            row.received_at,
            row.taken_at,
        )


def shows(answered: int | None, decisions: Sequence[Said]) -> tuple[int, ...]:
    """The landmarks that a photo shows, by the bot's answer and a person's decisions."""
    decided = tuple(said.landmark_id for said in decisions if said.verdict == "shows" and said.landmark_id is not None)
    if decided:
        return decided
    is_denied = any(said.verdict == "none" or said.landmark_id == answered for said in decisions)
    return () if answered is None or is_denied else (answered,)


def _sent(user_id: int, chat_id: int | None) -> ColumnElement[bool]:
    is_theirs = TelegramPhoto.user_id == user_id
    return is_theirs if chat_id is None else is_theirs & (TelegramPhoto.chat_id == chat_id)


def _own(rows: Sequence[Row[Any]]) -> Decisions:
    """What a person last said about a photo, in any chat."""
    last_place = {row.photo_id: row.answer_id for row in rows}
    found = _by_photo(row for row in rows if row.answer_id == last_place[row.photo_id])
    return lambda photo: found[photo.id, last_place.get(photo.id, 0)]


def _of_group(rows: Sequence[Row[Any]]) -> Decisions:
    """What the messages of a group show."""
    last_speaker = {row.answer_id: row.who for row in rows}
    found = _by_photo(row for row in rows if row.who == last_speaker[row.answer_id])
    return lambda photo: found[photo.id, photo.answer_id]


def _by_photo(decisions: Iterable[Row[Any]]) -> dict[tuple[int, int], list[Said]]:
    """Decisions by photo and answer."""
    found: dict[tuple[int, int], list[Said]] = defaultdict(list)
    for row in decisions:
        said = Said(row.id, voices.user_id(row.who), row.verdict, row.landmark_id)
        found[row.photo_id, row.answer_id].append(said)
    return found

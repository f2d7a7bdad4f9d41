"""What the Telegram bot answered, and to which photos: kept so that an answer can be edited, corrected and found again.

Every writing function runs inside the caller's `Store.write` transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from db.rows import Verdict
from db.schema.models import Assessment, Decision, Photo
from db.schema.telegram import TelegramAnswer, TelegramPhoto

# Made once: a statement takes as long to build as to run, and these run for each photo.
ANSWERED = insert(TelegramAnswer).returning(TelegramAnswer.id)
SENT = insert(TelegramPhoto)
_OF_ANSWER = update(TelegramAnswer).where(TelegramAnswer.id == bindparam("answer"))
SENT_AS = _OF_ANSWER.values(message_id=bindparam("message"))
ASKED_BY = _OF_ANSWER.values(asked_message_id=bindparam("message"))
KNOWN = (
    select(Photo.sha256)
    .join(TelegramPhoto, TelegramPhoto.photo_id == Photo.id)
    .join(Assessment, Assessment.photo_id == Photo.id)
    .where(TelegramPhoto.file_unique_id == bindparam("unique"))
    .where(Assessment.model_id == bindparam("model"), Assessment.k >= bindparam("k"))
    .limit(1)
)
DECIDED = (
    select(Photo.id, Decision.verdict, Decision.landmark_id)
    .outerjoin(Decision, (Decision.photo_id == Photo.id) & Decision.revoked_at.is_(None))
    .where(Photo.sha256 == bindparam("content"))
    .order_by(Decision.id)
)
NAMES = ("chat_id", "message_id", "user_id", "file_unique_id", "landmark_id", "score")  # of a sent photo's columns

Verdicts = tuple[tuple[Verdict, int | None], ...]  # each with its landmark


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A message with a photo, and what is said of it.

    Args:
        file_unique_id: Telegram's number of a photo's content; None for a file.
        landmark_id: what the answer says it shows, None where it says "none".
    """

    sha256: str
    chat_id: int
    message_id: int
    user_id: int
    file_unique_id: str | None
    landmark_id: int | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says of one of its photos, and what people said of it since.

    Args:
        decisions: verdict and landmark of each that counts.
    """

    sha256: str
    message_id: int
    landmark_id: int | None
    decisions: Verdicts


@dataclass(frozen=True, slots=True)
class StoredReply:
    """Args:
    shown: as `tagger.bot.render.reply_content.Look.as_json` made it.
    """

    id: int
    chat_id: int
    user_id: int
    message_id: int | None
    shown: dict[str, Any]
    photos: tuple[Said, ...]


def add_answer(connection: Connection, *, chat_id: int, user_id: int, album: str | None, shown: dict[str, Any]) -> int:
    """Returns:
    The answer's number.
    """
    row = {"chat_id": chat_id, "user_id": user_id, "album": album, "shown": shown}
    return int(connection.execute(ANSWERED, row).scalar_one())


def show(connection: Connection, answer_id: int, shown: dict[str, Any]) -> None:
    """The answer says something else now."""
    connection.execute(update(TelegramAnswer).where(TelegramAnswer.id == answer_id).values(shown=shown))


def add_photos(connection: Connection, answer_id: int, photos: Sequence[SentPhoto]) -> tuple[Said, ...]:
    """Returns:
        What is said of each, with what people said of its content before.

    Raises:
        KeyError: a content that the store has never seen.
    """
    now = datetime.now(UTC)
    found = {photo.sha256: _decided(connection, photo.sha256) for photo in photos}
    rows = [
        {
            "answer_id": answer_id,
            "photo_id": found[photo.sha256][0],
            "received_at": now,
            **{name: getattr(photo, name) for name in NAMES},
        }
        for photo in photos
    ]
    if rows:
        connection.execute(SENT, rows)
    return tuple(Said(photo.sha256, photo.message_id, photo.landmark_id, found[photo.sha256][1]) for photo in photos)


def tell(connection: Connection, answer_id: int, told: Mapping[int, tuple[int | None, float | None]]) -> None:
    """Something else is said of an answer's photos now.

    Args:
        told: landmark and score by message number.
    """
    for message_id, (landmark_id, score) in told.items():
        of_photo = (TelegramPhoto.answer_id == answer_id, TelegramPhoto.message_id == message_id)
        connection.execute(update(TelegramPhoto).where(*of_photo).values(landmark_id=landmark_id, score=score))


def sent_as(connection: Connection, answer_id: int, message_id: int) -> None:
    connection.execute(SENT_AS, {"answer": answer_id, "message": message_id})


def asked_by(connection: Connection, answer_id: int, message_id: int | None) -> None:
    """The question for a landmark's name that is open, or none any more."""
    connection.execute(ASKED_BY, {"answer": answer_id, "message": message_id})


def answer(connection: Connection, answer_id: int, *, chat_id: int) -> StoredReply | None:
    """An answer of this chat; None where it was forgotten, or is another chat's."""
    asked = (TelegramAnswer.id == answer_id, TelegramAnswer.chat_id == chat_id)
    row = connection.execute(select(TelegramAnswer.__table__).where(*asked)).first()
    if row is None:
        return None
    return StoredReply(row.id, row.chat_id, row.user_id, row.message_id, row.shown, _said(connection, answer_id))


def album_answer(connection: Connection, *, chat_id: int, album: str) -> int | None:
    """The answer that an album already has."""
    of_album = select(TelegramAnswer.id).where(TelegramAnswer.chat_id == chat_id, TelegramAnswer.album == album)
    return connection.execute(of_album).scalar()


def asking_answer(connection: Connection, *, chat_id: int, message_id: int | None) -> int | None:
    """The answer whose name is asked for by this message; without a message, by the newest open question."""
    asked = select(TelegramAnswer.id).where(TelegramAnswer.chat_id == chat_id)
    if message_id is None:
        asked = asked.where(TelegramAnswer.asked_message_id.is_not(None))
        asked = asked.order_by(TelegramAnswer.asked_message_id.desc())
    else:
        asked = asked.where(TelegramAnswer.asked_message_id == message_id)
    return connection.execute(asked.limit(1)).scalar()


def known_content(connection: Connection, file_unique_id: str, *, model: int, k: int) -> str | None:
    """The sha256 of a photo that was sent before and that this model has looked at."""
    return connection.execute(KNOWN, {"unique": file_unique_id, "model": model, "k": k}).scalar()


def _said(connection: Connection, answer_id: int) -> tuple[Said, ...]:
    photos = (
        select(Photo.sha256, TelegramPhoto.message_id, TelegramPhoto.landmark_id)
        .join(Photo, Photo.id == TelegramPhoto.photo_id)
        .where(TelegramPhoto.answer_id == answer_id)
        .order_by(TelegramPhoto.message_id)
    )
    return tuple(Said(*row, _decided(connection, row.sha256)[1]) for row in connection.execute(photos).all())


def _decided(connection: Connection, sha256: str) -> tuple[int, Verdicts]:
    """A photo's number, and what people say of it."""
    rows = connection.execute(DECIDED, {"content": sha256}).all()
    if not rows:
        raise KeyError(sha256)
    return rows[0].id, tuple((row.verdict, row.landmark_id) for row in rows if row.verdict is not None)

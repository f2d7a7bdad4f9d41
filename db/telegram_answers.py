"""What the Telegram bot answered, and to which photos: kept so that an answer can be edited, corrected and found again.

Every writing function runs inside the caller's `Store.write` transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from db.models import Assessment, Decision, Photo
from db.rows import Verdict
from db.telegram_tables import TelegramAnswer, TelegramPhoto

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
    shown: as `tagger.bot.looks.Look.as_json` made it.
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
    row = insert(TelegramAnswer).values(chat_id=chat_id, user_id=user_id, album=album, shown=shown)
    return connection.execute(row.returning(TelegramAnswer.id)).scalar_one()


def show(connection: Connection, answer_id: int, shown: dict[str, Any]) -> None:
    """The answer says something else now."""
    connection.execute(update(TelegramAnswer).where(TelegramAnswer.id == answer_id).values(shown=shown))


def add_photos(
    connection: Connection, answer_id: int, photos: Sequence[SentPhoto], photo_ids: dict[str, int]
) -> tuple[Said, ...]:
    """Args:
        photo_ids: by sha256, as `db.outcomes.write_contents` returns them.

    Returns:
        What is said of each, with what people said of its content before.
    """
    now = datetime.now(UTC)
    columns = ("chat_id", "message_id", "user_id", "file_unique_id", "landmark_id", "score")
    rows = [
        {
            "answer_id": answer_id,
            "photo_id": photo_ids[photo.sha256],
            "received_at": now,
            **{name: getattr(photo, name) for name in columns},
        }
        for photo in photos
    ]
    if not rows:
        return ()
    connection.execute(insert(TelegramPhoto), rows)
    decided = _decided(connection, photo_ids.values())
    return tuple(
        Said(photo.sha256, photo.message_id, photo.landmark_id, decided[photo_ids[photo.sha256]]) for photo in photos
    )


def tell(connection: Connection, answer_id: int, told: Mapping[int, tuple[int | None, float | None]]) -> None:
    """Something else is said of an answer's photos now.

    Args:
        told: landmark and score by message number.
    """
    for message_id, (landmark_id, score) in told.items():
        of_photo = (TelegramPhoto.answer_id == answer_id, TelegramPhoto.message_id == message_id)
        connection.execute(update(TelegramPhoto).where(*of_photo).values(landmark_id=landmark_id, score=score))


def sent_as(connection: Connection, answer_id: int, message_id: int) -> None:
    connection.execute(update(TelegramAnswer).where(TelegramAnswer.id == answer_id).values(message_id=message_id))


def asked_by(connection: Connection, answer_id: int, message_id: int | None) -> None:
    """The question for a landmark's name that is open, or none any more."""
    asked = {"asked_message_id": message_id}
    connection.execute(update(TelegramAnswer).where(TelegramAnswer.id == answer_id).values(asked))


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
    statement = (
        select(Photo.sha256)
        .join(TelegramPhoto, TelegramPhoto.photo_id == Photo.id)
        .join(Assessment, Assessment.photo_id == Photo.id)
        .where(TelegramPhoto.file_unique_id == file_unique_id)
        .where(Assessment.model_id == model, Assessment.k >= k)
    )
    return connection.execute(statement.limit(1)).scalar()


def _said(connection: Connection, answer_id: int) -> tuple[Said, ...]:
    photos = (
        select(Photo.id, Photo.sha256, TelegramPhoto.message_id, TelegramPhoto.landmark_id)
        .join(Photo, Photo.id == TelegramPhoto.photo_id)
        .where(TelegramPhoto.answer_id == answer_id)
        .order_by(TelegramPhoto.message_id)
    )
    rows = connection.execute(photos).all()
    decided = _decided(connection, [row.id for row in rows])
    return tuple(Said(row.sha256, row.message_id, row.landmark_id, decided[row.id]) for row in rows)


def _decided(connection: Connection, photo_ids: Iterable[int]) -> dict[int, Verdicts]:
    """What people say of photos, by their numbers."""
    active = select(Decision.photo_id, Decision.verdict, Decision.landmark_id).where(
        Decision.photo_id.in_(list(photo_ids)), Decision.revoked_at.is_(None)
    )
    found: dict[int, Verdicts] = defaultdict(tuple)
    for row in connection.execute(active.order_by(Decision.id)):
        found[row.photo_id] += ((row.verdict, row.landmark_id),)
    return found

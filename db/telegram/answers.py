"""The Telegram bot's answers and their photos, so that an answer can be edited, corrected and found again.

Functions that write run inside the caller's `Store.write` transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from db.dialect import execute
from db.schema.models import Assessment, Decision, Photo, Variant
from db.schema.telegram import TelegramAnswer, TelegramPhoto, TelegramUpdate
from db.telegram import voices
from db.telegram.voices import Said

# Built once: a statement takes as long to build as to run, and these run for each photo.
INSERT_ANSWER = insert(TelegramAnswer).returning(TelegramAnswer.id)
INSERT_PHOTO = insert(TelegramPhoto)
SET_MESSAGE = (
    update(TelegramAnswer).where(TelegramAnswer.id == bindparam("answer")).values(message_id=bindparam("message"))
)
KNOWN_CONTENT = (
    select(Photo.sha256)
    .join(TelegramPhoto, TelegramPhoto.photo_id == Photo.id)
    .join(Assessment, Assessment.photo_id == Photo.id)
    .where(TelegramPhoto.file_unique_id == bindparam("unique"))
    .where(Assessment.model_id == bindparam("model"), Assessment.k >= bindparam("k"))
    .limit(1)
)
IN_PLACE = (Decision.answer_id == bindparam("place")) & or_(Decision.who == bindparam("who"), bindparam("place") != 0)
PHOTO_AND_DECISIONS = (
    select(Photo.id, Decision.id.label("decision"), Decision.who, Decision.verdict, Decision.landmark_id)
    .outerjoin(Decision, (Decision.photo_id == Photo.id) & Decision.revoked_at.is_(None) & IN_PLACE)
    .order_by(Decision.id)
)
CONTENT_AND_DECISIONS = PHOTO_AND_DECISIONS.where(Photo.sha256 == bindparam("sha256"))
VARIANT_AND_DECISIONS = PHOTO_AND_DECISIONS.join(Variant, Variant.photo_id == Photo.id).where(
    Variant.sha256 == bindparam("sha256")
)
SENT_COLUMNS = ("chat_id", "message_id", "user_id", "file_unique_id", "landmark_id", "score")


class UnknownContent(KeyError):
    """A content that the store never had, or no longer has, because the person who sent it asked to forget it."""


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A message with a photo, and what the bot answered."""

    sha256: str
    chat_id: int
    message_id: int
    user_id: int
    file_unique_id: str | None  # Telegram's number of a photo's content; None for a file
    landmark_id: int | None  # what the answer says that the photo shows; None if it says "none"
    score: float | None


@dataclass(frozen=True, slots=True)
class AnsweredPhoto:
    """What an answer says about one of its photos, and what was decided; see `db.telegram.voices`."""

    sha256: str
    message_id: int
    landmark_id: int | None  # as in `SentPhoto`
    decisions: tuple[Said, ...]  # of one person


@dataclass(frozen=True, slots=True)
class StoredReply:
    """An answer of the bot."""

    id: int
    chat_id: int
    user_id: int
    message_id: int | None  # of the message with it; None until it was sent
    is_moved: bool  # it was sent before its group became a supergroup, with another number than the chat has now
    shown: dict[str, Any]  # its content, as `tagger.bot.render.reply_text.ReplyContent.as_json` made it
    photos: tuple[AnsweredPhoto, ...]

    @property
    def last_decision(self) -> Said | None:
        """The newest decision that the answer shows."""
        return max((said for photo in self.photos for said in photo.decisions), default=None)


def add_answer(connection: Connection, *, chat_id: int, user_id: int, album: str | None, shown: dict[str, Any]) -> int:
    """Store a new answer, and return its number."""
    row = {"chat_id": chat_id, "user_id": user_id, "album": album, "shown": shown}
    return int(execute(connection, INSERT_ANSWER, row).scalar_one())


def set_shown(connection: Connection, answer_id: int, shown: dict[str, Any]) -> None:
    """Replace an answer's content."""
    connection.execute(update(TelegramAnswer).where(TelegramAnswer.id == answer_id).values(shown=shown))


def add_photos(connection: Connection, answer_id: int, photos: Sequence[SentPhoto]) -> tuple[AnsweredPhoto, ...]:
    """Store the photos of an answer.

    Returns:
        The photos; in a private chat, with what the person decided about their contents before.

    Raises:
        UnknownContent: the store does not have one of the contents.
    """
    now = datetime.now(UTC)
    found = {photo.sha256: _decisions(connection, photo.sha256, photo.chat_id, answer_id) for photo in photos}
    rows = [
        {
            "answer_id": answer_id,
            "photo_id": found[photo.sha256][0],
            "received_at": now,
            **{name: getattr(photo, name) for name in SENT_COLUMNS},
        }
        for photo in photos
    ]
    if rows:
        execute(connection, INSERT_PHOTO, rows)
    return tuple(
        AnsweredPhoto(photo.sha256, photo.message_id, photo.landmark_id, found[photo.sha256][1]) for photo in photos
    )


def set_verdicts(
    connection: Connection, answer_id: int, verdicts: Mapping[int, tuple[int | None, float | None]]
) -> None:
    """Replace an answer's verdicts on its photos.

    Args:
        verdicts: landmark and score by message number.
    """
    for message_id, (landmark_id, score) in verdicts.items():
        of_photo = (TelegramPhoto.answer_id == answer_id, TelegramPhoto.message_id == message_id)
        connection.execute(update(TelegramPhoto).where(*of_photo).values(landmark_id=landmark_id, score=score))


def set_message_id(connection: Connection, answer_id: int, message_id: int) -> None:
    """Store which message contains an answer."""
    execute(connection, SET_MESSAGE, {"answer": answer_id, "message": message_id})


def get_answer(connection: Connection, answer_id: int, *, chat_id: int) -> StoredReply | None:
    """An answer of this chat; None if it was forgotten, or belongs to another chat."""
    of_chat = (TelegramAnswer.id == answer_id, TelegramAnswer.chat_id == chat_id)
    row = connection.execute(select(TelegramAnswer.__table__).where(*of_chat)).first()
    if row is None:
        return None
    photos = _photos(connection, row.id, row.chat_id)
    speaker = voices.of_last_speaker([said for photo in photos for said in photo.decisions])
    photos = [replace(photo, decisions=tuple(said for said in photo.decisions if said in speaker)) for photo in photos]
    number, is_moved = row.message_id and abs(row.message_id), (row.message_id or 0) < 0
    return StoredReply(row.id, row.chat_id, row.user_id, number, is_moved, row.shown, tuple(photos))


def album_answer(connection: Connection, *, chat_id: int, album: str) -> int | None:
    """The number of the answer that an album already has."""
    of_album = select(TelegramAnswer.id).where(TelegramAnswer.chat_id == chat_id, TelegramAnswer.album == album)
    return connection.execute(of_album).scalar()


def is_answered(
    connection: Connection, update_id: int, *, chat_id: int, user_id: int, message_id: int, unique: str | None
) -> bool:
    """Whether a person's message was answered before an edit.

    Args:
        connection: any.
        update_id: of the edit.
        chat_id: of the message.
        user_id: who sent it.
        message_id: the message.
        unique: Telegram's id of its photo; another photo in its place was not answered.
    """
    of_message = (TelegramPhoto.user_id == user_id, TelegramPhoto.chat_id == chat_id)
    photos = select(TelegramPhoto.file_unique_id).where(*of_message, TelegramPhoto.message_id == message_id)
    if sent := list(connection.execute(photos).scalars()):
        return unique is None or unique in sent
    earlier = (TelegramUpdate.chat_id == chat_id, TelegramUpdate.message_id == message_id)
    replied = (TelegramUpdate.update_id < update_id, TelegramUpdate.reply_message_id.is_not(None))
    return connection.execute(select(TelegramUpdate.update_id).where(*earlier, *replied)).first() is not None


def known_content(connection: Connection, file_unique_id: str, *, model: int, k: int) -> str | None:
    """The sha256 of a photo that was sent before, if this model has answered it."""
    return execute(connection, KNOWN_CONTENT, {"unique": file_unique_id, "model": model, "k": k}).scalar()


def _photos(connection: Connection, answer_id: int, chat_id: int) -> list[AnsweredPhoto]:
    """The photos of an answer, with all decisions that are made there."""
    photos = (
        select(Photo.sha256, TelegramPhoto.message_id, TelegramPhoto.landmark_id)
        .join(Photo, Photo.id == TelegramPhoto.photo_id)
        .where(TelegramPhoto.answer_id == answer_id)
        .order_by(TelegramPhoto.message_id)
    )
    rows = connection.execute(photos).all()
    return [AnsweredPhoto(*row, _decisions(connection, row.sha256, chat_id, answer_id)[1]) for row in rows]


def _decisions(connection: Connection, sha256: str, chat_id: int, answer_id: int) -> tuple[int, tuple[Said, ...]]:
    """A photo's number, and the active decisions on it: a person's own, or in a group those at the answer."""
    where = {"sha256": sha256, "who": voices.who(chat_id), "place": voices.place(chat_id, answer_id)}
    rows = execute(connection, CONTENT_AND_DECISIONS, where).all()
    rows = rows or execute(connection, VARIANT_AND_DECISIONS, where).all()
    if not rows:
        raise UnknownContent(sha256)
    decided = [row for row in rows if row.decision is not None]
    said = (Said(row.decision, voices.user_id(row.who), row.verdict, row.landmark_id) for row in decided)
    return rows[0].id, tuple(said)

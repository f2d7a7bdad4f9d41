"""Export and delete what the Telegram bot stores about a person.

The one rule: `export` and `forget` cover the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, delete, or_, select

from db.batching import in_batches
from db.read.files import below
from db.schema.models import Assessment, Decision, File, Landmark, Photo, Suggestion, Variant
from db.schema.taught import TaughtExample
from db.schema.telegram import (
    TelegramAnswer,
    TelegramChat,
    TelegramPerson,
    TelegramPhoto,
    TelegramQuestion,
    TelegramUpdate,
)
from db.taught.places import remove_examples
from db.telegram.voices import who

if TYPE_CHECKING:
    from db.schema.base import AnySelect


def export(
    connection: Connection, user_id: int, *, kept: str, chat_id: int | None = None
) -> dict[str, list[dict[str, Any]]]:
    """All rows about a person, by table, as JSON values.

    Args:
        connection: any.
        user_id: the person.
        kept: as for `forget`.
        chat_id: a group: only the rows of what they sent and decided there.
    """
    photos, answers, decisions = (
        TelegramPhoto.user_id == user_id,
        TelegramAnswer.user_id == user_id,
        Decision.who == who(user_id),
    )
    if chat_id is not None:
        photos &= TelegramPhoto.chat_id == chat_id
        answers &= TelegramAnswer.chat_id == chat_id
        decisions &= Decision.answer_id.in_(select(TelegramAnswer.id).where(TelegramAnswer.chat_id == chat_id))
    tables: dict[str, AnySelect] = {
        "photos": _photos(photos),
        "suggestions": _suggestions(photos),
        "answers": select(TelegramAnswer.__table__).where(answers),
        "decisions": _decisions(decisions),
    }
    if chat_id is None:
        tables["taught"] = _taught(user_id, kept)
        tables["settings"] = select(TelegramPerson.__table__).where(TelegramPerson.user_id == user_id)
        tables["questions"] = select(TelegramQuestion.__table__).where(TelegramQuestion.user_id == user_id)
        tables["messages_in_work"] = _in_work(user_id)
    return {name: [_plain(row._mapping) for row in connection.execute(rows)] for name, rows in tables.items()}


def forget(connection: Connection, user_id: int, *, kept: str, keep_update: int | None = None) -> list[str]:
    """Delete all rows about a person, and the photos that only they sent, unless they are in a folder of a library.

    Args:
        user_id: Telegram's number of the person.
        kept: the folder where the bot keeps photos, absolute; files in it were sent.
        keep_update: the update that asks to forget; it is deleted once it is answered, by `db.telegram.inbox.drop`.

    Returns:
        The sha256 of the photos that only they sent, and of all that are the same but for their metadata.
    """
    mine = select(TelegramPhoto.photo_id).where(TelegramPhoto.user_id == user_id)
    others = select(TelegramPhoto.photo_id).where(TelegramPhoto.user_id != user_id)
    only_mine = select(Photo.id, Photo.sha256).where(Photo.id.in_(mine), Photo.id.not_in(others))
    sent = {row.id: row.sha256 for row in connection.execute(only_mine)}
    examples = set(connection.execute(_examples(user_id, kept)).scalars())
    _delete_telegram_rows(connection, user_id, keep_update)
    remove_examples(connection, examples)
    connection.execute(delete(Decision).where(Decision.who == who(user_id)))
    variants = [sha256 for batch in in_batches(sent) for sha256 in connection.execute(_variants(batch)).scalars()]
    _delete_contents(connection, sent, kept)
    return [*sent.values(), *variants]


def answers_decided_by(connection: Connection, user_id: int, limit: int) -> list[tuple[int, int]]:
    """The newest answers to others that show or may show a person's decision, as chat and answer."""
    active = (Decision.who == who(user_id), Decision.revoked_at.is_(None), TelegramAnswer.user_id != user_id)
    found = select(TelegramAnswer.chat_id, TelegramAnswer.id).join(Decision, Decision.answer_id == TelegramAnswer.id)
    rows = connection.execute(found.where(*active).distinct().order_by(TelegramAnswer.id.desc()).limit(limit))
    return [(row.chat_id, row.id) for row in rows]


def forget_unsent(connection: Connection, contents: Sequence[str], *, kept: str) -> list[str]:
    """Delete photos that were tagged but not answered, unless somebody has sent them, or a library has them.

    Args:
        connection: of a transaction that writes.
        contents: their sha256.
        kept: as for `forget`.

    Returns:
        The sha256 of those that nobody sent.
    """
    found: dict[int, str] = {}
    is_sent = select(TelegramPhoto.id).where(TelegramPhoto.photo_id == Photo.id).exists()
    for batch in in_batches(contents):
        unsent = select(Photo.id, Photo.sha256).where(Photo.sha256.in_(batch), ~is_sent)
        found |= {row.id: row.sha256 for row in connection.execute(unsent)}
    _delete_contents(connection, found, kept)
    return list(found.values())


def _delete_contents(connection: Connection, photos: Iterable[int], kept: str) -> None:
    """Delete photos that are in no folder of a library, and on which no trusted person has decided in private."""
    is_trusted = (Decision.is_trusted, Decision.answer_id == 0, Decision.revoked_at.is_(None))
    for batch in in_batches(photos):
        connection.execute(delete(File).where(File.photo_id.in_(batch), below(kept)))
        connection.execute(delete(Variant).where(Variant.photo_id.in_(batch)))  # a library's are read again
        in_folders = select(File.photo_id).where(File.photo_id.in_(batch))
        decided = select(Decision.photo_id).where(Decision.photo_id.in_(batch), *is_trusted)
        used = {*connection.execute(in_folders).scalars(), *connection.execute(decided).scalars()}
        orphans = [number for number in batch if number not in used]
        for table in (Decision, Suggestion, Assessment):
            connection.execute(delete(table).where(table.photo_id.in_(orphans)))
        connection.execute(delete(Photo).where(Photo.id.in_(orphans)))


def _examples(user_id: int, kept: str) -> AnySelect:
    """The sha256 of the examples of taught places that a person sent, or asked about; not those from a library."""
    mine = select(TelegramPhoto.photo_id).where(TelegramPhoto.user_id == user_id)
    in_library = select(File.photo_id).where(File.photo_id.is_not(None), ~below(kept))
    sent = Photo.id.in_(mine), Photo.id.not_in(in_library)
    contents = select(Photo.sha256).where(*sent)
    variants = select(Variant.sha256).join(Photo, Photo.id == Variant.photo_id).where(*sent)
    return select(TaughtExample.sha256).where(or_(*(TaughtExample.sha256.in_(rows) for rows in (contents, variants))))


def _taught(user_id: int, kept: str) -> AnySelect:
    return (
        select(TaughtExample.sha256, Landmark.name)
        .join(Landmark, Landmark.id == TaughtExample.landmark_id)
        .where(TaughtExample.sha256.in_(_examples(user_id, kept)))
        .distinct()
    )


def _variants(photos: Sequence[int]) -> AnySelect:
    return select(Variant.sha256).where(Variant.photo_id.in_(photos))


def _delete_telegram_rows(connection: Connection, user_id: int, keep_update: int | None) -> None:
    answers = select(TelegramAnswer.id).where(TelegramAnswer.user_id == user_id)
    of_person = (TelegramQuestion.user_id == user_id) | TelegramQuestion.answer_id.in_(answers)
    connection.execute(delete(TelegramQuestion).where(of_person))
    connection.execute(delete(TelegramPhoto).where(TelegramPhoto.user_id == user_id))
    connection.execute(delete(TelegramAnswer).where(TelegramAnswer.user_id == user_id))
    connection.execute(delete(TelegramPerson).where(TelegramPerson.user_id == user_id))
    connection.execute(delete(TelegramChat).where(TelegramChat.chat_id == user_id))
    updates = (TelegramUpdate.user_id == user_id) | (TelegramUpdate.chat_id == user_id)
    connection.execute(delete(TelegramUpdate).where(updates, TelegramUpdate.update_id.is_distinct_from(keep_update)))


def _photos(of_person: ColumnElement[bool]) -> AnySelect:
    columns = (TelegramPhoto.chat_id, TelegramPhoto.message_id, TelegramPhoto.received_at, TelegramPhoto.score)
    about = (Photo.sha256, Photo.width, Photo.height, Photo.format, Photo.size_bytes, Photo.taken_at, Landmark.name)
    return (
        select(*columns, *about)
        .join(Photo, Photo.id == TelegramPhoto.photo_id)
        .outerjoin(Landmark, Landmark.id == TelegramPhoto.landmark_id)
        .where(of_person)
        .order_by(TelegramPhoto.id)
    )


def _suggestions(of_person: ColumnElement[bool]) -> AnySelect:
    sent = select(TelegramPhoto.photo_id).where(of_person)
    return (
        select(Photo.sha256, Suggestion.rank, Landmark.name, Suggestion.score, Suggestion.is_tag)
        .join(Photo, Photo.id == Suggestion.photo_id)
        .join(Landmark, Landmark.id == Suggestion.landmark_id)
        .where(Suggestion.photo_id.in_(sent), Suggestion.model_id == Photo.current_model_id)
        .order_by(Suggestion.photo_id, Suggestion.rank)
    )


def _decisions(of_person: ColumnElement[bool]) -> AnySelect:
    moments = (Decision.decided_at, Decision.revoked_at)
    return (
        select(Photo.sha256, Decision.verdict, Landmark.name, *moments, Decision.is_trusted)
        .join(Photo, Photo.id == Decision.photo_id)
        .outerjoin(Landmark, Landmark.id == Decision.landmark_id)
        .where(of_person)
        .order_by(Decision.id)
    )


def _in_work(user_id: int) -> AnySelect:
    columns = (TelegramUpdate.update_id, TelegramUpdate.state, TelegramUpdate.content, TelegramUpdate.received_at)
    return select(*columns).where(TelegramUpdate.user_id == user_id).order_by(TelegramUpdate.update_id)


def _plain(row: Any) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}

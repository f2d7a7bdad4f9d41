"""Answering photos: what is stored, what is sent, and how an answer is changed later.

The one rule: an answer, and where its photos came from, is stored in the transaction that says that it is being sent;
what the model says of their contents is stored before that. So a photo is either unanswered, or answered with all that
belongs to it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from db.rows import LandmarkRow
from db.telegram import answers
from db.telegram.answers import Said, SentPhoto, StoredReply
from db.write.results import write_results
from tagger.bot.context import UpdateContext
from tagger.bot.render.error_texts import error_text
from tagger.bot.render.languages import Language
from tagger.bot.render.reply_content import PhotoVerdict, ProcessedPhoto, reply_content
from tagger.bot.render.reply_text import compose
from tagger.bot.transport.message import OutgoingMessage
from tagger.core.types import Failed, FoundFile
from tagger.library.answers import outcome

if TYPE_CHECKING:
    from db.engine import Connection


async def answer(
    visit: UpdateContext, seen: Sequence[ProcessedPhoto], *, album: str | None = None, together: Collection[int] = ()
) -> None:
    """Answer a photo, or the photos of an album, with one message.

    Args:
        together: the album's other updates.
    """
    look, told = reply_content(seen, visit.services.model.thresholds, visit.services.numbers)

    def write(connection: Connection) -> OutgoingMessage:
        if not look.photos:
            return OutgoingMessage(visit.chat.id, _trouble(visit, seen), seen[0].message_id)
        answer_id = answers.add_answer(
            connection, chat_id=visit.chat.id, user_id=visit.user.id, album=album, shown=look.as_json()
        )
        said = _store(connection, visit, answer_id, seen, told)
        stored = StoredReply(answer_id, visit.chat.id, visit.user.id, None, look.as_json(), said)
        html, keyboard = compose(stored, *_reader(visit), is_private=visit.is_private)
        return OutgoingMessage(visit.chat.id, html, seen[0].message_id, keyboard, answer_id=answer_id)

    await visit.services.outbox.send(visit.update.update_id, write, together=together)
    visit.services.typing.pop(visit.chat.id, None)


async def add_to_album(visit: UpdateContext, answer_id: int, late: Sequence[ProcessedPhoto]) -> None:
    """Photos that came after their album was answered: the answer is edited."""
    services = visit.services
    stored = await services.desk.read(lambda c: answers.answer(c, answer_id, chat_id=visit.chat.id))
    if stored is None:
        return
    recalled = [(photo.message_id, await services.model.recall(photo.sha256)) for photo in stored.photos]
    earlier = [ProcessedPhoto(number, result) for number, result in recalled if result is not None]
    look, told = reply_content([*earlier, *late], services.model.thresholds, services.numbers)

    def write(connection: Connection) -> StoredReply:
        answers.show(connection, answer_id, look.as_json())
        answers.tell(connection, answer_id, told)
        _store(connection, visit, answer_id, late, told)
        return _stored(connection, visit, answer_id)

    await refresh(visit, await services.desk.write(write))


async def refresh(visit: UpdateContext, stored: StoredReply) -> None:
    """Let an answer's message say what the store says now."""
    if stored.message_id is not None:
        html, keyboard = compose(stored, *_reader(visit), is_private=visit.is_private)
        await visit.edit(html, keyboard, message_id=stored.message_id)


def _reader(visit: UpdateContext) -> tuple[Language, dict[int, LandmarkRow]]:
    return visit.language, visit.services.landmarks


def _trouble(visit: UpdateContext, seen: Sequence[ProcessedPhoto]) -> str:
    failed = seen[0].result.answer
    assert isinstance(failed, Failed)
    return error_text(failed.kind, visit.language)


def _stored(connection: Connection, visit: UpdateContext, answer_id: int) -> StoredReply:
    stored = answers.answer(connection, answer_id, chat_id=visit.chat.id)
    assert stored is not None
    return stored


def _store(
    connection: Connection,
    visit: UpdateContext,
    answer_id: int,
    seen: Sequence[ProcessedPhoto],
    told: dict[int, PhotoVerdict],
) -> tuple[Said, ...]:
    services = visit.services
    read = [photo for photo in seen if photo.message_id in told]
    kept = [outcome(_found(photo.kept), photo.result) for photo in read if photo.kept is not None]
    if kept:
        write_results(connection, kept, run=services.run, model=services.model.number, k=services.model.k)
    rows = [
        SentPhoto(
            str(photo.result.sha256), visit.chat.id, photo.message_id, visit.user.id, photo.file_unique_id,
            *told[photo.message_id],
        )
        for photo in read
    ]  # fmt: skip
    return answers.add_photos(connection, answer_id, rows)


def _found(kept: Path) -> FoundFile:
    status = kept.stat()
    return FoundFile(str(kept.absolute()), status.st_size, status.st_mtime_ns)

"""Answers photos: stores and sends an answer, and edits it later.

The one rule: an answer, and the messages of its photos, are stored in the transaction that marks it as being sent; what
the model says about their contents is stored before that. So a photo is either unanswered, or answered with everything
that belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from telegram.constants import ParseMode
from telegram.error import TelegramError

from db.telegram import answers
from db.telegram.answers import AnsweredPhoto, SentPhoto, StoredReply
from db.telegram.people import has_shown
from db.telegram.voices import is_private
from db.write.results import write_results
from tagger.bot.context import EDIT_TRIES, UpdateContext
from tagger.bot.render.error_texts import OF_MESSAGE, error_text
from tagger.bot.render.languages import Language
from tagger.bot.render.length import shorten
from tagger.bot.render.processed import ProcessedPhoto, Verdicts, content_of
from tagger.bot.render.reply_text import (
    ReplyContent,
    render_answer,
    shown_landmarks,
)
from tagger.bot.services import Services
from tagger.bot.transport.message import Keyboard, OutgoingMessage, inline_markup
from tagger.bot.transport.retry import with_retries
from tagger.core.types import Failed, FoundFile

if TYPE_CHECKING:
    from db.engine import Connection

KNOWN, UNKNOWN, UNREADABLE = "👍", "🤔", "🤷"  # of the few reactions that bots may use


@dataclass(frozen=True, slots=True)
class Naming:
    """What the person who asks says about the photos.

    Args:
        decide: stores that about an answer, and returns the answer as it is then.
        note: a sentence below the answer.
    """

    decide: Callable[[Connection, int], StoredReply | None]
    note: str = ""


async def answer_photos(
    context: UpdateContext,
    photos: Sequence[ProcessedPhoto],
    *,
    album: str | None = None,
    also_answers: Collection[int] = (),
    naming: Naming | None = None,
) -> None:
    """Answer a photo, or all photos of an album, with one message.

    Args:
        album: Telegram's id of the album; photos that join it later edit its first answer.
        also_answers: the album's other updates.
        naming: what a reply says about the photos.
    """
    services = context.services
    content, verdicts = content_of(services, photos)
    is_in_group = naming is not None and not context.is_private
    speaker = await services.member_name(context.chat_id, context.user_id) if is_in_group else ""
    if context.is_quiet and not context.replied_photo:
        await _react(context, photos, content, verdicts, album=album, also_answers=also_answers)
        return
    reply_to = context.message_id if context.replied_photo else photos[0].message_id

    def write(connection: Connection) -> OutgoingMessage:
        is_later = album is not None and answers.album_answer(connection, chat_id=context.chat_id, album=album)
        if album is None and not content.photo_count:
            return OutgoingMessage(context.chat_id, _error_text(context, photos), reply_to, thread_id=context.thread_id)
        answer_id = answers.add_answer(
            connection,
            chat_id=context.chat_id,
            user_id=context.user_id,
            album=None if is_later else album,
            shown=content.as_json(),
        )
        said = _store(connection, context, answer_id, photos, verdicts, user_id=context.user_id)
        stored = StoredReply(answer_id, context.chat_id, context.user_id, None, False, content.as_json(), said)
        if naming is not None:
            stored = naming.decide(connection, answer_id) or stored
        if not content.photo_count:
            html, keyboard = _error_text(context, photos), Keyboard()
        else:
            new_countries = _new_countries(context, connection, stored)
            note = naming.note if naming is not None else ""
            html, keyboard = _render(context, stored, new_countries, speaker, note)
        return OutgoingMessage(
            context.chat_id, html, reply_to, keyboard, answer_id=answer_id, thread_id=context.thread_id
        )

    await context.send(write, also_answers=also_answers)
    services.typing_since.pop((context.chat_id, context.thread_id), None)


async def _react(
    context: UpdateContext,
    photos: Sequence[ProcessedPhoto],
    content: ReplyContent,
    verdicts: Verdicts,
    *,
    album: str | None,
    also_answers: Collection[int],
) -> None:
    """Answer with a reaction alone. The photos count as answered with a message, and may be asked about by a reply."""

    def write(connection: Connection) -> None:
        if content.photo_count:
            numbers = {"chat_id": context.chat_id, "user_id": context.user_id}
            answer_id = answers.add_answer(connection, **numbers, album=album, shown=content.as_json())
            _store(connection, context, answer_id, photos, verdicts, user_id=context.user_id)

    is_known = any(shown.is_tag for shown in content.landmarks)
    await context.react(KNOWN if is_known else UNKNOWN if content.photo_count else UNREADABLE)
    await context.services.outbox.finish(context.update.update_id, write, also_answers=also_answers)


async def add_to_album(context: UpdateContext, answer_id: int, late: Sequence[ProcessedPhoto]) -> None:
    """Edit the answer to an album after more photos of it have arrived."""
    services = context.services
    stored = await services.db.read(lambda c: answers.get_answer(c, answer_id, chat_id=context.chat_id))
    if stored is None:
        return
    recalled = [(photo.message_id, await services.batcher.recall(photo.sha256)) for photo in stored.photos]
    earlier = [ProcessedPhoto(message_id, result) for message_id, result in recalled if result is not None]
    before = ReplyContent.from_json(stored.shown)
    user_id = stored.user_id  # the photos of an answer are the person's who asked for it
    content, verdicts = content_of(services, [*earlier, *late])
    content = replace(
        content,
        unread_count=content.unread_count + before.unread_count,
        other_count=content.other_count + before.other_count,
    )

    def write(connection: Connection) -> StoredReply:
        answers.set_shown(connection, answer_id, content.as_json())
        answers.set_verdicts(connection, answer_id, verdicts)
        _store(connection, context, answer_id, late, verdicts, user_id=user_id)
        stored = answers.get_answer(connection, answer_id, chat_id=context.chat_id)
        assert stored is not None
        return stored

    stored = await services.db.write(write)
    if content.photo_count:
        await refresh(context, stored)


async def refresh(context: UpdateContext, stored: StoredReply) -> None:
    """Edit an answer's message so that it shows what is stored now; in a group, also who decided last.

    A message from before its group migrated is edited only by its own buttons: now its number may be another one's.
    """
    if stored.message_id is None or (stored.is_moved and context.message_id != stored.message_id):
        return
    said = stored.last_decision
    speaker = ""
    if said is not None and not context.is_private:
        speaker = await context.services.member_name(context.chat_id, said.user_id)
    new_countries = await context.services.db.read(lambda c: _new_countries(context, c, stored))
    await context.edit(*_render(context, stored, new_countries, speaker), message_id=stored.message_id)


async def refresh_in_group(services: Services, language: Language, stored: StoredReply) -> None:
    """`refresh` for an answer in a group that nobody has touched; a message from before its group migrated stays."""
    if stored.message_id is None or stored.is_moved:
        return
    said, number = stored.last_decision, stored.message_id
    speaker = await services.member_name(stored.chat_id, said.user_id) if said else ""
    landmarks = services.landmarks_in(language)
    html, keyboard = render_answer(stored, language, landmarks, is_private=False, speaker=speaker)
    with suppress(TelegramError):
        await with_retries(
            lambda: services.bot.edit_message_text(
                shorten(html), stored.chat_id, number, parse_mode=ParseMode.HTML, reply_markup=inline_markup(keyboard)
            ),
            tries=EDIT_TRIES,
        )


def _new_countries(context: UpdateContext, connection: Connection, stored: StoredReply) -> list[str]:
    """The countries on an answer's photos of which the person had sent none before; only told in private."""
    if not is_private(stored.chat_id):
        return []
    countries = {  # by their English names, which the store has
        country: str(context.landmarks[number].country)
        for number in shown_landmarks(stored)
        if (country := context.services.landmarks[number].country)
    }
    return [
        localized
        for country, localized in countries.items()
        if not has_shown(connection, stored.user_id, country, before_answer=stored.id)
    ]


def _render(
    context: UpdateContext, stored: StoredReply, new_countries: Sequence[str], speaker: str = "", note: str = ""
) -> tuple[str, Keyboard]:
    html, keyboard = render_answer(
        stored,
        context.language,
        context.landmarks,
        is_private=context.is_private,
        speaker=speaker,
        new_countries=new_countries,
    )
    return shorten(f"{html}\n\n{note}" if note else html), keyboard


def _error_text(context: UpdateContext, photos: Sequence[ProcessedPhoto]) -> str:
    """Why nothing could be read: the reason of the first photo, or of what came instead of photos."""
    failures = [photo.result.answer for photo in photos if isinstance(photo.result.answer, Failed)]
    failed = min(failures, key=lambda failure: failure.kind in OF_MESSAGE)
    if failed.kind in OF_MESSAGE:
        return context._(OF_MESSAGE[failed.kind])
    return error_text(failed.kind, context.language, max_file_bytes=context.services.max_file_bytes)


def _store(
    connection: Connection,
    context: UpdateContext,
    answer_id: int,
    photos: Sequence[ProcessedPhoto],
    verdicts: Verdicts,
    *,
    user_id: int,
) -> tuple[AnsweredPhoto, ...]:
    services = context.services
    readable = [photo for photo in photos if photo.message_id in verdicts]
    kept = [(_found(photo.kept), photo.result) for photo in readable if photo.kept is not None]
    if kept:
        batcher = services.batcher
        write_results(connection, kept, run=services.run_id, model=batcher.model_id, k=batcher.k)
    rows = [
        SentPhoto(
            str(photo.result.sha256), context.chat_id, photo.message_id, user_id, photo.file_unique_id,
            *verdicts[photo.message_id],
        )
        for photo in readable
    ]  # fmt: skip
    return answers.add_photos(connection, answer_id, rows)


def _found(kept: Path) -> FoundFile:
    status = kept.stat()
    return FoundFile(str(kept.absolute()), status.st_size, status.st_mtime_ns)

"""Tags the photos and files of messages, and collects albums, whose photos arrive one by one and in any order.

What can be answered without the bytes is answered without them: a file that is too large is not
downloaded, and the answer to a photo that was sent before is recalled.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path

from db.telegram import answers
from db.telegram.answers import UnknownContent
from tagger.bot.context import Services, UpdateContext
from tagger.bot.handlers.privacy import forget_results
from tagger.bot.open_work import Sender
from tagger.bot.render.replies import ProcessedPhoto, add_to_album, answer_photos
from tagger.core.types import PROCESS_DIED, Failed, Result

MAX_FILE_BYTES = 20_000_000  # the most that the Bot API lets bots download
MAX_REMEMBERED = 100  # refused albums


@dataclass(frozen=True, slots=True)
class IncomingPhoto:
    """A message's photo.

    Args:
        file_unique_id: Telegram's id of a photo's content; None for a file, which is always downloaded because only
            its bytes contain its coordinates.
    """

    sender: Sender
    chat_id: int
    message_id: int
    file_id: str
    file_unique_id: str | None
    size_bytes: int | None


def incoming_photo(context: UpdateContext) -> IncomingPhoto:
    """The largest size of a message's photo, or its file."""
    message = context.message
    numbers = context.sender, message.chat.id, message.message_id
    if (file := message.document) is not None:
        return IncomingPhoto(*numbers, file.file_id, None, file.file_size)
    largest = max(message.photo, key=lambda size: size.width * size.height)
    return IncomingPhoto(*numbers, largest.file_id, largest.file_unique_id, largest.file_size)


async def process_photo(services: Services, photo: IncomingPhoto) -> ProcessedPhoto:
    """Recall a photo's answer, or download and tag the photo when it is its chat's turn.

    Raises:
        EngineFailed: the engine failed.
    """
    if photo.size_bytes and photo.size_bytes > MAX_FILE_BYTES:
        return _failed(photo, "too_large", f"{photo.size_bytes:,} bytes")
    if services.crash_journal.is_fatal(photo.sender.update_id):
        return _failed(photo, PROCESS_DIED, "the bot died twice while it was in progress")
    if recalled := await _recall(services, photo):
        return ProcessedPhoto(photo.message_id, recalled, photo.file_unique_id)
    async with services.photo_slots.slot(photo.chat_id):
        data = await services.downloads.fetch(photo.file_id, photo.size_bytes)
        if data is None:
            return _failed(photo, "io_error", "it could not be downloaded")
        path = services.downloads.new_path()
        try:
            async with services.crash_journal.watch(photo.sender.update_id):
                return await _unless_forgotten(services, photo.sender, _tag_file(services, photo, path, data))
        finally:
            await services.downloads.discard(path)  # a kept photo has been moved by now


async def _unless_forgotten(
    services: Services, sender: Sender, tagging: Coroutine[None, None, ProcessedPhoto]
) -> ProcessedPhoto:
    """Tag a photo. If the person asks to be forgotten meanwhile, wait for the result and delete it."""
    task = asyncio.create_task(tagging)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not services.open_work.is_forgotten(sender):
            task.cancel()
        tagged = await asyncio.gather(task, return_exceptions=True)
        await forget_results(services, sender, tagged)
        raise


async def _tag_file(services: Services, photo: IncomingPhoto, path: Path, data: bytes) -> ProcessedPhoto:
    result = await services.batcher.tag(str(path), services.downloads.on_disk(path, data))
    kept = None
    if result.sha256 is not None and not isinstance(result.answer, Failed):
        kept = await services.downloads.keep(path, result.sha256, result.info.format if result.info else None)
    return ProcessedPhoto(photo.message_id, result, photo.file_unique_id, kept)


async def _recall(services: Services, photo: IncomingPhoto) -> Result | None:
    """The answer to a photo that was sent before, perhaps by somebody else."""
    if (unique := photo.file_unique_id) is None or services.settings.bot_keep_photos:
        return None
    batcher = services.batcher
    sha256 = await services.db.read(
        lambda connection: answers.known_content(connection, unique, model=batcher.model_id, k=batcher.k)
    )
    return await batcher.recall(sha256) if sha256 else None


def _failed(photo: IncomingPhoto, kind: str, message: str) -> ProcessedPhoto:
    return ProcessedPhoto(photo.message_id, Result("", None, Failed(kind, message)))


async def answer_photo(context: UpdateContext) -> None:
    """Answer a message with one photo."""
    for tries_left in (1, 0):
        photo = await process_photo(context.services, incoming_photo(context))
        try:
            await answer_photos(context, [photo])
            return
        except UnknownContent:  # somebody else had sent it, and was forgotten before it could be stored for this person
            if not tries_left:
                raise
        except asyncio.CancelledError:
            await forget_results(context.services, context.sender, [photo])
            raise


@dataclass(slots=True)
class _Album:
    deadline: float
    is_addressed: bool = False
    members: list[UpdateContext] = field(default_factory=list)
    tasks: dict[int, asyncio.Task[ProcessedPhoto]] = field(default_factory=dict)  # by message
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Albums:
    """The albums that are being collected.

    An album is answered once no photo of it has arrived for a moment; a later photo edits that answer.
    """

    def __init__(self, wait_ms: int) -> None:
        self._wait_s = wait_ms / 1000
        self._open: dict[tuple[int, str], _Album] = {}
        self._refused: deque[tuple[int, str]] = deque(maxlen=MAX_REMEMBERED)

    async def join(self, context: UpdateContext, *, is_addressed: bool) -> None:
        """Add a photo to its album, and wait until the album is answered.

        Args:
            is_addressed: the message is for the bot. In a group at most one message of an album is, so the photos are
                not downloaded before it arrives.
        """
        key = (context.chat.id, str(context.message.media_group_id))
        now = asyncio.get_running_loop().time()
        is_first = key not in self._open
        album = self._open.setdefault(key, _Album(now))
        album.deadline = now + self._wait_s
        album.members.append(context)
        album.is_addressed |= is_addressed
        _start_processing(album)
        if not is_first:
            await album.answered.wait()
            return
        try:
            await self._collect(key, album)
            if album.is_addressed:
                await _answer(album, key[1])
        except asyncio.CancelledError:
            if context.services.open_work.is_forgotten(context.sender):  # so that the album's tasks are cancelled, too
                tagged = await asyncio.gather(*album.tasks.values(), return_exceptions=True)
                await forget_results(context.services, context.sender, tagged)
            raise
        finally:
            album.answered.set()

    def is_first_refusal(self, context: UpdateContext) -> bool:
        """Whether to tell the person that a photo is refused: only once per album."""
        if context.message.media_group_id is None:
            return True
        key = (context.chat.id, context.message.media_group_id)
        is_first = key not in self._refused
        self._refused.append(key)
        return is_first

    async def _collect(self, key: tuple[int, str], album: _Album) -> None:
        loop = asyncio.get_running_loop()
        try:
            while (left := album.deadline - loop.time()) > 0:
                await asyncio.sleep(left)
        finally:
            del self._open[key]


def _start_processing(album: _Album) -> None:
    """Process the photos so far, if the album is addressed to the bot."""
    if album.is_addressed:
        for context in album.members:
            message_id = context.message.message_id
            if message_id not in album.tasks:
                album.tasks[message_id] = asyncio.create_task(_process_member(context))


async def _process_member(context: UpdateContext) -> ProcessedPhoto:
    with context.services.open_work.of(context.sender):
        return await process_photo(context.services, incoming_photo(context))


async def _answer(album: _Album, group: str) -> None:
    """Answer all photos, in the order of their messages, with one message to the first update."""
    first = album.members[0]
    photos = [await album.tasks[message_id] for message_id in sorted(album.tasks)]
    services, chat_id = first.services, first.chat.id
    await services.chat_queue.wait_turn(first.update.update_id)  # earlier photos have been answered by then
    earlier = await services.db.read(lambda c: answers.album_answer(c, chat_id=chat_id, album=group))
    if earlier is None:
        others = [context.update.update_id for context in album.members[1:]]
        await answer_photos(first, photos, album=group, also_answers=others)
        return
    await add_to_album(first, earlier, photos)

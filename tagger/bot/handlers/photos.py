"""Tags the photos and files of messages.

What can be answered without the bytes is answered without them: a file that is too large is not
downloaded, and the answer to a photo that was sent before is recalled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from db.telegram import answers, people
from db.telegram.answers import UnknownContent
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.privacy import forget_results
from tagger.bot.incoming import IncomingPhoto, incoming_photo
from tagger.bot.open_work import Sender
from tagger.bot.render.processed import ProcessedPhoto
from tagger.bot.render.replies import Naming, answer_photos
from tagger.bot.services import Services
from tagger.core.types import PROCESS_DIED, Failed, Result


async def process_photo(services: Services, photo: IncomingPhoto) -> ProcessedPhoto:
    """Recall a photo's answer, or download and tag the photo when it is its chat's turn.

    Raises:
        EngineFailed: the engine failed.
    """
    if photo.other_kind:
        return _failed(photo, photo.other_kind, "it is no photo")
    if photo.size_bytes and photo.size_bytes > services.max_file_bytes:
        return _failed(photo, "file_too_large", f"it has {photo.size_bytes:,} bytes")
    if services.crash_journal.is_fatal(photo.sender.update_id):
        return _failed(photo, PROCESS_DIED, "the bot died twice while it was in progress")
    if recalled := await _recall(services, photo):
        return ProcessedPhoto(photo.message_id, recalled, photo.file_unique_id)
    async with services.photo_slots.slot(photo.chat_id):
        data = await services.downloads.fetch(photo.file_id, photo.size_bytes)
        if isinstance(data, Failed):
            return _failed(photo, data.kind, data.message)
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
    await services.decoder_slots.acquire(photo.chat_id)
    release = partial(asyncio.get_running_loop().call_soon_threadsafe, services.decoder_slots.release, photo.chat_id)
    result = await services.batcher.tag(str(path), _then(services.downloads.on_disk(path, data), release))
    kept = None
    if result.sha256 is not None and not isinstance(result.answer, Failed):
        kept = await services.downloads.keep(path, result.sha256, result.info.format if result.info else None)
    return ProcessedPhoto(photo.message_id, result, photo.file_unique_id, kept)


@contextmanager
def _then(context: AbstractContextManager[None], call: Callable[[], object]) -> Iterator[None]:
    """A context, and a call to the event loop at its end."""
    try:
        with context:
            yield
    finally:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            call()


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


async def count_photos(context: UpdateContext, count: int) -> int:
    """Count photos of a person, if there is a daily limit, and return how many that makes today."""
    if not context.services.settings.bot_daily_limit:
        return 0
    user_id, today = context.user_id, datetime.now(UTC).date().isoformat()
    return await context.services.db.write(lambda c: people.count_photos(c, user_id, today, count))


async def answer_photo(context: UpdateContext) -> None:
    """Answer a message with one photo."""
    await answer_incoming(context, [incoming_photo(context.sender, context.message)])


async def answer_incoming(
    context: UpdateContext,
    incoming: Sequence[IncomingPhoto],
    *,
    album: str | None = None,
    naming: Naming | None = None,
) -> None:
    """Answer photos with one message.

    They are tagged one at a time: if one of them kills the process, the crash journal blames the update.
    """
    for tries_left in (1, 0):
        photos = [await process_photo(context.services, photo) for photo in incoming]
        try:
            await answer_photos(context, photos, album=album, naming=naming)
            return
        except UnknownContent:  # somebody else had sent it, and was forgotten before it could be stored for this person
            if not tries_left:
                raise
        except asyncio.CancelledError:
            await forget_results(context.services, context.sender, photos)
            raise

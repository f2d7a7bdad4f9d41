"""A message's photo, or the file in it, from Telegram's number for it to what it shows.

The one rule: what can be said without the bytes is said without them: a file that is too large is never asked for, and
a photo that was sent before is recalled.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from telegram import Message

from db.telegram import answers
from tagger.bot.render.reply_content import ProcessedPhoto
from tagger.bot.services import Services
from tagger.core.types import Failed, Result

LARGEST_BYTES = 20_000_000  # what the Bot API hands out to a bot


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message's photo.

    Args:
        file_unique_id: Telegram's number of a photo's content; None for a file, whose bytes are always looked at,
            since only they hold its coordinates.
    """

    message_id: int
    file_id: str
    file_unique_id: str | None
    size_bytes: int | None


def incoming(message: Message) -> Incoming:
    """The largest size of a message's photo, or its file."""
    if message.document is not None:
        return Incoming(message.message_id, message.document.file_id, None, message.document.file_size)
    best = max(message.photo, key=lambda size: size.width * size.height)
    return Incoming(message.message_id, best.file_id, best.file_unique_id, best.file_size)


async def look_at(services: Services, photo: Incoming) -> ProcessedPhoto:
    """Fetch a photo and look at it, or recall what it showed.

    Raises:
        EngineFailed: the engine broke.
    """
    if photo.size_bytes and photo.size_bytes > LARGEST_BYTES:
        return _failed(photo, "too_large", f"{photo.size_bytes:,} bytes")
    if known := await _recall(services, photo):
        return ProcessedPhoto(photo.message_id, known, photo.file_unique_id)
    path = await services.spool.fetch(photo.file_id, photo.size_bytes)
    if path is None:
        return _failed(photo, "io_error", "it could not be downloaded")
    try:
        return await _look_at_file(services, photo, path)
    finally:
        await services.spool.discard(path)  # where it is kept, it lies elsewhere by now


async def _look_at_file(services: Services, photo: Incoming, path: Path) -> ProcessedPhoto:
    result = await services.model.look(str(path))
    kept = None
    if result.sha256 is not None and not isinstance(result.answer, Failed):
        kept = await services.spool.keep(path, result.sha256, result.info.format if result.info else None)
    return ProcessedPhoto(photo.message_id, result, photo.file_unique_id, kept)


async def _recall(services: Services, photo: Incoming) -> Result | None:
    """What a photo showed when it was sent before, perhaps by somebody else."""
    if (unique := photo.file_unique_id) is None or services.settings.bot_keep_photos:
        return None
    model = services.model
    sha256 = await services.desk.read(
        lambda connection: answers.known_content(connection, unique, model=model.number, k=model.k)
    )
    return await model.recall(sha256) if sha256 else None


def _failed(photo: Incoming, kind: str, message: str) -> ProcessedPhoto:
    return ProcessedPhoto(photo.message_id, Result("", None, Failed(kind, message)))

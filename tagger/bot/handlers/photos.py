"""Turns the photo or file of a message into an answer.

What can be answered without the bytes is answered without them: a file that is too large is not
downloaded, and the answer to a photo that was sent before is recalled.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from telegram import Message

from db.telegram import answers
from tagger.bot.context import Services
from tagger.bot.render.reply_content import ProcessedPhoto
from tagger.core.types import Failed, Result

MAX_FILE_BYTES = 20_000_000  # the Bot API lets bots download no more


@dataclass(frozen=True, slots=True)
class IncomingPhoto:
    """A message's photo.

    Args:
        file_unique_id: Telegram's id of a photo's content; None for a file, which is always downloaded because only
            its bytes contain its coordinates.
    """

    message_id: int
    file_id: str
    file_unique_id: str | None
    size_bytes: int | None


def incoming_photo(message: Message) -> IncomingPhoto:
    """The largest size of a message's photo, or its file."""
    if message.document is not None:
        return IncomingPhoto(message.message_id, message.document.file_id, None, message.document.file_size)
    largest = max(message.photo, key=lambda size: size.width * size.height)
    return IncomingPhoto(message.message_id, largest.file_id, largest.file_unique_id, largest.file_size)


async def process_photo(services: Services, photo: IncomingPhoto) -> ProcessedPhoto:
    """Recall a photo's answer, or download and tag the photo.

    Raises:
        EngineFailed: the engine broke.
    """
    if photo.size_bytes and photo.size_bytes > MAX_FILE_BYTES:
        return _failed(photo, "too_large", f"{photo.size_bytes:,} bytes")
    if recalled := await _recall(services, photo):
        return ProcessedPhoto(photo.message_id, recalled, photo.file_unique_id)
    path = await services.downloads.fetch(photo.file_id, photo.size_bytes)
    if path is None:
        return _failed(photo, "io_error", "it could not be downloaded")
    try:
        return await _tag_file(services, photo, path)
    finally:
        await services.downloads.discard(path)  # a photo that is kept has been moved by now


async def _tag_file(services: Services, photo: IncomingPhoto, path: Path) -> ProcessedPhoto:
    result = await services.batcher.tag(str(path))
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

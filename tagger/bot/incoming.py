"""Who sent an update, and the photo in a message that somebody sent, or replied to."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Message, Update

from tagger.bot.open_work import Sender
from tagger.bot.render.error_texts import OF_MESSAGE
from tagger.bot.transport.sanitize import sender_id


@dataclass(frozen=True, slots=True)
class IncomingPhoto:
    """A message's photo, or what an album has in its place.

    Args:
        sender: whoever sent it, or asked about it.
        file_unique_id: Telegram's id of a photo's content; None for a file, which is always downloaded because only
            its bytes contain its coordinates.
        other_kind: the kind of a message that is no photo, such as a video; it has no file.
    """

    sender: Sender
    chat_id: int
    message_id: int
    file_id: str = ""
    file_unique_id: str | None = None
    size_bytes: int | None = None
    other_kind: str = ""


def incoming_photo(sender: Sender, message: Message) -> IncomingPhoto:
    """The largest size of a message's photo, or its file."""
    numbers = sender, message.chat.id, message.message_id
    if not has_photo(message):
        return IncomingPhoto(*numbers, other_kind=other_kind(message))
    if (file := message.document) is not None:
        return IncomingPhoto(*numbers, file.file_id, None, file.file_size)
    largest = max(message.photo, key=lambda size: size.width * size.height)
    return IncomingPhoto(*numbers, largest.file_id, largest.file_unique_id, largest.file_size)


def sender_of(update: Update) -> Sender:
    """The sender of an update; number 0 if it has none."""
    user, chat = update.effective_user, update.effective_chat
    message = update.message or update.edited_message
    sender_chat = message.sender_chat if message else None
    ids = (sender.id if sender else None for sender in (user, sender_chat, chat))
    return Sender(sender_id(*ids) or 0, update.update_id)


def has_photo(message: Message) -> bool:
    """Whether a message has a photo, or a file that may be one."""
    return bool(message.photo) or (message.document is not None and message.animation is None)


def other_kind(message: Message) -> str:
    """The kind of a message that is no photo, see `OF_MESSAGE`; empty if it is none of these."""
    return next((kind for kind in OF_MESSAGE if getattr(message, kind)), "")

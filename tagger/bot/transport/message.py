"""A message that the bot sends, as a value: it is stored before it is sent, and can be recognised afterwards.

The one rule: a letter read back from the store is the letter that was written, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ParseMode

MAX_CALLBACK_BYTES = 64  # Bot API


class _ButtonFields(NamedTuple):
    label: str
    data: str


class Button(_ButtonFields):
    """A button below a message.

    Args:
        data: what a tap sends back to the bot, at most 64 bytes.

    Raises:
        ValueError: the data is longer.
    """

    __slots__ = ()

    def __new__(cls, label: str, data: str) -> Self:
        if len(data.encode()) > MAX_CALLBACK_BYTES:
            raise ValueError(f"a button's data may have {MAX_CALLBACK_BYTES} bytes: {data!r}")
        return super().__new__(cls, label, data)


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """Args:
    html: Telegram's HTML.
    reply_to: a message of this chat.
    asks: whether the person's keyboard opens for an answer.
    answer_id: the stored answer whose message this is, or, if it asks, whose name it asks for.
    above_chat: no message of this chat with a number up to this one is the letter.
    above_shared: the same for all chats that share this chat's numbers.
    """

    chat_id: int
    html: str
    reply_to: int | None = None
    keyboard: Keyboard = ()
    asks: bool = False
    answer_id: int | None = None
    above_chat: int = 0
    above_shared: int = 0

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}  # `asdict` copies deeply, which takes long

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> OutgoingMessage:
        return cls(**{**value, "keyboard": tuple(tuple(Button(*b) for b in row) for row in value["keyboard"])})

    def as_request(self) -> dict[str, Any]:
        """What `sendMessage` takes; plain, since the library's objects take long to make and to take apart again."""
        reply = {"message_id": self.reply_to, "allow_sending_without_reply": True} if self.reply_to else None
        rows = [[{"text": button.label, "callback_data": button.data} for button in row] for row in self.keyboard]
        buttons = {"inline_keyboard": rows} if rows else None
        return {
            "chat_id": self.chat_id,
            "text": self.html,
            "parse_mode": ParseMode.HTML,
            "reply_parameters": reply,
            "reply_markup": {"force_reply": True, "selective": True} if self.asks else buttons,
        }


def inline(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    if not keyboard:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b.label, callback_data=b.data) for b in row] for row in keyboard]
    )

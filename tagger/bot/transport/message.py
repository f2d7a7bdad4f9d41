"""A message that the bot sends, as a value: it is stored before it is sent and can be recognised afterwards.

A message read back from the database equals the message that was stored, byte for byte.
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

    Attributes:
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
    """A message to be sent. The names of its fields are stored, so they must not change.

    Args:
        html: Telegram's HTML.
        reply_to: a message of this chat.
        asks: whether Telegram opens the person's keyboard for a reply.
        answer_id: the stored answer that this message shows or, if it asks, whose landmark it asks for.
        above_chat: this message's number in its chat is higher than this.
        above_shared: the same where chats share one sequence of numbers.
        thread_id: the topic of a forum.
        asker_id: if it asks, the person who is asked.
    """

    chat_id: int
    html: str
    reply_to: int | None = None
    keyboard: Keyboard = ()
    asks: bool = False
    answer_id: int | None = None
    above_chat: int = 0
    above_shared: int = 0
    thread_id: int | None = None
    asker_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}  # `asdict` is slow: it copies deeply

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> OutgoingMessage:
        return cls(**{**value, "keyboard": tuple(tuple(Button(*b) for b in row) for row in value["keyboard"])})

    def as_request(self) -> dict[str, Any]:
        """The parameters of `sendMessage`, as plain values: the library's objects are slow to build and to encode."""
        reply = {"message_id": self.reply_to, "allow_sending_without_reply": True} if self.reply_to else None
        rows = [[{"text": button.label, "callback_data": button.data} for button in row] for row in self.keyboard]
        buttons = {"inline_keyboard": rows} if rows else None
        return {
            "chat_id": self.chat_id,
            "message_thread_id": self.thread_id,
            "text": self.html,
            "parse_mode": ParseMode.HTML,
            "link_preview_options": {"is_disabled": True},
            "reply_parameters": reply,
            "reply_markup": {"force_reply": True, "selective": True} if self.asks else buttons,
        }


def inline_markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    if not keyboard:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b.label, callback_data=b.data) for b in row] for row in keyboard]
    )

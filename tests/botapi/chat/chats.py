"""A chat: its messages and who may write. Message ids rise over all messages of all senders.

They are those of the chat alone, or of all chats together if `State.numbers_of_all` is set.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tests.botapi.chat.messages import Message
from tests.botapi.chat.state import State
from tests.botapi.methods.errors import ApiError, forbidden

Json = dict[str, Any]
BotStatus = Literal["member", "stranger", "blocked", "kicked", "left"]
CLOSED = {
    "stranger": "bot can't initiate conversation with a user",
    "blocked": "bot was blocked by the user",
    "kicked": "bot was kicked from the group chat",
    "left": "bot is not a member of the group chat",
}
MIGRATED = "group chat was upgraded to a supergroup chat"


def in_topic(topic: int | None) -> Json:
    """The fields of a message in a forum's topic."""
    return {} if topic is None else {"message_thread_id": topic, "is_topic_message": True}


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a chat's transcript: a message, an edit, a tap, its answer, a deletion, a reaction."""

    kind: Literal["message", "edit", "tap", "answer", "delete", "reaction"]
    json: Json
    who: str = ""
    note: str = ""


class Chat:
    """What both sides see of a chat."""

    def __init__(self, state: State, json: Json, bot_status: BotStatus = "member") -> None:
        self.state = state
        self.json = json
        self.bot_status: BotStatus = bot_status
        self.topic: int | None = None  # where people write in a forum
        self.migrated_to: int | None = None
        self.messages: list[Message] = []
        self.events: list[Event] = []
        self.actions: list[tuple[str, float]] = []  # the bot's chat actions, with the moment (monotonic)
        self._by_id: dict[int, Message] = {}
        state.chats[self.id] = self

    @property
    def id(self) -> int:
        return int(self.json["id"])

    @property
    def private(self) -> bool:
        return bool(self.json["type"] == "private")

    def check_open(self) -> None:
        """Raise the refusal of a bot that may not write here."""
        if self.migrated_to is not None:
            raise ApiError(400, f"Bad Request: {MIGRATED}", migrate_to_chat_id=self.migrated_to)
        if self.bot_status != "member":
            raise forbidden(CLOSED[self.bot_status])

    def find(self, message_id: int) -> Message | None:
        """The message with this id, unless it was deleted."""
        message = self._by_id.get(message_id)
        return None if message is None or message.deleted else message

    def add(self, sender: Json, content: Json, *, reply_to: Message | None = None, at: float | None = None) -> Message:
        """A new message; `at` (monotonic) is now, if not given."""
        with self.state.changed:
            number = len(self.messages) + 1 if (numbers := self.state.numbers_of_all) is None else next(numbers)
            head = {"message_id": number, "from": sender, "chat": self.json, "date": int(time.time())}
            answered = {} if reply_to is None else {"reply_to_message": reply_to.quoted()}
            message = Message(head | answered | content, time.monotonic() if at is None else at)
            self.messages.append(message)
            self._by_id[message.id] = message
            self.note(Event("message", message.json))
            return message

    def note(self, event: Event) -> None:
        self.events.append(event)
        self.state.changed.notify_all()

    @property
    def from_bot(self) -> list[Message]:
        return [message for message in self.messages if message.from_bot and not message.deleted]

    def answers_to(self, message: Message) -> list[Message]:
        """The bot's messages that reply to this one."""
        return [answer for answer in self.from_bot if answer.reply_to == message.id]

    def wait_for_message(
        self,
        *,
        after: Message | None = None,
        where: Callable[[Message], bool] = lambda _: True,
        timeout_s: float = 10,
    ) -> Message:
        """The bot's first message after the given one, or after everything that people have sent."""
        start = after.id if after is not None else self._last_of_people()
        found = self.state.wait(
            lambda: next((one for one in self.from_bot if one.id > start and where(one)), None),
            timeout_s,
            f"a message of the bot in chat {self.id} after {start}; it has said {[one.text for one in self.from_bot]}",
        )
        assert isinstance(found, Message)
        return found

    def _last_of_people(self) -> int:
        return max((message.id for message in self.messages if not message.from_bot), default=0)

    def wait_for_answer(self, message: Message, *, timeout_s: float = 10) -> Message:
        """The bot's first message that replies to this one."""
        return self.wait_for_message(after=message, where=lambda one: one.reply_to == message.id, timeout_s=timeout_s)

    def wait_for_edit(self, message: Message, *, count: int = 1, timeout_s: float = 10) -> Message:
        """The message, once it has been edited this often."""
        what = f"edit {count} of {message.text!r}"
        self.state.wait(lambda: len(message.versions) >= count, timeout_s, what)
        return message

    def wait_for_action(self, action: str, *, timeout_s: float = 10) -> None:
        self.state.wait(lambda: action in [name for name, _ in self.actions], timeout_s, f"the action {action}")

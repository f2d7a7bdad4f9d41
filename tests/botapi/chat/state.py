"""The server's state. It outlives connections and restarts, and one lock guards all of it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.botapi.http.updates import Updates
from tests.botapi.methods.files import Files

if TYPE_CHECKING:
    from tests.botapi.chat.chats import Chat
    from tests.botapi.chat.people import Person
    from tests.botapi.chat.taps import InlineQuery, Tap

Json = dict[str, Any]


@dataclass(slots=True)
class Request:
    """One call of the bot, as it arrived."""

    method: str
    parameters: Json
    uploads: dict[str, int]  # name of the file in the form → bytes
    at: float  # monotonic
    status: int = 0  # 0: not answered (yet)
    description: str = ""
    answered_at: float | None = None
    fault: str = ""  # what went wrong with it on purpose


@dataclass(frozen=True, slots=True)
class Violation:
    """A call that breaks the Bot API's rules."""

    method: str
    description: str
    parameters: Json

    def __str__(self) -> str:
        return f"{self.method}: {self.description} {self.parameters}"


@dataclass(slots=True)
class Webhook:
    url: str = ""
    secret_token: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_at: int = 0


@dataclass(slots=True)
class Profile:
    """The bot's profile, by language code ("" for all others)."""

    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)  # by scope (as JSON) and language
    texts: dict[tuple[str, str], str] = field(default_factory=dict)  # by name, description, … and language


class State:
    def __init__(self, token: str, username: str, *, privacy_mode: bool) -> None:
        self.token = token
        self.privacy_mode = privacy_mode
        self.bot: Json = {"id": int(token.split(":")[0]), "is_bot": True, "first_name": "Landmarks"}
        self.bot["username"] = username
        lock = threading.RLock()
        self.changed = threading.Condition(lock)
        self.updates = Updates(self.changed, threading.Condition(lock))
        self.files = Files()
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.taps: dict[str, Tap] = {}
        self.inline_mode = False  # as told by getMe; queries are delivered all the same
        self.inline_queries: dict[str, InlineQuery] = {}
        self.tap_lifetime_s = 15.0
        self.numbers_of_all: Iterator[int] | None = None  # if set, the messages of all chats share these numbers
        self.confirms_any_edit = False  # of messages that do not exist or are not the bot's
        self.webhook = Webhook()
        self.profile = Profile()
        self.requests: list[Request] = []
        self.violations: list[Violation] = []
        self.arrived_at: float | None = None  # monotonic, of the call that is being performed
        self.numbers = itertools.count(1)  # for ids that only must differ

    def wait(self, condition: Any, timeout_s: float, what: str) -> Any:
        """Wait for a true value of `condition()`, and return it; it is called whenever something changes.

        Raises:
            TimeoutError: it stayed false; the message says what was expected.
        """
        until = time.monotonic() + timeout_s
        with self.changed:
            while not (value := condition()):
                if (left := until - time.monotonic()) <= 0:
                    raise TimeoutError(f"waited {timeout_s} s for {what}")
                self.changed.wait(min(left, 0.1))
            return value

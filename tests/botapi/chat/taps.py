"""Taps on inline buttons: each waits for one answer, and not for long."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tests.botapi.chat.messages import Message
from tests.botapi.chat.state import State
from tests.botapi.methods.errors import bad_request

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@dataclass(slots=True, eq=False)
class InlineQuery:
    """What a person typed after the bot's name in some chat, and the bot's results."""

    id: str
    state: State
    results: list[dict[str, Any]] | None = None

    def wait_for_results(self, timeout_s: float = 10) -> list[dict[str, Any]]:
        self.state.wait(lambda: self.results is not None, timeout_s, "results for an inline query")
        assert self.results is not None
        return self.results

    def accept(self, results: list[dict[str, Any]]) -> None:
        with self.state.changed:
            self.results = results
            self.state.changed.notify_all()


@dataclass(slots=True, eq=False)
class Tap:
    """A callback query and the parameters of the bot's answer, if there is one."""

    id: str
    state: State
    message: Message
    button: dict[str, Any]
    update_id: int | None = None
    at: float = field(default_factory=time.monotonic)
    answer: dict[str, Any] | None = None
    answered_at: float | None = None

    def wait_for_answer(self, timeout_s: float = 10) -> dict[str, Any]:
        """The parameters of the bot's answerCallbackQuery."""
        self.state.wait(lambda: self.answer is not None, timeout_s, f"an answer to the tap on {self.button['text']!r}")
        assert self.answer is not None
        return self.answer

    def accept(self, answer: dict[str, Any]) -> None:
        if self.answer is not None or time.monotonic() - self.at > self.state.tap_lifetime_s:
            raise bad_request(TOO_OLD)
        self.answer, self.answered_at = answer, time.monotonic()

"""The queue of updates, as getUpdates hands it out.

An update stays until a later offset confirms it, so a bot that dies before that gets it again.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.botapi.methods.errors import conflict

FIRST_ID = 700_000_001
MOST = 100  # updates in one answer
ONLY_IF_ASKED = frozenset(["chat_member", "message_reaction", "message_reaction_count"])
RIVAL = "terminated by other getUpdates request; make sure that only one bot instance is running"
BY_WEBHOOK = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


@dataclass(frozen=True, slots=True)
class Update:
    id: int
    kind: str
    json: str  # as it was when it happened: a message that is edited later has another update for that


class Updates:
    """The updates that are not confirmed yet, and when (monotonic) each was handed out.

    Args:
        changed: of the whole state.
        arrived: of the same lock; whoever hands out updates waits for it, so that no call to another method wakes them.
    """

    def __init__(self, changed: threading.Condition, arrived: threading.Condition) -> None:
        self.changed = changed
        self.arrived = arrived
        self.allowed: frozenset[str] = frozenset()  # empty: all but those that must be asked for
        self.handed_out: dict[int, list[float]] = defaultdict(list)
        self.last_handed_out = 0.0  # monotonic
        self.confirmed_at: dict[int, float] = {}
        self.doubled = False  # a fault: each stands twice in the answer
        self.webhook = False
        self._pending: deque[Update] = deque()
        self._done: deque[Update] = deque(maxlen=1000)
        self._again: list[Update] = []
        self._next_id = FIRST_ID
        self._poll = 0  # number of the newest getUpdates call

    @property
    def pending(self) -> list[Update]:
        return list(self._pending)

    def put(self, kind: str, content: dict[str, Any]) -> int:
        """Queue an update, and return its id; updates that the bot did not ask for get one, too."""
        with self.changed:
            number = self._next_id
            self._next_id += 1
            wanted = kind in self.allowed if self.allowed else kind not in ONLY_IF_ASKED
            if wanted:
                body = json.dumps({"update_id": number, kind: content}, ensure_ascii=False)
                self._pending.append(Update(number, kind, body))
                self.changed.notify_all()
                self.arrived.notify_all()
            return number

    def redeliver(self, count: int = 1) -> None:
        """Repeat the last confirmed updates, as if Telegram had lost their confirmation."""
        with self.changed:
            self._again += list(self._done)[-count:]
            self.arrived.notify_all()

    def forget(self) -> None:
        with self.changed:
            self._pending.clear()

    def confirm(self, before: int) -> None:
        while self._pending and self._pending[0].id < before:
            self._confirmed(self._pending.popleft())

    def confirm_one(self, update: Update) -> None:
        """Confirm an update that the webhook accepted."""
        self._pending.remove(update)
        self._confirmed(update)

    def _confirmed(self, update: Update) -> None:
        self.confirmed_at[update.id] = time.monotonic()
        self._done.append(update)
        self.changed.notify_all()

    def take(self, offset: int, limit: int, timeout_s: float, alive: Callable[[], bool]) -> list[Update]:
        """Answer a getUpdates call: confirm the updates before the offset, then wait for one to hand out.

        Raises:
            ApiError: 409, if a webhook is set, or a newer call came while this one waited.
        """
        with self.changed:
            mine = self._enter()
            self.confirm(offset if offset >= 0 else max(self._next_id + offset, self._oldest(-offset)))
            until = time.monotonic() + timeout_s
            while not (self._pending or self._again) and (left := until - time.monotonic()) > 0 and alive():
                self.arrived.wait(min(left, 0.5))
                self._check(mine)
            return self._hand_out(limit) if alive() else []

    def _oldest(self, count: int) -> int:
        kept = list(self._pending)[-count:]
        return kept[0].id if kept else self._next_id

    def _enter(self) -> int:
        self._poll += 1
        self.arrived.notify_all()  # an older call that waits ends with a conflict
        self._check(self._poll)
        return self._poll

    def _check(self, poll: int) -> None:
        if self.webhook:
            raise conflict(BY_WEBHOOK)
        if poll != self._poll:
            raise conflict(RIVAL)

    def _hand_out(self, limit: int) -> list[Update]:
        out = (self._again + list(self._pending))[: limit if 1 <= limit <= MOST else MOST]
        self._again = self._again[len(out) :]
        for update in out:
            self.note_handed_out(update)
        return [update for update in out for _ in range(2 if self.doubled else 1)]

    def note_handed_out(self, update: Update) -> None:
        self.last_handed_out = time.monotonic()
        self.handed_out[update.id].append(self.last_handed_out)

"""Everything that can go wrong between a bot and Telegram, at a test's command.

With `after=True` the method takes effect and only its answer is lost; a bot cannot tell the difference.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from tests.botapi.http.rates import Rates
from tests.botapi.http.wire import Connection, Reply
from tests.botapi.methods.errors import ApiError, too_many_requests

Work = Callable[[], Reply]  # performs the call
GATEWAY_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body><center><h1>{0}</h1></center></body>\r\n</html>\r\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """No fault; the others derive from it.

    Attributes:
        after: Whether the method takes effect.
    """

    after: bool = field(default=False, kw_only=True)

    def happen(self, work: Work, connection: Connection) -> Reply | None:
        """Do the work or not, and return the answer; None if the connection is unusable."""
        reply = work() if self.after else None
        return self.spoil(reply, connection)

    def spoil(self, reply: Reply | None, _: Connection, /) -> Reply | None:
        """Turn the true answer, if there is one, into what the bot sees."""
        return reply


@dataclass(frozen=True, slots=True)
class Refused(Fault):
    """Any answer of the Bot API with an error, such as `Refused(403, "Forbidden: …")`."""

    code: int = 400
    description: str = "Bad Request"
    retry_after_s: int | None = None

    def spoil(self, *_: object) -> Reply | None:
        error = ApiError(self.code, self.description)
        error = error if self.retry_after_s is None else too_many_requests(self.retry_after_s)
        return Reply.json(error.body, error.code)


def too_many(retry_after_s: int = 1) -> Refused:
    return Refused(code=429, retry_after_s=retry_after_s)


@dataclass(frozen=True, slots=True)
class GatewayError(Fault):
    """A 5xx with a page of HTML, like that of a proxy on the way."""

    status: int = 502

    def spoil(self, *_: object) -> Reply | None:
        title = f"{self.status} {HTTPStatus(self.status).phrase}"
        return Reply(self.status, GATEWAY_PAGE.format(title).encode(), "text/html")


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """The connection breaks instead of an answer."""

    def spoil(self, _: Reply | None, connection: Connection, /) -> Reply | None:
        connection.reset()
        return None


@dataclass(frozen=True, slots=True)
class Silent(Fault):
    """No answer at all; the bot has to give up by itself."""

    def spoil(self, _: Reply | None, connection: Connection, /) -> Reply | None:
        connection.hold()
        return None


@dataclass(frozen=True, slots=True)
class Slow(Fault):
    """The right answer, late: it waits before the method takes effect, or after."""

    seconds: float = 1.0

    def happen(self, work: Work, connection: Connection) -> Reply | None:
        if self.after:
            reply = work()
            connection.sleep(self.seconds)
            return reply
        connection.sleep(self.seconds)
        return work()


@dataclass(frozen=True, slots=True)
class Truncated(Fault):
    """An answer shorter than its announced length."""

    share: float = 0.5
    after: bool = field(default=True, kw_only=True)

    def spoil(self, reply: Reply | None, connection: Connection, /) -> Reply | None:
        assert reply is not None
        connection.send_part(reply, int(len(reply.body) * self.share))
        connection.close()
        return None


@dataclass(frozen=True, slots=True)
class Garbage(Fault):
    """An answer of the right length, but of random bytes."""

    after: bool = field(default=True, kw_only=True)

    def spoil(self, reply: Reply | None, _: Connection, /) -> Reply | None:
        assert reply is not None
        return Reply(reply.status, os.urandom(len(reply.body)), reply.content_type)


@dataclass(frozen=True, slots=True)
class Throttled(Fault):
    """The right answer at this many bytes a second."""

    bytes_per_s: int = 100_000
    after: bool = field(default=True, kw_only=True)

    def spoil(self, reply: Reply | None, connection: Connection, /) -> Reply | None:
        assert reply is not None
        connection.send_slowly(reply, self.bytes_per_s)
        connection.close()
        return None


@dataclass(slots=True)
class _Plan:
    method: str
    fault: Fault
    left: int | None  # None: for ever
    chat_id: int | None
    probability: float

    def fits(self, method: str, chat_id: int | None) -> bool:
        return self.method in ("*", method) and self.chat_id in (None, chat_id)


@dataclass(slots=True)
class Faults:
    """The planned faults, by method; "download" means files, "*" everything."""

    rates: Rates | None = None
    _plans: list[_Plan] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    def next(self, method: str, *faults: Fault, times: int = 1, chat_id: int | None = None) -> None:
        """Let the next calls of a method fail: one fault per call, each repeated `times` times."""
        with self._lock:
            self._plans += [_Plan(method, fault, times, chat_id, 1.0) for fault in faults]

    def always(self, method: str, fault: Fault, *, chat_id: int | None = None, probability: float = 1.0) -> None:
        """Let every call, or each with a probability, fail until `clear`."""
        with self._lock:
            self._plans.append(_Plan(method, fault, None, chat_id, probability))

    def limit_rates(self, rates: Rates | None = None) -> None:
        """Limit the rate of messages, by default as Telegram does."""
        self.rates = rates or Rates()

    def clear(self) -> None:
        with self._lock:
            self._plans.clear()
            self.rates = None

    @property
    def left(self) -> int:
        """How many planned faults have not happened yet."""
        with self._lock:
            return sum(plan.left or 0 for plan in self._plans)

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        with self._lock:
            plan = next((plan for plan in self._plans if plan.fits(method, chat_id)), None)
            if plan is not None and self._random.random() < plan.probability:
                self._use(plan)
                return plan.fault
        retry_after_s = self.rates.over(method, chat_id) if self.rates is not None else 0
        return too_many(retry_after_s) if retry_after_s else None

    def _use(self, plan: _Plan) -> None:
        if plan.left is not None:
            plan.left -= 1
            if plan.left == 0:
                self._plans.remove(plan)

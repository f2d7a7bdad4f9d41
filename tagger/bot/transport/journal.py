"""Which messages may be on their way: a file that a killed process leaves up to date.

Between the moment when a request leaves and the moment when the store knows about its message, only this file shows
what happened. Its lines go to the system's cache, which takes microseconds and outlives the process. A power cut may
lose them, so a file that was written before the machine started is not trusted.

    > 17 1700000000.0   a request with the answer to update 17 leaves at this moment
    x 17                it certainly did not arrive
    = 17 204            it arrived, and its message has number 204
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # on Linux; elsewhere no earlier file is trusted
MAX_BYTES = 256 * 1024  # then the file is rewritten


class Attempt(NamedTuple):
    """A request that an earlier process began.

    Attributes:
        started_at: seconds since 1970.
        message_id: its message, if its arrival is certain.
    """

    started_at: float
    message_id: int | None = None


class SendJournal:
    """The journal of one store. Only one process may have it open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._boot = _boot_id()
        self._attempts: dict[int, Attempt] = {}
        self._recorded: set[int] = set()  # what this process submitted to the store
        self._is_believed = self._read()
        self._file = -1
        self._rewrite()

    def adopt(self, open_updates: Collection[int], sending: Collection[int]) -> None:
        """Drop what is settled, and doubt every message if the file cannot be trusted.

        Args:
            open_updates: the updates that are not stored as answered.
            sending: those of them whose message was stored before the last stop.
        """
        self._attempts = {number: self._attempts[number] for number in open_updates if number in self._attempts}
        if not self._is_believed:
            now = time.time()
            self._attempts = {number: Attempt(now) for number in sending} | {
                number: attempt for number, attempt in self._attempts.items() if attempt.message_id is not None
            }
        self._rewrite()

    def attempt(self, update_id: int) -> Attempt | None:
        """The last request with the answer to an update; None if none can have arrived."""
        return self._attempts.get(update_id)

    def begin(self, update_id: int) -> None:
        self._attempts[update_id] = attempt = Attempt(time.time())
        self._append(_line(update_id, attempt))

    def refused(self, update_id: int) -> None:
        self._attempts.pop(update_id, None)
        self._append(f"x {update_id}\n")

    def delivered(self, update_id: int, message_id: int) -> None:
        """Note that a message arrived; the caller submits that to the store at the same moment."""
        self._attempts[update_id] = attempt = Attempt(time.time(), message_id)
        self._recorded.add(update_id)
        self._append(_line(update_id, attempt))

    @property
    def is_long(self) -> bool:
        return self._file >= 0 and os.fstat(self._file).st_size > MAX_BYTES

    def recorded(self) -> set[int]:
        """The updates whose end was submitted to the store."""
        return set(self._recorded)

    def drop(self, update_ids: Collection[int]) -> None:
        """Rewrite the file without these updates, which the store knows to be answered."""
        for number in update_ids:
            self._attempts.pop(number, None)
        self._recorded.difference_update(update_ids)
        self._rewrite()

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _append(self, line: str) -> None:
        if self._file < 0:
            return
        try:
            os.write(self._file, line.encode())
        except OSError as error:
            self._give_up(error)

    def _rewrite(self) -> None:
        self.close()
        lines = [f"boot {self._boot}\n", *(_line(number, attempt) for number, attempt in self._attempts.items())]
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.write_text("".join(lines))
            os.replace(new, self._path)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Delete the file: the next process must not trust one with gaps."""
        log.warning("The journal %s cannot be written: %s", self._path, error.strerror)
        self.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _read(self) -> bool:
        """Read what an earlier process left, and return whether it can be trusted."""
        try:
            first, *lines = self._path.read_text().splitlines()
        except (OSError, ValueError):  # there is none, or it is empty
            return False
        for kind, number, *rest in _words(lines):
            if kind == "x":
                self._attempts.pop(number, None)
            elif kind == "=":
                self._attempts[number] = Attempt(0.0, int(rest[0]))
            else:
                self._attempts[number] = Attempt(float(rest[0]))
        return bool(self._boot) and first == f"boot {self._boot}"


def _words(lines: list[str]) -> Iterator[tuple[str, int, *tuple[str, ...]]]:
    for line in lines:
        kind, number, *rest = line.split()
        yield kind, int(number), *rest


def _line(update_id: int, attempt: Attempt) -> str:
    if attempt.message_id is None:
        return f"> {update_id} {attempt.started_at}\n"
    return f"= {update_id} {attempt.message_id}\n"


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""

"""Which photos were being tagged when the process died: a file that a killed process leaves up to date.

The one rule: a photo that may have killed the process twice is not tagged again. Nobody knows which of several photos
killed a process, so after a death they are suspects, which are tagged one at a time, and only a photo that was in
progress alone, or was the only suspect, is blamed for a death.

    x 17 1      update 17 is a suspect, and is blamed for one death of the process
    > 17        its photo is being tagged
    < 17        the process survived it
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

log = logging.getLogger(__name__)

MAX_DEATHS = 2
MAX_WAIT_S, POLL_S = 5.0, 0.05
MAX_BYTES = 256 * 1024  # then the file is rewritten


class CrashJournal:
    """The journal of one store. Only one process may have it open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._one_at_a_time = asyncio.Lock()
        self._deaths: dict[int, int] = {}  # by suspect: the deaths for which it is blamed
        self._in_progress: set[int] = set()
        self._file = -1
        self._read()
        self._rewrite()

    def keep(self, open_updates: Collection[int]) -> None:
        """Forget all other updates."""
        self._deaths = {number: self._deaths[number] for number in open_updates if number in self._deaths}
        self._rewrite()

    def is_fatal(self, update_id: int) -> bool:
        """Whether the process died too often while an update's photo was being tagged."""
        return self._deaths.get(update_id, 0) >= MAX_DEATHS

    @asynccontextmanager
    async def watch(self, update_id: int) -> AsyncIterator[None]:
        """While the context lasts, the photo of an update is being tagged."""
        await self._let_less_suspect_ones_pass(update_id)
        async with self._one_at_a_time if update_id in self._deaths else nullcontext():
            self._in_progress.add(update_id)
            self._append(f"> {update_id}\n")
            try:
                yield
            finally:
                self._in_progress.discard(update_id)
                self._deaths.pop(update_id, None)
                self._append(f"< {update_id}\n")
        if self._file >= 0 and os.fstat(self._file).st_size > MAX_BYTES:
            self._rewrite()

    async def _let_less_suspect_ones_pass(self, update_id: int) -> None:
        """So a sound photo is not in progress again at the next death, if deaths come soon after each start."""
        until = time.monotonic() + MAX_WAIT_S
        while any(deaths < self._deaths.get(update_id, 0) for deaths in self._deaths.values()):
            if time.monotonic() > until:  # their downloads take long
                break
            await asyncio.sleep(POLL_S)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _read(self) -> None:
        """Read what an earlier process left: it died while the photos without an end were being tagged."""
        in_progress: set[int] = set()
        try:
            for line in self._path.read_text().splitlines():
                kind, update_id, *deaths = line.split()
                number = int(update_id)
                if kind == "x":
                    self._deaths[number] = int(deaths[0])
                elif kind == ">":
                    in_progress.add(number)
                else:
                    in_progress.discard(number)
                    self._deaths.pop(number, None)
        except FileNotFoundError:
            return
        except (OSError, ValueError, IndexError) as error:
            log.warning("The journal %s cannot be read: %s", self._path, error)
        blamed = [number for number in in_progress if number in self._deaths or len(in_progress) == 1]
        for number in sorted(in_progress):
            self._deaths[number] = self._deaths.get(number, 0) + (number in blamed)
            log.warning("The bot died while the photo of update %d was being tagged", number)

    def _append(self, line: str) -> None:
        if self._file < 0:
            return
        try:
            os.write(self._file, line.encode())
        except OSError as error:
            self._give_up(error)

    def _rewrite(self) -> None:
        self.close()
        lines = [f"x {number} {count}\n" for number, count in self._deaths.items()]
        lines += [f"> {number}\n" for number in self._in_progress]
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.write_text("".join(lines))
            os.replace(new, self._path)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        log.warning("The journal %s cannot be written: %s", self._path, error.strerror)
        self.close()

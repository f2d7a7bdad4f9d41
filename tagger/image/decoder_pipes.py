"""A run's two pipes to a decoder process: frames out, frames in.

The one rule: whoever speaks or listens here is back at the deadline, or soon after the pipes were cut, whatever the
process does.
"""

from __future__ import annotations

import fcntl
import os
import select
import time
from contextlib import suppress
from typing import Any

from tagger.image.decoder_protocol import SIZES, Frame, frame_of, packed, sizes_from

GLANCE_S = 0.5  # how soon whoever waits notices that the pipes were cut
PIPE_BYTES = 1 << 20  # a photo's pixels in one go; Linux gives a pipe 64 KB otherwise


class Ended(Exception):
    """The process closed its end, or the pipes were cut."""


class TooSlow(Exception):
    """The time is up."""


class Pipes:
    """Used by one thread at a time; only `cut` may come from another.

    Args:
        requests: the end to write to; likewise `answers`, the end to read from. Whoever opened them closes them.
        size_px: the sides of a photo's pixels, the most that is expected of an answer.
    """

    def __init__(self, requests: int, answers: int, *, size_px: int) -> None:
        os.set_blocking(requests, False)  # a full pipe would hold whoever writes for ever
        _widen(answers)
        self._requests, self._answers, self._size_px = requests, answers, size_px
        self._writable, self._readable = select.poll(), select.poll()
        self._writable.register(requests, select.POLLOUT)
        self._readable.register(answers, select.POLLIN)
        self._deadline = 0.0
        self.is_cut = False

    def allow(self, seconds: float) -> None:
        """From now on, for all that is said and heard until the next call."""
        self._deadline = time.monotonic() + seconds

    def cut(self) -> None:
        self.is_cut = True

    def say(self, header: dict[str, Any]) -> None:
        """Raises:
        Ended, TooSlow: it does not listen any more.
        """
        missing = memoryview(packed(header))
        while missing:
            self._wait(self._writable)
            try:
                missing = missing[os.write(self._requests, missing) :]
            except BrokenPipeError as error:
                raise Ended from error

    def hear(self) -> Frame:
        """Raises:
        Ended, TooSlow: it does not speak any more.
        Nonsense: it says what no decoder says that works.
        """
        header, payload = sizes_from(self._read(SIZES.size), self._size_px)
        return frame_of(self._read(header), self._read(payload))

    def _read(self, size: int) -> bytearray:
        buffer = bytearray(size)
        missing = memoryview(buffer)
        while missing:
            self._wait(self._readable)
            if (count := os.readv(self._answers, [missing])) == 0:
                raise Ended
            missing = missing[count:]
        return buffer

    def _wait(self, ready: select.poll) -> None:
        while not self.is_cut and (left_s := self._deadline - time.monotonic()) > 0:
            if ready.poll(min(left_s, GLANCE_S) * 1000):
                return
        raise Ended if self.is_cut else TooSlow


def _widen(pipe: int) -> None:
    with suppress(AttributeError, OSError):  # not on Linux, or more than this user may have
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

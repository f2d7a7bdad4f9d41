"""The two pipes between a run and a decoder process: frames out, frames in.

The one rule: whoever sends or receives comes back at the deadline, or soon after a cancel, whatever the process does.
"""

from __future__ import annotations

import fcntl
import os
import select
import time
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any

from tagger.image.decoder_protocol import SIZES, Frame, decode_frame, decode_sizes, encode_frame
from tagger.image.loader import IsCancelled, never

POLL_S = 0.2  # how soon whoever waits notices a cancel
PIPE_BYTES = 1 << 20  # a photo's pixels in one go; Linux gives a pipe 64 KB otherwise


class DecoderPipes:
    """Both ends are used by one thread at a time; only `close` may come from another.

    Args:
        requests: the end to write to. Whoever opened the two closes them.
        replies: the end to read from.
        size_px: the side of a photo's pixels, the most that a reply may hold.
    """

    def __init__(self, requests: int, replies: int, *, size_px: int) -> None:
        os.set_blocking(requests, False)  # a full pipe would hold the writer for ever
        with suppress(AttributeError, OSError):  # not on Linux, or more than this user may have
            fcntl.fcntl(replies, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._requests, self._replies, self._size_px = requests, replies, size_px
        self._writable, self._readable = select.poll(), select.poll()
        self._writable.register(requests, select.POLLOUT)
        self._readable.register(replies, select.POLLIN)
        self._deadline = 0.0
        self._is_cancelled: IsCancelled = never
        self.is_closed = False

    def set_deadline(self, timeout_s: float, is_cancelled: IsCancelled = never) -> None:
        """Limit all that is sent and received from now until the next call."""
        self._deadline = time.monotonic() + timeout_s
        self._is_cancelled = is_cancelled

    def close(self) -> None:
        """Use the pipes no more."""
        self.is_closed = True

    def send(self, header: dict[str, Any]) -> None:
        """Send a frame without a payload.

        Raises:
            EOFError: the process has ended, or the pipes are closed.
            TimeoutError: the deadline has passed.
            CancelledError: it was cancelled.
        """
        unsent = memoryview(encode_frame(header))
        while unsent:
            self._wait(self._writable)
            try:
                unsent = unsent[os.write(self._requests, unsent) :]
            except BrokenPipeError as error:
                raise EOFError from error

    def receive(self) -> Frame:
        """Receive a frame.

        Raises:
            EOFError: the process has ended, or the pipes are closed.
            TimeoutError: the deadline has passed.
            CancelledError: it was cancelled.
            ProtocolError: a working decoder sends no such frame.
        """
        header_bytes, payload_bytes = decode_sizes(self._read(SIZES.size), self._size_px)
        return decode_frame(self._read(header_bytes), self._read(payload_bytes))

    def _read(self, size: int) -> bytearray:
        buffer = bytearray(size)
        unread = memoryview(buffer)
        while unread:
            self._wait(self._readable)
            if (count := os.readv(self._replies, [unread])) == 0:
                raise EOFError
            unread = unread[count:]
        return buffer

    def _wait(self, ready: select.poll) -> None:
        while (left_s := self._deadline - time.monotonic()) > 0:
            if self.is_closed:
                raise EOFError
            if self._is_cancelled():
                raise CancelledError
            if ready.poll(min(left_s, POLL_S) * 1000):
                return
        raise TimeoutError

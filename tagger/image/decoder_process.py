"""The parent's side of one decoder process.

The one rule: every call returns by the deadline, or soon after a cancel, whatever the process does.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from tagger.core.errors import DecoderUnavailable
from tagger.core.types import Failed
from tagger.image.decoder_protocol import (
    SIZES,
    Frame,
    ProtocolError,
    decode_content,
    decode_frame,
    decode_part,
    decode_sizes,
    encode_frame,
)
from tagger.image.loader import Content, IsCancelled, LoadedPhoto, Part

START_S = 120.0  # to start a process on a busy machine
END_S = 5.0  # for a killed process to exit; one that waits for a hanging drive takes longer, perhaps for ever
POLL_S = 0.2  # how soon a waiting thread notices a cancel
PIPE_BYTES = 1 << 20  # for a photo's pixels at once; Linux's default is 64 KB
PACKAGE = Path(__file__).parents[2]

Reply = TypeVar("Reply")


class DecoderProcess:
    """A decoder process. Use it from one thread at a time; only `kill` may be called from another.

    Args:
        setup: the input contract, the limits and the time limit, as JSON.
    """

    def __init__(self, setup: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tagger.image.decoder_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
            start_new_session=True,  # Ctrl-C must only reach the run
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._files = (self._process.stdin, self._process.stdout)
        self._requests, self._replies = (file.fileno() for file in self._files)
        for pipe in (self._requests, self._replies):
            os.set_blocking(pipe, False)  # a full or empty pipe would block its user for ever
        with suppress(AttributeError, OSError):  # not on Linux, or above this user's limit
            fcntl.fcntl(self._replies, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._writable, self._readable = select.poll(), select.poll()
        self._writable.register(self._requests, select.POLLOUT)
        self._readable.register(self._replies, select.POLLIN)
        self._size_px: int = setup["contract"]["size_px"]
        self._is_killed = self._is_ready = False
        self.set_deadline(START_S)
        with suppress(EOFError, TimeoutError):  # `wait_ready` raises
            self._send(setup)

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_usable(self) -> bool:
        return not self._is_killed and not self.has_ended()

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def set_deadline(self, timeout_s: float, is_cancelled: IsCancelled | None = None) -> None:
        """Set the deadline of all following calls."""
        self._timeout_s, self._is_cancelled = timeout_s, is_cancelled
        self._deadline = time.monotonic() + timeout_s

    def wait_ready(self, is_cancelled: IsCancelled | None = None) -> None:
        """Wait until it is ready.

        Raises:
            DecoderUnavailable: it does not start.
            CancelledError: the wait was cancelled; the process continues to start.
        """
        if self._is_ready:
            return
        self.set_deadline(START_S, is_cancelled)
        try:
            self._receive()
        except (EOFError, TimeoutError, ProtocolError) as error:
            self.kill()
            raise DecoderUnavailable(self._how_it_ended()) from error
        self._is_ready = True

    def read(self, path: str) -> Content | LoadedPhoto:
        """Let it read a file.

        Returns:
            What identifies its content, for `load`; or the failure.
        """
        return self._ask({"path": path}, decode_content, None)

    def load(self, content: Content, part: Part) -> LoadedPhoto:
        """Let it load a part of the file that it has read."""
        return self._ask({"needed": part}, lambda frame: decode_part(frame, content, part, self._size_px), content)

    def kill(self) -> None:
        """Kill it; the system may end it later."""
        self._is_killed = True
        self._process.kill()

    def close(self, until: float) -> None:
        """Wait for the end of a killed process, until a time of `time.monotonic` at most."""
        for file in self._files:
            file.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, until - time.monotonic()))

    def _ask(
        self, request: dict[str, Any], parse: Callable[[Frame], Reply], content: Content | None
    ) -> Reply | LoadedPhoto:
        """Send a request and parse the reply; on an error the process is killed and the photo fails."""
        try:
            self._send(request)
            return parse(self._receive())
        except TimeoutError:
            self.kill()
            failure = Failed("timed_out", f"decoding took longer than {self._timeout_s:g} s")
        except EOFError:
            self.kill()
            failure = Failed("decoder_crashed", f"its decoder died: {self._how_it_ended()}")
        except ProtocolError as error:
            self.kill()
            failure = Failed("decoder_crashed", f"its decoder sent an invalid answer ({error})")
        return LoadedPhoto(content, failure=failure)

    def _send(self, header: dict[str, Any]) -> None:
        unsent = memoryview(encode_frame(header))
        while unsent:
            self._wait(self._writable)
            try:
                unsent = unsent[os.write(self._requests, unsent) :]
            except BrokenPipeError as error:
                raise EOFError from error

    def _receive(self) -> Frame:
        self._wait(self._readable)
        header_bytes, payload_bytes = decode_sizes(self._read(SIZES.size), self._size_px)
        return decode_frame(self._read(header_bytes), self._read(payload_bytes))

    def _read(self, size: int) -> bytearray:
        buffer = bytearray(size)
        unread = memoryview(buffer)
        while unread:
            try:
                count = os.readv(self._replies, [unread])
            except BlockingIOError:
                self._wait(self._readable)
                continue
            if count == 0:
                raise EOFError
            unread = unread[count:]
        return buffer

    def _wait(self, ready: select.poll) -> None:
        """Wait for a pipe.

        Raises:
            EOFError: the process was killed.
            TimeoutError: the deadline has passed.
            CancelledError: it was cancelled.
        """
        while (left_s := self._deadline - time.monotonic()) > 0:
            if self._is_killed:
                raise EOFError
            if self._is_cancelled and self._is_cancelled():
                raise CancelledError
            if ready.poll(min(left_s, POLL_S) * 1000):
                return
        raise TimeoutError

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return "it does not exit"
        if code >= 0:
            return f"it exited with code {code}"
        name = signal.Signals(-code).name
        return f"{name}, perhaps because memory ran out" if name == "SIGKILL" else name


def _environment() -> dict[str, str]:
    """Our environment with this package's path and one thread per process.

    Settings are removed: the bot's token is one, and a decoder gets everything it needs through its pipe.
    """
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith("TAGGER_")}
    paths = [path for path in (os.environ.get("PYTHONPATH"), str(PACKAGE)) if path]
    return ours | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}

"""One decoder process, as the process that started it sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from tagger.core.errors import DecoderUnavailable
from tagger.core.types import Failed
from tagger.image.decoder_pipes import DecoderPipes
from tagger.image.decoder_protocol import Frame, ProtocolError, decode_photo, decode_sha256
from tagger.image.loader import IsCancelled, LoadedPhoto, never

START_S = 120.0  # for a process to begin on a machine that is busy
END_S = 5.0  # for a killed process to be gone; one that waits for a drive that hangs takes longer, perhaps for ever
PACKAGE = Path(__file__).parents[2]

Reply = TypeVar("Reply")


class DecoderProcess:
    """Used by one thread at a time; only `kill` may come from another.

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
            start_new_session=True,  # Ctrl-C reaches the run alone
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._files = (self._process.stdin, self._process.stdout)
        self._size_px: int = setup["contract"]["size_px"]
        self._pipes = DecoderPipes(*(file.fileno() for file in self._files), size_px=self._size_px)
        self._is_ready = False
        self._timeout_s = START_S
        self._pipes.set_deadline(START_S)
        with suppress(EOFError, TimeoutError):  # `wait_ready` says so
            self._pipes.send(setup)

    def is_usable(self) -> bool:
        return not self._pipes.is_closed and not self.has_ended()

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def wait_ready(self, is_cancelled: IsCancelled = never) -> None:
        """Wait until it has begun.

        Raises:
            DecoderUnavailable: it does not begin.
            CancelledError: it was cancelled; the process goes on beginning.
        """
        if self._is_ready:
            return
        self._pipes.set_deadline(START_S, is_cancelled)
        try:
            self._pipes.receive()
        except (EOFError, TimeoutError, ProtocolError) as error:
            self.kill()
            raise DecoderUnavailable(self._how_it_ended()) from error
        self._is_ready = True

    def set_deadline(self, timeout_s: float, is_cancelled: IsCancelled) -> None:
        """Limit what is asked from now on."""
        self._timeout_s = timeout_s
        self._pipes.set_deadline(timeout_s, is_cancelled)

    def read(self, path: str) -> str | LoadedPhoto:
        """Let it read a file.

        Returns:
            The content's sha256, with which `decode` has to follow; or why there is none.
        """
        return self._ask({"path": path}, decode_sha256, None)

    def decode(self, sha256: str, *, is_needed: bool) -> LoadedPhoto:
        """Let it decode the file that it has read, where that is needed."""

        def parse(frame: Frame) -> LoadedPhoto:
            return decode_photo(frame, sha256, self._size_px) if is_needed else LoadedPhoto(sha256)

        return self._ask({"is_needed": is_needed}, parse, sha256)

    def _ask(self, request: dict[str, Any], parse: Callable[[Frame], Reply], sha256: str | None) -> Reply | LoadedPhoto:
        """Send a request and parse its reply; a process that fails at it is killed, and its photo has failed."""
        try:
            self._pipes.send(request)
            return parse(self._pipes.receive())
        except TimeoutError:
            self.kill()
            failure = Failed("timed_out", f"decoding took longer than {self._timeout_s:g} s")
        except EOFError:
            self.kill()
            failure = Failed("decoder_crashed", f"its decoder died: {self._how_it_ended()}")
        except ProtocolError as error:
            self.kill()
            failure = Failed("decoder_crashed", f"its decoder spoke nonsense ({error})")
        return LoadedPhoto(sha256, failure=failure)

    def kill(self) -> None:
        """Use it no more, even if the system cannot end it yet."""
        self._pipes.close()
        self._process.kill()

    def close(self, until: float) -> None:
        """Wait for the end of a killed process.

        Args:
            until: when to stop waiting, as `time.monotonic` counts.
        """
        for file in self._files:
            file.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, until - time.monotonic()))

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return "it does not end"
        if code >= 0:
            return f"it ended with code {code}"
        name = signal.Signals(-code).name
        return f"{name}, perhaps for want of memory" if name == "SIGKILL" else name


def _environment() -> dict[str, str]:
    """Ours, and where this package lies; one thread each, since each is one of many.

    Without settings: the bot's token is one, and a decoder is sent all that it needs.
    """
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith("TAGGER_")}
    paths = [path for path in (os.environ.get("PYTHONPATH"), str(PACKAGE)) if path]
    return ours | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}

"""The decoder processes of a run, one for each photo that is decoded at a time.

The one rule: a look always ends. A decoder that takes too long, or dies, is replaced, and its photo has failed.
"""

from __future__ import annotations

import fcntl
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from tagger.card import InputContract
from tagger.errors import DecoderUnavailable
from tagger.frames import SIZES, Frame, Nonsense, asked_from, frame_of, looked_from, packed, sizes_from
from tagger.look import Looked, Wanted
from tagger.types import Failed, Limits

log = logging.getLogger(__name__)

START_S = 120.0  # for a process to begin on a machine that is busy
END_S = 5.0  # for a killed process to be gone; one that waits for a drive that hangs takes longer
PIPE_BYTES = 1 << 20  # a photo's pixels in one go; Linux gives a pipe 64 KB otherwise
PACKAGE = Path(__file__).parents[1]


class _Ended(Exception):
    """The process closed its end."""


class _TooSlow(Exception):
    """Its time is up."""


class Decoders:
    """A `tagger.look.Looker` whose photos are decoded in processes of their own.

    Args:
        photos: at most so many are going to be looked at; not more processes than that are started, nor more than
            `limits.threads`.
        timeout_s: for one photo, from its path to its pixels.
    """

    def __init__(self, contract: InputContract, limits: Limits, *, photos: int, timeout_s: float) -> None:
        self._told = {"contract": asdict(contract), "limits": asdict(limits), "timeout_s": timeout_s}
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._all: set[_Decoder] = set()
        self._is_closed = False
        self._idle: SimpleQueue[_Decoder] = SimpleQueue()
        for _ in range(min(photos, limits.threads)):
            self._idle.put(self._new())

    def wait(self) -> None:
        """Until every process has begun; to be called before anybody looks, or not at all.

        Raises:
            DecoderUnavailable: one does not begin.
        """
        for decoder in self._all:
            decoder.make_ready()

    def look(self, path: str, wanted: Wanted) -> Looked:
        """Raises:
        DecoderUnavailable: no process can be started.
        """
        decoder = self._idle.get()
        try:
            if not decoder.is_alive():
                decoder = self._instead_of(decoder)
            decoder.make_ready()
            return decoder.look(path, wanted, self._timeout_s)
        except BaseException:  # it may be in the middle of a photo
            decoder.kill()
            raise
        finally:
            self._idle.put(decoder)

    def abandon(self) -> None:
        """Kill them all; nothing can be looked at any more."""
        with self._lock:
            self._is_closed = True
            every = list(self._all)
        for decoder in every:
            decoder.kill()

    def close(self) -> None:
        """Once nobody looks any more."""
        self.abandon()
        for decoder in self._all:
            decoder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _new(self) -> _Decoder:
        decoder = _Decoder(self._told)
        with self._lock:
            self._all.add(decoder)
            is_late = self._is_closed
        if is_late:
            decoder.kill()
        return decoder

    def _instead_of(self, dead: _Decoder) -> _Decoder:
        with self._lock:
            self._all.discard(dead)
        dead.close()
        return self._new()


class _Decoder:
    """One process. Used by one thread at a time; only `kill` may come from another."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tagger.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
            start_new_session=True,  # Ctrl-C reaches the run alone
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._answers = self._process.stdin, self._process.stdout
        self._out = self._answers.fileno()
        _widen(self._out)
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)
        self._is_ready = False
        self._size_px: int = told["contract"]["size_px"]
        self._deadline = 0.0
        with suppress(BrokenPipeError):  # `make_ready` says so
            self._say(dict(told))

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def make_ready(self) -> None:
        """Wait until it has begun.

        Raises:
            DecoderUnavailable: it does not begin.
        """
        if self._is_ready:
            return
        self._deadline = time.monotonic() + START_S
        try:
            self._next()
        except (_Ended, _TooSlow, Nonsense) as error:
            self.kill()
            raise DecoderUnavailable(self._end()) from error
        self._is_ready = True

    def look(self, path: str, wanted: Wanted, timeout_s: float) -> Looked:
        self._deadline = time.monotonic() + timeout_s
        sha256 = None
        try:
            self._say({"path": path})
            frame = self._next()
            if "failure" not in frame.header:  # it has read the file, and asks
                sha256 = asked_from(frame)
                is_wanted = wanted(sha256)
                self._say({"wanted": is_wanted})
                frame = self._next()
                if not is_wanted:
                    return Looked(sha256)
            return looked_from(frame, sha256, self._size_px)
        except _TooSlow:
            self.kill()
            return Looked(sha256, failure=Failed("timed_out", f"decoding took longer than {timeout_s:g} s"))
        except (_Ended, BrokenPipeError):
            self.kill()
            return Looked(sha256, failure=Failed("decoder_crashed", f"its decoder died: {self._end()}"))
        except Nonsense as error:
            self.kill()
            return Looked(sha256, failure=Failed("decoder_crashed", f"its decoder spoke nonsense ({error})"))

    def kill(self) -> None:
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)

    def close(self) -> None:
        self._in.close()
        self._answers.close()

    def _end(self) -> str:
        """How it ended, for people."""
        code = self._process.poll()
        if code is None or code >= 0:
            return f"it ended with code {code}"
        name = signal.Signals(-code).name
        return f"{name}, perhaps for want of memory" if name == "SIGKILL" else name

    def _say(self, header: dict[str, Any]) -> None:
        self._in.write(packed(header))

    def _next(self) -> Frame:
        header, payload = sizes_from(self._read(SIZES.size), self._size_px)
        return frame_of(self._read(header), self._read(payload))

    def _read(self, size: int) -> bytearray:
        buffer = bytearray(size)
        missing = memoryview(buffer)
        while missing:
            left_s = self._deadline - time.monotonic()
            if left_s <= 0 or not self._poll.poll(left_s * 1000):
                raise _TooSlow
            if (count := os.readv(self._out, [missing])) == 0:
                raise _Ended
            missing = missing[count:]
        return buffer


def _environment() -> dict[str, str]:
    """Ours, and where this package lies; one thread each, since each is one of many."""
    paths = [path for path in (os.environ.get("PYTHONPATH"), str(PACKAGE)) if path]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}


def _widen(pipe: int) -> None:
    with suppress(AttributeError, OSError):  # not on Linux, or more than this user may have
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

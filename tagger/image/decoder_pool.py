"""The decoder processes of a run, one for each photo that is decoded at a time.

The one rule: a look always ends. A decoder that takes too long, or dies, is replaced, and its photo has failed.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from tagger.core.errors import DecoderUnavailable
from tagger.core.types import Failed, InputContract, Limits
from tagger.image.decoder_pipes import Ended, Pipes, TooSlow
from tagger.image.decoder_protocol import ProtocolError, asked_from, looked_from
from tagger.image.loader import LoadedPhoto, Wanted

log = logging.getLogger(__name__)

START_S = 120.0  # for a process to begin on a machine that is busy
END_S = 5.0  # for a killed process to be gone; one that waits for a drive that hangs takes longer, perhaps for ever
MOST_UNDYING = 32  # such processes, tens of megabytes each; with more, a run over a dead drive would fill the memory
PACKAGE = Path(__file__).parents[2]


class DecoderPool:
    """A `tagger.image.loader.PhotoLoader` whose photos are decoded in processes of their own.

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
        self._undying: list[_Decoder] = []
        self._is_closed = False
        self._loss = DecoderUnavailable("they were all ended")  # of the last decoder: why there is none
        self._idle: SimpleQueue[_Decoder | None] = SimpleQueue()  # None: there is none any more
        try:
            for _ in range(min(photos, limits.threads)):
                self._idle.put(self._new())
        except DecoderUnavailable as error:
            if not self._all:
                raise
            log.warning("%d processes decode, fewer than wanted. %s", len(self._all), error)

    def wait(self) -> None:
        """Until every process has begun; to be called before anybody looks, or not at all.

        Raises:
            DecoderUnavailable: one does not begin.
        """
        for decoder in self._all:
            decoder.make_ready()

    def look(self, path: str, wanted: Wanted) -> LoadedPhoto:
        """Raises:
        DecoderUnavailable: the last process is lost, and no other can be started.
        """
        decoder = self._ready_one()
        try:
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
        until = time.monotonic() + END_S
        for decoder in self._all:
            decoder.close(until)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _ready_one(self) -> _Decoder:
        """One that nobody else asks, begun; where it had to be replaced and could not be, another."""
        while (decoder := self._idle.get()) is not None and not self._is_closed:
            try:
                if not decoder.is_alive():
                    decoder = self._instead_of(decoder)
                decoder.make_ready()
                return decoder
            except DecoderUnavailable as error:
                self._lose(decoder, error)
        self._idle.put(decoder)  # for whoever waits beside this thread
        raise self._loss

    def _new(self, instead_of: _Decoder | None = None) -> _Decoder:
        try:
            decoder = _Decoder(self._told)
        except OSError as error:
            raise DecoderUnavailable(str(error)) from error
        with self._lock:
            self._all.discard(instead_of)  # only now: while one is left, the run goes on
            self._all.add(decoder)
            is_late = self._is_closed
        if is_late:
            decoder.kill()
        return decoder

    def _instead_of(self, dead: _Decoder) -> _Decoder:
        """Raises:
        DecoderUnavailable: it cannot be started, or so many do not end that it would be one too many.
        """
        dead.close(time.monotonic() + END_S)
        with self._lock:
            self._undying = [each for each in {*self._undying, dead} if not each.is_gone()]
            undying = len(self._undying)
        if undying > MOST_UNDYING:
            raise DecoderUnavailable(f"{undying} that were killed do not end, perhaps because a drive hangs")
        return self._new(instead_of=dead)

    def _lose(self, decoder: _Decoder, error: DecoderUnavailable) -> None:
        with self._lock:
            self._all.discard(decoder)
            left = len(self._all)
            self._loss = error
        decoder.close(time.monotonic())
        if not self._is_closed:
            log.warning("A decoder is lost, %d go on. %s", left, error)
        if not left:
            self._idle.put(None)


class _Decoder:
    """One process. Used by one thread at a time; only `kill` may come from another."""

    def __init__(self, told: dict[str, Any]) -> None:
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
        self._ends = (self._process.stdin, self._process.stdout)
        self._size_px: int = told["contract"]["size_px"]
        self._pipes = Pipes(*(end.fileno() for end in self._ends), size_px=self._size_px)
        self._is_ready = False
        self._pipes.allow(START_S)
        with suppress(Ended, TooSlow):  # `make_ready` says so
            self._pipes.say(told)

    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return not self._pipes.is_cut and not self.is_gone()

    def is_gone(self) -> bool:
        return self._process.poll() is not None

    def make_ready(self) -> None:
        """Wait until it has begun.

        Raises:
            DecoderUnavailable: it does not begin.
        """
        if self._is_ready:
            return
        self._pipes.allow(START_S)
        try:
            self._pipes.hear()
        except (Ended, TooSlow, ProtocolError) as error:
            self.kill()
            raise DecoderUnavailable(self._end()) from error
        self._is_ready = True

    def look(self, path: str, wanted: Wanted, timeout_s: float) -> LoadedPhoto:
        self._pipes.allow(timeout_s)
        sha256 = None
        try:
            self._pipes.say({"path": path})
            frame = self._pipes.hear()
            if "failure" not in frame.header:  # it has read the file, and asks
                sha256 = asked_from(frame)
                is_wanted = wanted(sha256)
                self._pipes.say({"wanted": is_wanted})
                frame = self._pipes.hear()
                if not is_wanted:
                    return LoadedPhoto(sha256)
            return looked_from(frame, sha256, self._size_px)
        except TooSlow:
            self.kill()
            return LoadedPhoto(sha256, failure=Failed("timed_out", f"decoding took longer than {timeout_s:g} s"))
        except Ended:
            self.kill()
            return LoadedPhoto(sha256, failure=Failed("decoder_crashed", f"its decoder died: {self._end()}"))
        except ProtocolError as error:
            self.kill()
            return LoadedPhoto(sha256, failure=Failed("decoder_crashed", f"its decoder spoke nonsense ({error})"))

    def kill(self) -> None:
        """From here on it is not asked any more, even if the system cannot end it yet."""
        self._pipes.cut()
        self._process.kill()

    def close(self, until: float) -> None:
        """Args:
        until: when to stop waiting for its end, as `time.monotonic` counts.
        """
        for end in self._ends:
            end.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, until - time.monotonic()))

    def _end(self) -> str:
        """How it ended, for people."""
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return "it does not end"
        if code >= 0:
            return f"it ended with code {code}"
        name = signal.Signals(-code).name
        return f"{name}, perhaps for want of memory" if name == "SIGKILL" else name


def _environment() -> dict[str, str]:
    """Ours, and where this package lies; one thread each, since each is one of many. Without settings: the bot's token
    is one, and a decoder is told all that it needs."""
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith("TAGGER_")}
    paths = [path for path in (os.environ.get("PYTHONPATH"), str(PACKAGE)) if path]
    return ours | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}

"""A pool of decoder processes.

The one rule: a load always ends. A decoder that takes too long or dies is replaced, and its photo fails.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import CancelledError
from dataclasses import asdict
from pathlib import Path
from typing import Self

from tagger.core.errors import DecoderUnavailable
from tagger.core.run_options import Limits
from tagger.core.types import Failed, InputContract
from tagger.image.decoder_process import END_S, POLL_S, DecoderProcess
from tagger.image.decoder_protocol import FreshProcessNeeded
from tagger.image.loader import IsCancelled, LoadedPhoto, NeededPart

log = logging.getLogger(__name__)

MAX_UNKILLABLE = 32  # of tens of megabytes each, which photos on a dead drive would multiply
RETRY_S = 60.0  # between attempts to start a process


class DecoderPool:
    """A `tagger.image.loader.PhotoLoader` that decodes in separate processes: pass it to `Tagger.tag` as `loader`.

    A pool serves one run or a whole service: any number of consecutive or concurrent `tag` calls share its processes. A
    photo that hangs or kills its process costs only itself. Dead processes are replaced when the next photo needs one.

        with DecoderPool(tagger.bundle.card.input, tagger.limits, timeout_s=60) as pool:
            for paths in batches:
                results = [*tagger.tag(paths, loader=pool)]

    Args:
        photos: how many will be loaded, and so the most processes, up to `limits.threads`; None for any number.
        timeout_s: the most seconds for one photo, from its path to its pixels.
        thumbnails: a folder in which a thumbnail of each photo is kept whose pixels are needed.

    Raises:
        DecoderUnavailable: not even one process can be started.
    """

    def __init__(
        self,
        contract: InputContract,
        limits: Limits,
        *,
        timeout_s: float,
        photos: int | None = None,
        thumbnails: Path | None = None,
    ) -> None:
        self._setup = {
            "contract": asdict(contract),
            "limits": asdict(limits),
            "timeout_s": timeout_s,
            "thumbnails": str(thumbnails) if thumbnails else None,
        }
        self._timeout_s = timeout_s
        self._changed = threading.Condition()
        self._processes: set[DecoderProcess] = set()
        self._idle: deque[DecoderProcess] = deque()
        self._unkillable: list[DecoderProcess] = []
        self._missing = limits.threads if photos is None else min(photos, limits.threads)
        self._failed_at = 0.0
        self._failure: DecoderUnavailable  # why processes are missing
        self._is_closed = False
        self._start_missing()
        if not self._processes:
            raise self._failure

    def wait_ready(self) -> None:
        """Wait until every process is ready. Only for measurements: `load` waits for the one that it uses.

        Raises:
            DecoderUnavailable: one does not start.
        """
        for process in self._processes:
            process.wait_ready()

    def process_ids(self) -> list[int]:
        """The processes that run now, for measurements."""
        return [process.pid for process in self._processes]

    def load(self, path: str, needed_part: NeededPart, is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        """Load one photo, see `tagger.image.loader.PhotoLoader`.

        Raises:
            DecoderUnavailable: no process is left, and no other can be started.
            CancelledError: it was cancelled.
        """
        process = self._acquire(is_cancelled)
        try:
            try:
                return self._load(process, path, needed_part, is_cancelled)
            except FreshProcessNeeded as needed:
                part = needed.part
                process.kill()
                process = self._replacement(process)
                process.wait_ready(is_cancelled)
                return self._load(process, path, lambda _content: part, is_cancelled)
        except FreshProcessNeeded:  # an honest one does not ask for it after a restart
            process.kill()
            return LoadedPhoto(None, failure=Failed("decoder_crashed", "its decoder sent an invalid answer"))
        except BaseException:  # it may be in the middle of a photo
            process.kill()
            raise
        finally:
            self._release(process)

    def _load(
        self, process: DecoderProcess, path: str, needed_part: NeededPart, is_cancelled: IsCancelled | None
    ) -> LoadedPhoto:
        process.set_deadline(self._timeout_s, is_cancelled)
        content = process.read(path)
        if isinstance(content, LoadedPhoto):
            return content
        return process.load(content, needed_part(content))

    def terminate(self) -> None:
        """Kill all processes; nothing can be loaded any more."""
        with self._changed:
            self._is_closed, self._failure = True, DecoderUnavailable("the pool is closed")
            for process in self._processes:
                process.kill()
            self._changed.notify_all()

    def close(self) -> None:
        """Kill all processes and wait for their end; call it after the last load."""
        self.terminate()
        until = time.monotonic() + END_S
        for process in self._processes:
            process.close(until)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _acquire(self, is_cancelled: IsCancelled | None) -> DecoderProcess:
        """A ready process for exclusive use."""
        while True:
            process = self._next_idle(is_cancelled)
            try:
                if not process.is_usable():
                    process = self._replacement(process)
                process.wait_ready(is_cancelled)
                return process
            except DecoderUnavailable as error:
                self._drop(process, error)
            except BaseException:
                self._release(process)
                raise

    def _next_idle(self, is_cancelled: IsCancelled | None) -> DecoderProcess:
        with self._changed:
            if self._missing and time.monotonic() >= self._failed_at + RETRY_S:
                self._start_missing()
            while not self._idle or self._is_closed:
                if self._is_closed or not self._processes:
                    raise self._failure.with_traceback(None)  # else its traceback grows each time it is raised
                if is_cancelled and is_cancelled():
                    raise CancelledError
                self._changed.wait(POLL_S)
            return self._idle.popleft()

    def _release(self, process: DecoderProcess) -> None:
        with self._changed:
            self._idle.append(process)
            self._changed.notify()

    def _start_missing(self) -> None:
        """Start missing processes; fewer if the system allows no more."""
        try:
            while self._missing:
                self._idle.append(self._start())
                self._missing -= 1
        except DecoderUnavailable as error:
            self._failure, self._failed_at = error, time.monotonic()
            if self._processes:
                log.warning("Only %d decoder processes are running. %s", len(self._processes), error)

    def _start(self) -> DecoderProcess:
        """Start a process.

        Raises:
            DecoderUnavailable: it cannot be started, or too many do not end.
        """
        with self._changed:
            self._unkillable = [process for process in self._unkillable if not process.has_ended()]
            unkillable = len(self._unkillable)
        if unkillable > MAX_UNKILLABLE:
            raise DecoderUnavailable(f"{unkillable} killed ones do not exit, perhaps because a drive hangs")
        try:
            process = DecoderProcess(self._setup)
        except OSError as error:
            raise DecoderUnavailable(str(error)) from error
        with self._changed:
            self._processes.add(process)
            if self._is_closed:
                process.kill()
        return process

    def _replacement(self, dead: DecoderProcess) -> DecoderProcess:
        self._bury(dead, time.monotonic() + END_S)
        process = self._start()
        with self._changed:
            self._processes.discard(dead)  # only now, since waiting threads give up when no process is left
        return process

    def _drop(self, process: DecoderProcess, error: DecoderUnavailable) -> None:
        self._bury(process, time.monotonic())
        with self._changed:
            self._processes.discard(process)
            self._missing += 1
            self._failure, self._failed_at = error, time.monotonic()
            self._changed.notify_all()
            if not self._is_closed:
                log.warning("A decoder process is lost, %d remain. %s", len(self._processes), error)

    def _bury(self, process: DecoderProcess, until: float) -> None:
        process.close(until)
        with self._changed:
            if not process.has_ended() and process not in self._unkillable:
                self._unkillable.append(process)

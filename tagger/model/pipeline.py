"""From inputs to results: decode threads → bounded window → batches → engine → results in input order.

The one rule: memory depends on the batch size and the threads, never on the number of photos. One thread runs the
engine while the decode threads prepare the next photos; the caller's thread only sorts.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from tagger.core.run_options import Limits
from tagger.core.timings import StageTimings
from tagger.core.types import Answer, Failed, PhotoInfo, Result, TakenDate
from tagger.image.loader import InProcessLoader, PhotoLoader
from tagger.image.preprocess import Pixels
from tagger.model.card import Card
from tagger.model.cascade import FirstLook, infer_in_two_looks
from tagger.model.engines import Engine
from tagger.model.inference import Batch, EngineThread

BATCHES_IN_FLIGHT = 2  # one in the engine, one waiting for it
WINDOW_BATCHES = 4  # with this many batches of results waiting, a small batch starts too

Known = Callable[[str], Answer | None]


@dataclass(slots=True)
class _Content:
    """A content in progress. Files with the same bytes share it, so that each content is inferred once."""

    sha256: str
    info: PhotoInfo | None = None
    pixels: Pixels | None = None
    answer: Answer | None = None
    batch: Batch | None = None
    row: int = 0

    def is_ready(self) -> bool:
        return self.answer is not None or (self.batch is not None and self.batch.is_done())

    def resolve(self) -> Answer:
        if self.answer is None:
            assert self.batch is not None
            self.answer = self.batch.answers()[self.row]
        return self.answer


@dataclass(slots=True)
class _Prepared:
    """An input after its decode thread; `is_first` marks the first one with its content."""

    path: str
    content: _Content | None
    failure: Failed | None = None
    is_first: bool = False
    was_known: bool = False
    file_date: TakenDate | None = None
    seconds: float = 0.0

    def is_ready(self) -> bool:
        return self.content is None or self.content.is_ready()

    def result(self) -> Result:
        if self.content is None:
            assert self.failure is not None
            return Result(self.path, None, self.failure, seconds=self.seconds)
        answer = self.content.resolve()
        if isinstance(answer, Failed):
            return Result(self.path, self.content.sha256, answer, seconds=self.seconds)
        inherited = self.was_known or not self.is_first
        info = self.content.info
        return Result(self.path, self.content.sha256, answer, info, inherited, self.seconds, self.file_date)


@dataclass(slots=True)
class Pipeline:
    """The pipeline of one engine.

    Args:
        known: called with a sha256 by the decode threads; an answer saves decoding and inference.
        stages: times the engine, and the wait for photos.
        loader: reads and decodes for the decode threads; None lets them do it themselves.
        stop: set from any thread, it ends the wait for photos in progress.
        first_look: sees the photos before the engine does; None shows it all of them.
        needs_full_look: whether a photo skips the first look.
    """

    engine: Engine
    card: Card
    limits: Limits
    k: int = 5
    known: Known | None = None
    stages: StageTimings = field(default_factory=StageTimings)
    loader: PhotoLoader | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    first_look: FirstLook | None = None
    needs_full_look: Callable[[PhotoInfo], bool] | None = None
    _is_over: bool = False
    _claims: dict[str, _Content] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, paths: Iterable[str]) -> Generator[Result, None, None]:
        """Answer for every path, in order and lazily.

        Raises:
            EngineFailed: the engine failed or hangs; the message names the batch. All earlier results were yielded.
            CancelledError: `stop` was set with photos in progress.
        """
        self._is_over = False
        engine = EngineThread(self._infer)
        with ThreadPoolExecutor(self.limits.threads, "decode") as decoders:
            try:
                yield from self._in_order(iter(paths), decoders, engine)
            finally:
                self._is_over = True  # otherwise the end would wait for photos in progress
                decoders.shutdown(wait=False, cancel_futures=True)
                engine.close()

    def _in_order(self, paths: Iterator[str], decoders: ThreadPoolExecutor, engine: EngineThread) -> Iterator[Result]:
        size = self.engine.batch_size
        window: deque[Future[_Prepared]] = deque()
        waiting: deque[_Prepared] = deque()
        batch: list[_Prepared] = []
        while True:
            room = size + 2 * self.limits.threads - len(window)
            window.extend(decoders.submit(self._prepare, path) for path in islice(paths, max(room, 0)))
            if window:
                with self.stages.time("decode_wait"):
                    prepared = window.popleft().result()
                waiting.append(prepared)
                if prepared.is_first and prepared.content and prepared.content.pixels is not None:
                    batch.append(prepared)
            if batch and (len(batch) == size or not window or len(waiting) > WINDOW_BATCHES * size):
                self._start(batch, engine)
                batch = []
            while waiting and (waiting[0].is_ready() or self._must_wait(waiting, batch, window)):
                prepared = waiting.popleft()
                yield prepared.result()
                self._forget(prepared)
            if not window and not waiting:
                return

    def _must_wait(self, waiting: deque[_Prepared], batch: list[_Prepared], window: deque[Future[_Prepared]]) -> bool:
        """Whether to block on the oldest result: nothing is left to prepare, or enough batches are in progress."""
        if not window:
            return True
        in_flight = len(waiting) - len(batch)
        head = waiting[0].content
        return in_flight >= BATCHES_IN_FLIGHT * self.engine.batch_size and head is not None and head.batch is not None

    def _forget(self, prepared: _Prepared) -> None:
        """Rely on `known` for this content from now on, since the caller has its answer."""
        if prepared.is_first and prepared.content is not None:
            with self._lock:
                self._claims.pop(prepared.content.sha256, None)

    def _start(self, batch: list[_Prepared], engine: EngineThread) -> None:
        contents = [prepared.content for prepared in batch if prepared.content is not None]
        pixels = [content.pixels for content in contents if content.pixels is not None]
        full_only = frozenset(row for row, content in enumerate(contents) if self._needs_full_look(content))
        names = f"{len(batch)} photos from {batch[0].path!r} to {batch[-1].path!r}"
        started = Batch(pixels, names, full_only)
        for row, content in enumerate(contents):
            content.pixels, content.row, content.batch = None, row, started
        engine.start(started)

    def _needs_full_look(self, content: _Content) -> bool:
        return self.needs_full_look is not None and content.info is not None and self.needs_full_look(content.info)

    def _infer(self, pixels: list[Pixels], full_only: frozenset[int]) -> list[Answer]:
        with self.stages.time("engine"):
            return infer_in_two_looks(self.first_look, self.engine, pixels, self.card, self.k, full_only=full_only)

    def _prepare(self, path: str) -> _Prepared:
        """Read, hash and decode one file; runs in a decode thread."""
        prepared, began = _Prepared(path, None), time.perf_counter()
        loader = self.loader or InProcessLoader(self.card.input, self.limits)
        photo = loader.load(path, lambda sha256: self._claim(prepared, sha256), self._is_cancelled)
        if prepared.content is None:
            prepared.failure = photo.failure
        elif prepared.is_first and not prepared.was_known:
            content = prepared.content
            content.info, content.pixels, content.answer = photo.info, photo.pixels, photo.failure
        prepared.file_date = photo.file_date
        prepared.seconds = time.perf_counter() - began
        return prepared

    def _is_cancelled(self) -> bool:
        return self._is_over or self.stop.is_set()

    def _claim(self, prepared: _Prepared, sha256: str) -> bool:
        """Whether this input is the first with an unanswered content."""
        mine = _Content(sha256)
        with self._lock:
            prepared.content = self._claims.setdefault(sha256, mine)
        if prepared.content is not mine:
            return False
        prepared.is_first = True
        mine.answer = self.known(sha256) if self.known else None
        prepared.was_known = mine.answer is not None
        return not prepared.was_known

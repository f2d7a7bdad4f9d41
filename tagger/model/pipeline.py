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
from dataclasses import dataclass, field, replace
from itertools import islice

from tagger.core.run_options import Limits
from tagger.core.timings import StageTimings
from tagger.core.types import Answer, Failed, PhotoInfo, Result, TakenDate
from tagger.image.loader import Content, InProcessLoader, Part, PhotoLoader
from tagger.image.preprocess import Pixels
from tagger.model.card import Card
from tagger.model.cascade import FirstLook, infer_in_two_looks
from tagger.model.embedding import Projection
from tagger.model.engines import Engine
from tagger.model.inference import Batch, EngineThread
from tagger.model.taught import NOTHING_TAUGHT, TaughtPlaces

BATCHES_IN_FLIGHT = 2  # one in the engine, one waiting for it
WINDOW_BATCHES = 4  # with this many batches of results waiting, a small batch starts too

Known = Callable[[str], Answer | None]


@dataclass(slots=True)
class _Picture:
    """A picture in progress. Files with it share it, so that each picture is inferred once."""

    content: Content  # of the first file
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
    """An input after its decode thread; `is_first` marks the first one with its picture."""

    path: str
    content: Content | None = None
    part: Part = "pixels"
    picture: _Picture | None = None
    info: PhotoInfo | None = None
    failure: Failed | None = None
    is_first: bool = False
    known: Answer | None = None
    file_date: TakenDate | None = None
    seconds: float = 0.0

    @property
    def must_be_inferred(self) -> bool:
        return self.is_first and self.picture is not None and self.picture.pixels is not None

    def is_ready(self) -> bool:
        return self.failure is not None or self.picture is None or self.picture.is_ready()

    def result(self) -> Result:
        sha256, picture = self.content or (None, None)
        if self.failure is not None or self.picture is None:
            assert self.failure is not None
            return Result(self.path, sha256, self.failure, seconds=self.seconds)
        answer = self.picture.resolve()
        if isinstance(answer, Failed):
            return Result(self.path, sha256, answer, seconds=self.seconds)
        inherited = self.known is not None or not self.is_first
        return Result(self.path, sha256, answer, self._info(), inherited, self.seconds, self.file_date, picture)

    def _info(self) -> PhotoInfo | None:
        """The metadata of this file's bytes; None if they were known."""
        assert self.picture is not None
        of_first = self.picture.info
        if self.content == self.picture.content or of_first is None:
            return self.info or of_first
        return replace(self.info, phash=of_first.phash) if self.info else None


@dataclass(slots=True)
class Pipeline:
    """The pipeline of one engine.

    Args:
        known: called by the decode threads with the sha256 of a file, then with the hash of its picture; an answer
            saves decoding and inference.
        stages: times the engine, and the wait for photos.
        loader: reads and decodes for the decode threads; None lets them do it themselves.
        stop: set from any thread, it ends the wait for photos in progress.
        first_look: sees the photos before the engine does; None shows it all of them.
        needs_full_look: whether a photo skips the first look.
        projection: from the engine's features to embeddings.
        taught: places that compete with the landmarks.
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
    projection: Projection | None = None
    taught: TaughtPlaces = NOTHING_TAUGHT
    _is_over: bool = False
    _claims: dict[str, _Picture] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, paths: Iterable[str]) -> Generator[Result, None, None]:
        """Answer for every path, in order and lazily.

        Raises:
            EngineFailed: the engine failed or hangs; the message names the batch. All earlier results were yielded.
            CancelledError: `stop` was set with photos in progress.
        """
        self._is_over = False
        engine = EngineThread()
        with ThreadPoolExecutor(self.limits.threads, "decode") as decoders:
            try:
                yield from self._in_order(iter(paths), decoders, engine)
            finally:
                self._is_over = True  # otherwise the end would wait for photos in progress
                decoders.shutdown(wait=False, cancel_futures=True)
                engine.close()

    def run_loaded(self, paths: Iterable[str], engine: EngineThread) -> list[Result]:
        """Answer for photos that the loader has at hand, in one batch: it starts no threads, so it suits few photos.

        Raises:
            EngineFailed: as `run` does.
        """
        inputs = [self._prepare(path) for path in paths]
        if batch := [prepared for prepared in inputs if prepared.must_be_inferred]:
            self._start(batch, engine)
        return [prepared.result() for prepared in inputs]

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
                if prepared.must_be_inferred:
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
        head = waiting[0].picture
        return in_flight >= BATCHES_IN_FLIGHT * self.engine.batch_size and head is not None and head.batch is not None

    def _forget(self, prepared: _Prepared) -> None:
        """Rely on `known` for this picture from now on, since the caller has its answer."""
        if prepared.is_first and prepared.content is not None:
            with self._lock:
                self._claims.pop(_key(prepared.content), None)

    def _start(self, batch: list[_Prepared], engine: EngineThread) -> None:
        pictures = [prepared.picture for prepared in batch if prepared.picture is not None]
        pixels = [picture.pixels for picture in pictures if picture.pixels is not None]
        full_only = frozenset(row for row, picture in enumerate(pictures) if self._needs_full_look(picture))
        names = f"{len(batch)} photos from {batch[0].path!r} to {batch[-1].path!r}"
        started = Batch(pixels, names, full_only, self._infer)
        for row, picture in enumerate(pictures):
            picture.pixels, picture.row, picture.batch = None, row, started
        engine.start(started)

    def _needs_full_look(self, picture: _Picture) -> bool:
        return self.needs_full_look is not None and picture.info is not None and self.needs_full_look(picture.info)

    def _infer(self, pixels: list[Pixels], full_only: frozenset[int]) -> list[Answer]:
        with self.stages.time("engine"):
            return infer_in_two_looks(
                self.first_look,
                self.engine,
                pixels,
                self.card,
                self.k,
                full_only=full_only,
                projection=self.projection,
                taught=self.taught,
            )

    def _prepare(self, path: str) -> _Prepared:
        """Read, hash and decode one file; runs in a decode thread."""
        prepared, began = _Prepared(path), time.perf_counter()
        loader = self.loader or InProcessLoader(self.card.input, self.limits)
        photo = loader.load(path, lambda content: self._needed(prepared, content), self._is_cancelled)
        prepared.info, prepared.file_date = photo.info, photo.file_date
        picture = prepared.picture
        if picture is None or prepared.part == "metadata":
            prepared.failure = photo.failure
        if picture is not None and prepared.is_first:
            picture.info, picture.answer = photo.info, prepared.known or photo.failure
            picture.pixels = None if prepared.known else photo.pixels
        prepared.seconds = time.perf_counter() - began
        return prepared

    def _is_cancelled(self) -> bool:
        return self._is_over or self.stop.is_set()

    def _needed(self, prepared: _Prepared, content: Content) -> Part:
        prepared.content, prepared.part = content, self._claim(prepared, content)
        return prepared.part

    def _claim(self, prepared: _Prepared, content: Content) -> Part:
        """Which part of an input is needed: the pixels of the first one with an unanswered picture, and the metadata of
        other bytes with the same picture."""
        mine = _Picture(content)
        with self._lock:
            prepared.picture = self._claims.setdefault(_key(content), mine)
        if prepared.picture is not mine:
            return "nothing" if content == prepared.picture.content else "metadata"
        prepared.is_first = True
        if answer := self._known(content.sha256):
            prepared.known = answer
            return "nothing"
        if content.picture and (answer := self._known(content.picture)):
            prepared.known = answer
            return "metadata"
        return "pixels"

    def _known(self, key: str) -> Answer | None:
        return self.known(key) if self.known else None


def _key(content: Content) -> str:
    return content.picture or content.sha256

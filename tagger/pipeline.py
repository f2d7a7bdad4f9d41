"""From inputs to results: decode threads → bounded window → batches → engine → results in input order.

The one rule: what is held at a time depends on the batch size and the threads, never on the number of photos.
One thread runs the engine while the decode threads prepare what comes next; the caller's thread only sorts.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from tagger import calibrate, decode
from tagger.card import Card, InputContract
from tagger.engines import Engine
from tagger.errors import EngineFailed, PhotoError
from tagger.preprocess import Pixels, preprocess
from tagger.types import Answer, Failed, Limits, PhotoInfo, Result

BATCHES_IN_FLIGHT = 2  # one in the engine, one waiting for it
WINDOW_BATCHES = 4  # a batch that many failures and copies keep from filling starts anyway

Known = Callable[[str], Answer | None]


@dataclass(slots=True)
class _Content:
    """One content on its way. Files with the same bytes share it, so that each content is inferred once."""

    sha256: str
    info: PhotoInfo | None = None
    pixels: Pixels | None = None
    answer: Answer | None = None
    batch: Future[list[Answer]] | None = None
    row: int = 0

    def is_ready(self) -> bool:
        return self.answer is not None or (self.batch is not None and self.batch.done())

    def resolve(self) -> Answer:
        if self.answer is None:
            assert self.batch is not None
            self.answer = self.batch.result()[self.row]
        return self.answer


@dataclass(slots=True)
class _Prepared:
    """One input after its decode thread; `is_first` marks the input that brought its content in."""

    path: str
    content: _Content | None
    failure: Failed | None = None
    is_first: bool = False
    was_known: bool = False

    def is_ready(self) -> bool:
        return self.content is None or self.content.is_ready()

    def result(self) -> Result:
        if self.content is None:
            assert self.failure is not None
            return Result(self.path, None, self.failure)
        answer = self.content.resolve()
        inherited = (self.was_known or not self.is_first) and not isinstance(answer, Failed)
        return Result(self.path, self.content.sha256, answer, self.content.info, inherited)


@dataclass(slots=True)
class Pipeline:
    """One engine and how to feed it.

    Args:
        known: asked with a sha256 from the decode threads; an answer saves decoding and inference.
    """

    engine: Engine
    card: Card
    limits: Limits
    k: int = 5
    known: Known = field(default=lambda _sha256: None)
    _claims: dict[str, _Content] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, paths: Iterable[str]) -> Iterator[Result]:
        """Answer for every path, in order; lazily, as fast as the caller takes the results.

        Raises:
            EngineFailed: the engine broke; the message names the batch. All results before it were yielded.
        """
        with (
            ThreadPoolExecutor(self.limits.threads, "decode") as decoders,
            ThreadPoolExecutor(1, "engine") as runner,
        ):
            try:
                yield from self._in_order(iter(paths), decoders, runner)
            finally:
                decoders.shutdown(wait=False, cancel_futures=True)
                runner.shutdown(wait=False, cancel_futures=True)

    def _in_order(
        self, paths: Iterator[str], decoders: ThreadPoolExecutor, runner: ThreadPoolExecutor
    ) -> Iterator[Result]:
        size = self.engine.batch_size
        window: deque[Future[_Prepared]] = deque()
        waiting: deque[_Prepared] = deque()
        batch: list[_Prepared] = []
        while True:
            room = size + 2 * self.limits.threads - len(window)
            window.extend(decoders.submit(self._prepare, path) for path in islice(paths, max(room, 0)))
            if window:
                prepared = window.popleft().result()
                waiting.append(prepared)
                if prepared.is_first and prepared.content and prepared.content.pixels is not None:
                    batch.append(prepared)
            if batch and (len(batch) == size or not window or len(waiting) > WINDOW_BATCHES * size):
                self._start(batch, runner)
                batch = []
            while waiting and (waiting[0].is_ready() or self._must_wait(waiting, batch, window)):
                prepared = waiting.popleft()
                yield prepared.result()
                self._forget(prepared)
            if not window and not waiting:
                return

    def _must_wait(self, waiting: deque[_Prepared], batch: list[_Prepared], window: deque[Future[_Prepared]]) -> bool:
        """Whether to block on the oldest result: nothing is left to prepare, or enough batches are on their way."""
        if not window:
            return True
        in_flight = len(waiting) - len(batch)
        head = waiting[0].content
        return in_flight >= BATCHES_IN_FLIGHT * self.engine.batch_size and head is not None and head.batch is not None

    def _forget(self, prepared: _Prepared) -> None:
        """Only once the caller has had the answer: from here on `known` may be asked for it."""
        if prepared.is_first and prepared.content is not None:
            with self._lock:
                self._claims.pop(prepared.content.sha256, None)

    def _start(self, batch: list[_Prepared], runner: ThreadPoolExecutor) -> None:
        contents = [prepared.content for prepared in batch if prepared.content is not None]
        pixels = [content.pixels for content in contents if content.pixels is not None]
        names = f"{len(batch)} photos from {batch[0].path!r} to {batch[-1].path!r}"
        future = runner.submit(self._infer, pixels, names)
        for row, content in enumerate(contents):
            content.pixels, content.row, content.batch = None, row, future

    def _infer(self, pixels: list[Pixels], names: str) -> list[Answer]:
        try:
            logits = self.engine.logits(np.stack(pixels))  # (N, outputs)
            return calibrate.answers(logits, self.card, self.k)
        except EngineFailed as error:
            raise EngineFailed(f"{error} (in the batch of {names})") from error

    def _prepare(self, path: str) -> _Prepared:
        """Read, hash and decode one file; runs in a decode thread."""
        try:
            data = decode.read(path, self.limits.max_file_bytes)
        except PhotoError as error:
            return _Prepared(path, None, Failed(error.kind, error.message))
        mine = _Content(hashlib.sha256(data).hexdigest())
        with self._lock:
            content = self._claims.setdefault(mine.sha256, mine)
        if content is not mine:
            return _Prepared(path, content)
        content.answer = self.known(content.sha256)
        if content.answer is not None:
            return _Prepared(path, content, is_first=True, was_known=True)
        try:
            content.info, content.pixels = _look(data, self.card.input, self.limits)
        except PhotoError as error:
            content.answer = Failed(error.kind, error.message)
        return _Prepared(path, content, is_first=True)


def pixels_of(path: str, contract: InputContract, limits: Limits) -> Pixels:
    """All that a decode thread does with one new photo, alone: read, hash, decode, preprocess.

    Raises:
        PhotoError: it cannot be read.
    """
    data = decode.read(path, limits.max_file_bytes)
    hashlib.sha256(data).hexdigest()
    return _look(data, contract, limits)[1]


def _look(data: bytes, contract: InputContract, limits: Limits) -> tuple[PhotoInfo, Pixels]:
    decoded = decode.decode(data, min_side_px=contract.resize_px, max_pixels=limits.max_pixels)
    return decoded.info, preprocess(decoded.image, contract)

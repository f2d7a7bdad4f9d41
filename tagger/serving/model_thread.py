"""One thread that runs the model on what all requests sent within milliseconds.

Photos are decoded before they join a batch, so one that hangs its decoder holds up no other.

    with ModelThread(tagger, loader, k=5, gather_ms=5) as model:
        result = await model.tag(path)
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Self

from tagger.core.types import Answer, Result
from tagger.image.loader import IsCancelled, LoadedPhoto, NeededPart, PhotoLoader, always
from tagger.image.preprocess import Pixels
from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

MAX_BATCH = 64  # photos; in a larger batch the first would wait long for the last
MORE_LOADERS = 2  # than decoders, so that no decoder waits for a thread


@dataclass(slots=True)
class _Request:
    """A photo that is being processed."""

    path: str
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Result] = field(repr=False)
    photo: LoadedPhoto = field(init=False)

    def settle(self, outcome: Result | Exception) -> None:
        """Called in threads other than the event loop's."""
        self.loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: Result | Exception) -> None:
        if self.done.cancelled():
            return
        if isinstance(outcome, Exception):
            self.done.set_exception(outcome)
        else:
            self.done.set_result(outcome)


@dataclass(frozen=True, slots=True)
class _Preloaded:
    """Hands the pipeline photos that have been loaded, by path."""

    photos: dict[str, LoadedPhoto]

    def load(self, path: str, needed_part: NeededPart, _is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        photo = self.photos[path]
        part = "pixels" if photo.content is None else needed_part(photo.content)
        return photo if part == "pixels" else LoadedPhoto(photo.content, photo.info if part == "metadata" else None)


class ModelThread:
    """A tagger with its own threads. `close` waits for the current batch and abandons photos that are being loaded.

    Args:
        tagger: the model.
        loader: reads and decodes the photos.
        k: suggestions for each photo.
        min_score: a tag needs at least this score.
        gather_ms: how long photos are collected into one batch.
    """

    def __init__(
        self, tagger: Tagger, loader: PhotoLoader, *, k: int, min_score: float = 0.0, gather_ms: int = 5
    ) -> None:
        self.tagger = tagger
        self.k = k
        self.min_score = min_score
        self._loader = loader
        self._gather_s = gather_ms / 1000
        self._closing = threading.Event()
        self._loader_threads = ThreadPoolExecutor(tagger.limits.threads + MORE_LOADERS, "load")
        self._loaded: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    async def tag(self, path: str) -> Result:
        """The landmarks on a photo, weighed by its coordinates.

        Args:
            path: of its file. No two requests in progress may have the same.

        Raises:
            EngineFailed: the engine failed.
            DecoderUnavailable: no process can be started to decode the photo.
        """
        loop = asyncio.get_running_loop()
        request = _Request(path, loop, loop.create_future())
        self._loader_threads.submit(self._load, request)
        return await request.done

    async def infer(self, photos: list[Pixels]) -> list[Answer]:
        """Answer for pictures that are prepared already, such as a photo of which a part is covered."""
        return await asyncio.to_thread(self.tagger.infer, photos, len(self.tagger.bundle.card.classes))

    async def load(self, path: str) -> LoadedPhoto:
        """Read and decode a photo as the model sees it."""
        return await asyncio.wrap_future(self._loader_threads.submit(self._loader.load, path, always))

    def close(self) -> None:
        self._closing.set()
        self._loader_threads.shutdown(cancel_futures=True)
        self._loaded.put(None)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self, request: _Request) -> None:
        try:
            request.photo = self._loader.load(request.path, always, self._closing.is_set)
            self._loaded.put(request)
        except CancelledError as error:
            request.settle(error)
        except Exception as error:
            log.exception("A photo could not be loaded")
            request.settle(error)

    def _run(self) -> None:
        while (first := self._loaded.get()) is not None:
            self._tag([first, *self._gather()])

    def _gather(self) -> Iterator[_Request]:
        until = time.monotonic() + self._gather_s
        for _ in range(MAX_BATCH - 1):
            try:
                request = self._loaded.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return
            if request is None:
                self._loaded.put(None)  # ends `_run`
                return
            yield request

    def _tag(self, requests: list[_Request]) -> None:
        loader = _Preloaded({request.path: request.photo for request in requests})
        try:
            paths = [request.path for request in requests]
            results = list(self.tagger.tag(paths, self.k, min_score=self.min_score, loader=loader))
        except Exception as error:
            log.exception("A batch of %d photos could not be tagged", len(requests))
            for request in requests:
                request.settle(error)
            return
        for request, result in zip(requests, results, strict=True):
            request.settle(result)

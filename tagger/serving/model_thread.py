"""One thread that runs the model on what all requests sent within milliseconds.

Photos are decoded before they join a batch, so one that hangs its decoder holds up no other.

    with ModelThread(tagger, loader, k=5, gather_ms=5) as model:
        result = await model.tag(path)
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, Self

from tagger.core.run_options import Limits
from tagger.core.types import Answer, Result
from tagger.image.loader import Content, IsCancelled, LoadedPhoto, NeededPart, Part, PhotoLoader, always
from tagger.image.preprocess import Pixels
from tagger.model.inference import EngineThread
from tagger.model.pipeline import Known
from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

MAX_BATCH = 64  # photos; in a larger batch the first would wait long for the last
MIN_DECODERS = 3  # on a machine with fewer cores, since a photo may hang its decoder until it times out
MORE_LOADERS = 2  # than decoders, since they also write and delete files


@dataclass(slots=True)
class Request:
    """A photo that is being processed.

    Attributes:
        on_disk: while it lasts, the photo's file exists.
        size_bytes: of its file, before it was loaded, since the file may vanish afterwards.
        photo: after it was loaded; not decoded if an answer was recalled.
        recalled: the earlier answer for the same content.
    """

    path: str
    client: Client
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Result] = field(repr=False)
    on_disk: AbstractContextManager[object] = field(default_factory=nullcontext)
    size_bytes: int | None = None
    photo: LoadedPhoto = field(init=False)
    recalled: Answer | None = None

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


class Client(Protocol):
    """A surface that has photos tagged. Both methods may raise `CancelledError`: nobody waits for the answers then."""

    def needed_part(self, request: Request, content: Content) -> Part:
        """What is needed of a photo, called by a loader thread once it was read."""
        ...

    def answer(self, requests: list[Request]) -> list[Result]:
        """Answer photos that were loaded, in the thread of the model."""
        ...


@dataclass(frozen=True, slots=True)
class Preloaded:
    """Hands the pipeline photos that have been loaded, by path."""

    photos: dict[str, LoadedPhoto]

    @classmethod
    def of(cls, requests: list[Request]) -> Self:
        return cls({request.path: request.photo for request in requests})

    def load(self, path: str, needed_part: NeededPart, _is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        photo = self.photos[path]
        part = "pixels" if photo.content is None else needed_part(photo.content)
        return photo if part == "pixels" else LoadedPhoto(photo.content, photo.info if part == "metadata" else None)


def decoder_count(limits: Limits) -> int:
    """How many photos are decoded at the same time."""
    return max(limits.threads, MIN_DECODERS)


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
        self.decoders = decoder_count(tagger.limits)
        self.loader = loader
        self._gather_s = gather_ms / 1000
        self._closing = threading.Event()
        self._loader_threads = ThreadPoolExecutor(self.decoders + MORE_LOADERS, "load")
        self._engine = EngineThread()
        self._loaded: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    async def tag(
        self, path: str, client: Client | None = None, on_disk: AbstractContextManager[object] | None = None
    ) -> Result:
        """The landmarks on a photo.

        Args:
            path: of its file. No two requests in progress may have the same.
            client: whose photo it is; None tags it, weighs it by its coordinates, and remembers nothing.
            on_disk: entered before the file is read and left after that, in a thread that may wait for the disk.

        Raises:
            EngineFailed: the engine failed.
            DecoderUnavailable: no process can be started to decode the photo.
        """
        loop = asyncio.get_running_loop()
        request = Request(path, client or self, loop, loop.create_future(), on_disk or nullcontext())
        self._loader_threads.submit(self._load, request)
        return await request.done

    def needed_part(self, _request: Request, _content: Content) -> Part:
        return "pixels"

    def answer(self, requests: list[Request]) -> list[Result]:
        return self.run(requests)

    def run(self, requests: list[Request], known: Known | None = None) -> list[Result]:
        """Answer photos that were loaded, in the thread of the model.

        Args:
            known: earlier answers, by sha256.
        """
        paths, photos = [request.path for request in requests], Preloaded.of(requests)
        return self.tagger.tag_loaded(paths, self.k, self._engine, loader=photos, known=known, min_score=self.min_score)

    async def infer(self, photos: list[Pixels]) -> list[Answer]:
        """Answer for pictures that are prepared already, such as a photo of which a part is covered."""
        return await asyncio.to_thread(self.tagger.infer, photos, len(self.tagger.bundle.card.classes))

    async def load(self, path: str, on_disk: AbstractContextManager[object] | None = None) -> LoadedPhoto:
        """Read and decode a photo as the model sees it.

        Args:
            path: of its file.
            on_disk: as for `tag`.
        """

        def load() -> LoadedPhoto:
            with on_disk or nullcontext():
                return self.loader.load(path, always)

        return await asyncio.wrap_future(self._loader_threads.submit(load))

    def close(self) -> None:
        self._closing.set()
        self._loader_threads.shutdown(cancel_futures=True)
        self._loaded.put(None)
        self._thread.join()
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self, request: Request) -> None:
        try:
            with request.on_disk:
                with suppress(OSError):  # the loader will say what is wrong with the file
                    request.size_bytes = os.path.getsize(request.path)
                request.photo = self.loader.load(
                    request.path, partial(request.client.needed_part, request), self._closing.is_set
                )
            request.on_disk = nullcontext()  # otherwise it would keep the bytes
            self._loaded.put(request)
        except CancelledError:
            pass  # nobody waits any more
        except Exception as error:
            log.exception("A photo could not be loaded")
            request.settle(error)

    def _run(self) -> None:
        while (first := self._loaded.get()) is not None:
            batches: defaultdict[Client, list[Request]] = defaultdict(list)
            for request in (first, *self._gather()):
                batches[request.client].append(request)
            for client, requests in batches.items():
                self._answer(client, requests)

    def _gather(self) -> Iterator[Request]:
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

    def _answer(self, client: Client, requests: list[Request]) -> None:
        try:
            results = client.answer(requests)
        except CancelledError:
            return
        except Exception as error:
            log.exception("A batch of %d photos could not be tagged", len(requests))
            for request in requests:
                request.settle(error)
            return
        for request, result in zip(requests, results, strict=True):
            request.settle(result)

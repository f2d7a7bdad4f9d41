"""Tags photos: loader threads decode them, and one thread runs the model on what all chats sent within milliseconds.

The one rule: a content is inferred once. The pipeline shares one inference among copies in a batch; for later copies
the answer comes from memory or from the store, where a batch is written before anybody sees its answers.

Photos are decoded before they join a batch, so one that hangs its decoder holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace

from db.engine import Store
from db.read.files import content_answer
from db.rows import RunCounts
from db.write.results import write_contents
from tagger.bot.db_executor import DbExecutor
from tagger.core.types import Answer, Failed, FoundFile, Result
from tagger.evidence.gps import without_place
from tagger.image.loader import Content, IsCancelled, LoadedPhoto, NeededPart, Part, PhotoLoader
from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

MAX_BATCH = 64  # photos; in a larger batch the first would wait long for the last
MORE_LOADERS = 2  # than decoders, since they also write and delete files
MAX_REMEMBERED = 2048  # answers in memory; the last ones may not be in the store yet


@dataclass(slots=True)
class _Request:
    """A photo that is being processed.

    Attributes:
        on_disk: while it lasts, the photo's file exists.
        size_bytes: of its file, before it was loaded, since the file may vanish afterwards.
        photo: after it was loaded; not decoded if an answer was recalled.
        recalled: the earlier answer for the same content.
    """

    path: str
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


@dataclass(frozen=True, slots=True)
class _Preloaded:
    """Hands the pipeline photos that have been loaded, by path."""

    photos: dict[str, LoadedPhoto]

    def load(self, path: str, needed_part: NeededPart, _is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        photo = self.photos[path]
        part = "pixels" if photo.content is None else needed_part(photo.content)
        return photo if part == "pixels" else LoadedPhoto(photo.content, photo.info if part == "metadata" else None)


class MicroBatcher:
    """A tagger with its own threads. `close` waits for the current batch and abandons photos that are being loaded."""

    def __init__(
        self,
        tagger: Tagger,
        loader: PhotoLoader,
        store: Store,
        db: DbExecutor,
        *,
        model_id: int,
        run_id: int,
        k: int,
        min_score: float,
        gather_ms: int,
    ) -> None:
        self.tagger = tagger
        self.model_id = model_id
        self.k = k
        self.min_score = min_score
        self.thresholds = tagger.bundle.card.stricter(min_score).thresholds
        self._run_id = run_id
        self._loader = loader
        self._store = store
        self._db = db
        self._gather_s = gather_ms / 1000
        self._counts: Counter[str] = Counter()
        self._recent: OrderedDict[str, Result] = OrderedDict()
        self._closing = threading.Event()
        self._loader_threads = ThreadPoolExecutor(tagger.limits.threads + MORE_LOADERS, "load")
        self._loaded: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> RunCounts:
        return RunCounts(**{name: self._counts[name] for name in RunCounts.__dataclass_fields__})

    async def tag(self, path: str, on_disk: AbstractContextManager[object] | None = None) -> Result:
        """The landmarks on a photo.

        Args:
            path: of its file.
            on_disk: entered before the file is read and left after that, in a thread that may wait for the disk.

        Raises:
            EngineFailed: the engine failed.
            DecoderUnavailable: no process can be started to decode the photo.
        """
        loop = asyncio.get_running_loop()
        request = _Request(path, loop, loop.create_future(), on_disk or nullcontext())
        self._loader_threads.submit(self._load, request)
        return await request.done

    async def recall(self, sha256: str) -> Result | None:
        """The earlier answer for a content, if there is one."""
        return await asyncio.to_thread(self._recall, sha256)

    def forget(self, contents: list[str]) -> None:
        """Drop the answers for these SHA-256 digests from memory."""
        for sha256 in contents:
            self._recent.pop(sha256, None)

    def close(self) -> None:
        self._closing.set()
        self._loader_threads.shutdown(cancel_futures=True)
        self._loaded.put(None)
        self._thread.join()

    def _load(self, request: _Request) -> None:
        def needed_part(content: Content) -> Part:
            result = self._recall(content.sha256)
            request.recalled = result.answer if result else None
            return "nothing" if result else "pixels"

        try:
            with request.on_disk:
                with suppress(OSError):  # the loader will say what is wrong with the file
                    request.size_bytes = os.path.getsize(request.path)
                request.photo = self._loader.load(request.path, needed_part, self._closing.is_set)
            request.on_disk = nullcontext()  # otherwise it would keep the bytes
            self._loaded.put(request)
        except CancelledError:
            pass  # the update stays in the inbox for the next start
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
        recalled = {request.photo.sha256: request.recalled for request in requests if request.recalled}

        def known(sha256: str) -> Answer | None:
            if answer := recalled.get(sha256):
                return answer
            recent = self._recent.get(sha256)
            return recent.answer if recent else None

        try:
            paths = [request.path for request in requests]
            tagged = self.tagger.tag(paths, self.k, known=known, min_score=self.min_score, loader=loader)
            results = [self._remember(replace(r, answer=without_place(r.answer, self.thresholds))) for r in tagged]
            self._write(zip(requests, results, strict=True))
        except Exception as error:
            log.exception("A batch of %d photos could not be tagged", len(requests))
            for request in requests:
                request.settle(error)
            return
        for request, result in zip(requests, results, strict=True):
            request.settle(result)

    def _write(self, tagged: Iterable[tuple[_Request, Result]]) -> None:
        """Queue the answers for the database before anybody sees them. A photo without a date gets the current time."""
        now_ns = time.time_ns()
        batch = [
            (FoundFile(result.path, request.size_bytes, now_ns), result)
            for request, result in tagged
            if result.info is not None
        ]
        if batch:
            self._db.submit(
                lambda connection: write_contents(connection, batch, run=self._run_id, model=self.model_id, k=self.k)
            )

    def _recall(self, sha256: str) -> Result | None:
        """Ask the store, since another process may have withdrawn the answer."""
        with self._store.read() as connection:
            answer = content_answer(connection, sha256, model=self.model_id, k=self.k)
        return Result("", sha256, answer, is_inherited=True) if answer else self._recent.get(sha256)

    def _remember(self, result: Result) -> Result:
        """Count a result, and keep its answer in memory, where it is found before it is in the store."""
        self._counts[result.answer.status] += 1
        self._counts["inherited"] += result.is_inherited
        if result.sha256 is not None and not isinstance(result.answer, Failed):
            self._recent[result.sha256] = result
            while len(self._recent) > MAX_REMEMBERED:
                self._recent.popitem(last=False)
        return result

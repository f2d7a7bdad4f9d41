"""The thread that runs the model: photos that all chats send within a few milliseconds form one batch.

The one rule: a content is inferred once. The pipeline shares one inference among copies in a batch; for later copies
the answer comes from memory or from the store, where a batch is written before anybody learns its answers.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from db.engine import Store
from db.read.files import content_answer
from db.rows import RunCounts
from db.write.results import write_contents
from tagger.bot.db_executor import DbExecutor
from tagger.core.types import Answer, Failed, FoundFile, Result
from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

MAX_BATCH = 64  # photos; in a larger batch the first would wait long for the last
MAX_REMEMBERED = 2048  # answers in memory: those not yet in the store, and those of a photo that many people share


@dataclass(frozen=True, slots=True)
class _Request:
    path: str
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Result] = field(repr=False)

    def settle(self, outcome: Result | Exception) -> None:
        """Called in the model's thread."""
        self.loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: Result | Exception) -> None:
        if self.done.cancelled():
            return
        if isinstance(outcome, Exception):
            self.done.set_exception(outcome)
        else:
            self.done.set_result(outcome)


class MicroBatcher:
    """A tagger in its own thread. `close` waits for the current batch."""

    def __init__(
        self, tagger: Tagger, store: Store, db: DbExecutor, *, model_id: int, run_id: int, k: int, gather_ms: int
    ) -> None:
        self.tagger = tagger
        self.model_id = model_id
        self.k = k
        self.thresholds = {landmark.id: landmark.threshold for landmark in tagger.bundle.card.classes}
        self._run_id = run_id
        self._store = store
        self._db = db
        self._gather_s = gather_ms / 1000
        self._counts: Counter[str] = Counter()
        self._recent: OrderedDict[str, Result] = OrderedDict()
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> RunCounts:
        return RunCounts(**{name: self._counts[name] for name in RunCounts.__dataclass_fields__})

    async def tag(self, path: str) -> Result:
        """The landmarks on a photo.

        Raises:
            EngineFailed: the engine broke.
        """
        loop = asyncio.get_running_loop()
        request = _Request(path, loop, loop.create_future())
        self._requests.put(request)
        return await request.done

    async def recall(self, sha256: str) -> Result | None:
        """The earlier answer for a content, if there is one."""
        return await asyncio.to_thread(self._recall, sha256)

    def forget(self, contents: list[str]) -> None:
        """Drop the answers for these SHA-256 digests from memory."""
        for sha256 in contents:
            self._recent.pop(sha256, None)

    def close(self) -> None:
        self._requests.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._requests.get()) is not None:
            self._tag([first, *self._gather()])

    def _gather(self) -> Iterator[_Request]:
        until = time.monotonic() + self._gather_s
        for _ in range(MAX_BATCH - 1):
            try:
                request = self._requests.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return
            if request is None:
                self._requests.put(None)  # `_run` ends by it
                return
            yield request

    def _tag(self, requests: list[_Request]) -> None:
        try:
            results = self.tagger.tag([request.path for request in requests], self.k, known=self._known)
            remembered = [self._remember(result) for result in results]
            self._write([result for result in remembered if result.info is not None])
        except Exception as error:
            log.exception("A batch of %d photos could not be tagged", len(requests))
            for request in requests:
                request.settle(error)
            return
        for request, result in zip(requests, remembered, strict=True):
            request.settle(result)

    def _write(self, results: list[Result]) -> None:
        """Queue the answers for the database before anybody learns them. A photo without a date gets the present."""
        now_ns = time.time_ns()
        batch = [(FoundFile(r.path, os.path.getsize(r.path), now_ns), r) for r in results]
        if batch:
            self._db.submit(
                lambda connection: write_contents(connection, batch, run=self._run_id, model=self.model_id, k=self.k)
            )

    def _known(self, sha256: str) -> Answer | None:
        """Called in the decode threads."""
        result = self._recall(sha256)
        return result.answer if result else None

    def _recall(self, sha256: str) -> Result | None:
        if recent := self._recent.get(sha256):
            return recent
        with self._store.read() as connection:
            answer = content_answer(connection, sha256, model=self.model_id, k=self.k)
        return Result("", sha256, answer, is_inherited=True) if answer else None

    def _remember(self, result: Result) -> Result:
        """Count a result, and keep its answer in memory, where it is found before it is in the store."""
        self._counts[result.answer.status] += 1
        self._counts["inherited"] += result.is_inherited
        if result.sha256 is not None and not isinstance(result.answer, Failed):
            self._recent[result.sha256] = result
            while len(self._recent) > MAX_REMEMBERED:
                self._recent.popitem(last=False)
        return result

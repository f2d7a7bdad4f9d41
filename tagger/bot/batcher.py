"""The one thread that looks at photos: what all chats sent within a few milliseconds is one batch.

The one rule: a content is looked at once. Copies within a batch share a look in the pipeline, later ones are recalled
here or in the store, where a batch is written before anybody hears of its answers.
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
from tagger.library.answers import outcome, stored_answer
from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

MOST = 64  # photos in a batch: with more, the first of them would wait long for the last
REMEMBERED = 2048  # answers kept in memory: those that are not yet in the store, and a crowd that shares one photo


@dataclass(frozen=True, slots=True)
class _Look:
    path: str
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Result] = field(repr=False)

    def settle(self, outcome: Result | Exception) -> None:
        """From the model's thread."""
        self.loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: Result | Exception) -> None:
        if self.done.cancelled():
            return
        if isinstance(outcome, Exception):
            self.done.set_exception(outcome)
        else:
            self.done.set_result(outcome)


class MicroBatcher:
    """A tagger in a thread of its own. `close` waits for the batch at hand."""

    def __init__(
        self, tagger: Tagger, store: Store, desk: DbExecutor, *, model: int, run: int, k: int, gather_ms: int
    ) -> None:
        self.tagger = tagger
        self.number = model
        self.k = k
        self._by = {"run": run, "model": model, "k": k}
        self._store = store
        self._desk = desk
        self._gather_s = gather_ms / 1000
        self._counts: Counter[str] = Counter()
        self._recent: OrderedDict[str, Result] = OrderedDict()
        self._looks: queue.SimpleQueue[_Look | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> RunCounts:
        return RunCounts(**{name: self._counts[name] for name in RunCounts.__dataclass_fields__})

    @property
    def thresholds(self) -> dict[str, float]:
        return {known.id: known.threshold for known in self.tagger.bundle.card.classes}

    async def look(self, path: str) -> Result:
        """What a file shows.

        Raises:
            EngineFailed: the engine broke.
        """
        loop = asyncio.get_running_loop()
        look = _Look(path, loop, loop.create_future())
        self._looks.put(look)
        return await look.done

    async def recall(self, sha256: str) -> Result | None:
        """What a content showed before."""
        return await asyncio.to_thread(self._recalled, sha256)

    def forget(self, contents: list[str]) -> None:
        """These contents were never seen."""
        for sha256 in contents:
            self._recent.pop(sha256, None)

    def close(self) -> None:
        self._looks.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._looks.get()) is not None:
            self._tag([first, *self._gathered()])

    def _gathered(self) -> Iterator[_Look]:
        until = time.monotonic() + self._gather_s
        for _ in range(MOST - 1):
            try:
                look = self._looks.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return
            if look is None:
                self._looks.put(None)  # the end, for the outer loop
                return
            yield look

    def _tag(self, looks: list[_Look]) -> None:
        try:
            tagged = self.tagger.tag([look.path for look in looks], self.k, known=self._known)
            results = [self._kept(result) for result in tagged]
            self._write([result for result in results if result.info is not None])
        except Exception as error:
            log.exception("A batch of %d photos could not be looked at", len(looks))
            for look in looks:
                look.settle(error)
            return
        for look, result in zip(looks, results, strict=True):
            look.settle(result)

    def _write(self, results: list[Result]) -> None:
        """In the queue for the database before the answers; by the moment of the look where a photo has no date."""
        now_ns = time.time_ns()
        contents = {str(r.sha256): outcome(FoundFile(r.path, os.path.getsize(r.path), now_ns), r) for r in results}
        if contents:
            self._desk.post(lambda connection: write_contents(connection, [*contents.values()], **self._by))

    def _known(self, sha256: str) -> Answer | None:
        """From the decode threads."""
        found = self._recalled(sha256)
        return found.answer if found else None

    def _recalled(self, sha256: str) -> Result | None:
        if recent := self._recent.get(sha256):
            return recent
        with self._store.read() as connection:
            stored = content_answer(connection, sha256, model=self.number, k=self.k)
        return Result("", sha256, stored_answer(stored), is_inherited=True) if stored else None

    def _kept(self, result: Result) -> Result:
        """The result, with what its content's first look said of it, while that may not be in the store yet."""
        self._counts[result.answer.status] += 1
        self._counts["inherited"] += result.is_inherited
        if result.sha256 is None or isinstance(result.answer, Failed):
            return result
        self._recent[result.sha256] = result
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return result

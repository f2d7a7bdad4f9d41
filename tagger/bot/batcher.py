"""Tags the photos of all chats through the thread of the model, and remembers and stores the answers.

The one rule: a content is inferred once. The pipeline shares one inference among copies in a batch; for later copies
the answer comes from memory or from the store, where a batch is written before anybody sees its answers.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager
from dataclasses import replace

from db.engine import Store
from db.read.files import content_answer
from db.rows import RunCounts
from db.write.results import write_contents
from tagger.bot.db_executor import DbExecutor
from tagger.core.types import Answer, Failed, FoundFile, Result
from tagger.evidence.gps import without_place
from tagger.image.loader import Content, Part
from tagger.library.taught.current import follow_taught
from tagger.serving.model_thread import ModelThread, Request

log = logging.getLogger(__name__)

MAX_REMEMBERED = 2048  # answers in memory; the last ones may not be in the store yet


class MicroBatcher:
    """A `tagger.serving.model_thread.Client` that remembers what it was answered.

    `close` waits for the batch in progress and abandons photos that are being loaded; the model's thread goes on.
    """

    def __init__(
        self,
        model: ModelThread,
        store: Store,
        db: DbExecutor,
        *,
        model_id: int,
        run_id: int,
    ) -> None:
        self.tagger = model.tagger
        self.model_id = model_id
        self.k = model.k
        self.min_score = model.min_score
        self._model = model
        self._run_id = run_id
        self._store = store
        self._db = db
        self._counts: Counter[str] = Counter()
        self._recent: OrderedDict[str, Result] = OrderedDict()
        self._taught_version = 0  # of the answers in memory
        self._closing = threading.Event()
        self._answering = threading.Lock()

    @property
    def thresholds(self) -> dict[str, float]:
        """The smallest score at which a landmark or a taught place is a tag, by its key."""
        card, taught = self.tagger.bundle.card, self.tagger.taught
        return card.stricter(self.min_score).thresholds | taught.stricter(self.min_score).thresholds

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
        return await self._model.tag(path, self, on_disk)

    async def look_fully(self, path: str, on_disk: AbstractContextManager[object]) -> Result:
        """What the large network sees on a photo that teaches, whatever the first look says.

        The result is not stored, and has no metadata: the place of a person's photo must not become that of a landmark.

        Args:
            path: of its file.
            on_disk: as for `tag`.
        """
        photo = await self._model.load(path, on_disk)
        if photo.pixels is None:
            failure = photo.failure or Failed("corrupt", "it has no pixels")
            return Result(path, photo.sha256, failure)
        (answer,) = await asyncio.to_thread(self.tagger.with_full_look().infer, [photo.pixels], 1)
        return Result(path, photo.sha256, answer)

    async def recall(self, sha256: str) -> Result | None:
        """The earlier answer for a content, if there is one."""
        return await asyncio.to_thread(self._recall, sha256)

    def forget(self, contents: list[str]) -> None:
        """Drop the answers for these SHA-256 digests from memory."""
        for sha256 in contents:
            self._recent.pop(sha256, None)

    def close(self) -> None:
        self._closing.set()
        with self._answering:
            pass  # the batch in progress is stored

    def needed_part(self, request: Request, content: Content) -> Part:
        """Nothing of a photo whose answer is known."""
        if self._closing.is_set():
            raise CancelledError  # the update stays in the inbox for the next start
        result = self._recall(content.sha256)
        request.recalled = result.answer if result else None
        return "nothing" if result else "pixels"

    def answer(self, requests: list[Request]) -> list[Result]:
        """Tag photos, and queue their answers for the database."""
        with self._answering:
            if self._closing.is_set():
                raise CancelledError
            return self._tag(requests)

    def _tag(self, requests: list[Request]) -> list[Result]:
        recalled = {request.photo.sha256: request.recalled for request in requests if request.recalled}

        def known(sha256: str) -> Answer | None:
            if answer := recalled.get(sha256):
                return answer
            recent = self._memory().get(sha256)
            return recent.answer if recent else None

        follow_taught(self._store, self.tagger)
        tagged = self._model.run(requests, known)
        thresholds = self.thresholds
        results = [self._remember(replace(r, answer=without_place(r.answer, thresholds))) for r in tagged]
        self._write(zip(requests, results, strict=True))
        return results

    def _write(self, tagged: Iterable[tuple[Request, Result]]) -> None:
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
        return Result("", sha256, answer, is_inherited=True) if answer else self._memory().get(sha256)

    def _remember(self, result: Result) -> Result:
        """Count a result, and keep its answer in memory, where it is found before it is in the store."""
        self._counts[result.answer.status] += 1
        self._counts["inherited"] += result.is_inherited
        if result.sha256 is not None and not isinstance(result.answer, Failed):
            recent = self._memory()
            recent[result.sha256] = result
            while len(recent) > MAX_REMEMBERED:
                recent.popitem(last=False)
        return result

    def _memory(self) -> OrderedDict[str, Result]:
        """The answers in memory, by sha256; none of before something was taught."""
        if self._taught_version != self.tagger.taught.version:
            self._recent, self._taught_version = OrderedDict(), self.tagger.taught.version
        return self._recent

"""The thread in which a run's batches go through the engine, one after another.

The one rule: nobody waits for it without end. A runtime may never return (a driver that hangs, a card that fell off the
bus), and a thread cannot be ended from outside. So each batch has a time limit, and the thread is a daemon, which the
interpreter does not wait for either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue

from tagger.core.errors import EngineFailed
from tagger.core.types import Answer
from tagger.image.preprocess import Pixels

# A batch takes seconds. The first one compiles kernels, and on a slow and busy processor one takes minutes.
BATCH_TIMEOUT_S = 600.0
# For the batch in work when its run ends: a runtime that returns while the process ends aborts it.
CLOSE_TIMEOUT_S = 60.0

Infer = Callable[[list[Pixels]], list[Answer]]


class Batch:
    """Photos in the engine, or waiting for it.

    Args:
        names: which photos, for people.
    """

    def __init__(self, photos: list[Pixels], names: str) -> None:
        self._photos = photos
        self._names = names
        self._answers: Future[list[Answer]] = Future()

    def is_done(self) -> bool:
        return self._answers.done()

    def answers(self) -> list[Answer]:
        """Wait for the answers; to be called for the oldest batch first.

        Raises:
            EngineFailed: the engine is broken, or does not answer; the message names the batch.
        """
        try:
            if wait([self._answers], BATCH_TIMEOUT_S).not_done:
                raise EngineFailed(f"the engine has not answered for {BATCH_TIMEOUT_S:g} s")
            return self._answers.result()
        except EngineFailed as error:
            raise EngineFailed(f"{error} (in the batch of {self._names})") from error

    def run(self, infer: Infer) -> None:
        """Answer the photos, in the engine's thread."""
        photos, self._photos = self._photos, []
        try:
            self._answers.set_result(infer(photos))
        except BaseException as error:  # for whoever waits
            self._answers.set_exception(error)


class EngineThread:
    """Runs batches in the order in which they were started.

    Args:
        infer: answers the photos of a batch.
    """

    def __init__(self, infer: Infer) -> None:
        self._infer = infer
        self._is_closed = False
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def start(self, photos: list[Pixels], names: str) -> Batch:
        """Queue a batch.

        Args:
            names: which photos, for people.
        """
        batch = Batch(photos, names)
        self._batches.put(batch)
        return batch

    def close(self) -> None:
        """End after the batch in work; nobody waits for the others."""
        self._is_closed = True
        self._batches.put(None)
        self._thread.join(CLOSE_TIMEOUT_S)

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None and not self._is_closed:
            batch.run(self._infer)

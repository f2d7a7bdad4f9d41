"""Write a run's row, and its results in batches.

The one rule: a batch is one transaction, and stays stored however the run ends.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import asdict
from itertools import chain, islice
from typing import TYPE_CHECKING

from db.engine import Store
from db.read.files import assessed_photos, content_answer
from db.rows import ModelRow, RunStart, RunStatus
from db.write.files import RetryPolicy, Scanned, mark_missing, mark_present, store_ctimes
from db.write.results import make_current, write_results
from db.write.runs import (
    count_death,
    finish_run,
    keep_one_death,
    lease_files,
    register_model,
    release_files,
    release_run,
    save_counts,
    set_engine,
    start_run,
)
from tagger.core.errors import StoreError, TaggerError
from tagger.core.problems import describe, shortage
from tagger.core.run_options import RunOptions
from tagger.core.text import counted, printable
from tagger.core.types import PROCESS_DIED, Answer, EngineInfo, Failed, FoundFile, Result
from tagger.core.version import __version__
from tagger.library.missing import MissingFiles
from tagger.library.new_positions import weigh
from tagger.library.report import RunState
from tagger.model.bundle import Bundle
from tagger.model.card import ONNX_FILE

if TYPE_CHECKING:
    from db.engine import Connection

log = logging.getLogger(__name__)

MARK_BITS = 25  # 4 MB; of 300,000 photos, which have two names, 2 % share a bit, and each of these costs a query
PHOTOS_PER_TRANSACTION = 128
FILES_PER_TRANSACTION = 10_000  # of one statement that changes a column
SECONDS_PER_TRANSACTION = 2.0


def register(store: Store, bundle: Bundle) -> int:
    """Store a bundle's model and landmarks.

    Returns:
        The model's row id.
    """
    card = bundle.card
    weights = card.files.get(ONNX_FILE) or next(iter(card.files.values()), "")
    model = ModelRow(bundle.model_id, weights, card.name, card.version, asdict(card))
    with store.write() as connection:
        return register_model(connection, model, landmarks=[output.landmark() for output in card.classes])


def new_start(roots: Sequence[str], k: int, engine: EngineInfo, *, job: str, settings_hash: str | None) -> RunStart:
    """The stored form of a run that this process starts."""
    return RunStart(
        engine.name,
        engine.device,
        engine.precision,
        engine.reason,
        tuple(printable(root) for root in roots),
        k,
        __version__,
        job,
        os.getpid(),
        socket.gethostname(),
        settings_hash,
    )


class RunRecorder:
    """Stores a run and its results, and counts them in its state.

    `known` may be called from any thread, everything else from one.
    """

    def __init__(
        self,
        store: Store,
        start: RunStart,
        state: RunState,
        *,
        model: int,
        options: RunOptions,
        thresholds: Mapping[str, float],
    ) -> None:
        self._store = store
        self._thresholds = thresholds
        self._state = state
        self._retry = RetryPolicy(options.retry_after_h, options.max_attempts)
        self._redo_undone = options.redo_undone
        self._model = model
        self._k = start.k
        self._pending: list[Scanned] = []
        self._pending_answers: dict[str, Answer] = {}
        self._last_write = time.monotonic()
        self._marked = bytearray(2**MARK_BITS // 8)  # a bit for each photo's names that may have an answer
        with store.write() as connection:
            state.run_id = self._begin(connection, start)

    def set_engine(self, engine: EngineInfo) -> None:
        """Store which engine runs the model, which is opened after the run starts."""
        with self._store.write() as connection:
            set_engine(
                connection,
                self._state.run_id,
                engine=engine.name,
                device=engine.device,
                precision=engine.precision,
                reason=engine.reason,
            )

    def load_known(self) -> None:
        """Load which photos have an answer; call it once before `known`."""
        with self._store.read() as connection:
            photos = assessed_photos(connection, model=self._model, k=self._k, redo_undone=self._redo_undone)
            for names in photos:
                self._mark(names)

    def known(self, name: str) -> Answer | None:
        """This model's answer to a photo with this sha256 or this picture's hash, from this run or an earlier one."""
        byte, bit = _place(name)
        if not self._marked[byte] & bit:
            return None
        if pending := self._pending_answers.get(name):
            return pending
        with self._store.read() as connection:
            return content_answer(connection, name, model=self._model, k=self._k, redo_undone=self._redo_undone)

    def add(self, file: FoundFile, result: Result) -> None:
        """Add a result to the batch, and store the batch if it is full or old enough."""
        if not isinstance(result.answer, Failed):
            names = tuple(filter(None, (result.sha256, result.picture)))
            self._pending_answers.update(dict.fromkeys(names, result.answer))
            self._mark(names)
        self._pending.append((file, result))
        waited_s = time.monotonic() - self._last_write
        if len(self._pending) >= PHOTOS_PER_TRANSACTION or waited_s > SECONDS_PER_TRANSACTION:
            self.flush()

    def lease(self, paths: Sequence[str]) -> None:
        """Mark files as in progress, until `flush` stores their results."""
        with self._store.write() as connection:
            lease_files(connection, paths, run=self._state.run_id)

    def quarantine(self, file: FoundFile, attempts: int) -> Result:
        """Quarantine a file untried, because too many runs died while it was in progress."""
        failure = Failed(PROCESS_DIED, f"the process died {attempts} times while working on this file")
        result = Result(file.path, None, failure)
        with self._store.write() as connection:
            self._write(connection, [(file, result)], attempts=attempts)
            keep_one_death(connection, file.path)
        self._state.add(result)
        return result

    def make_current(self, paths: Iterator[str]) -> None:
        """Let this model's answers to unchanged files count again if another model has tagged them since."""
        while batch := list(islice(paths, FILES_PER_TRANSACTION)):
            with self._store.write() as connection:
                make_current(connection, batch, model=self._model)
            self._state.restored += len(batch)
        if restored := self._state.restored:
            log.info("This model's answers to %s count again", counted(restored, "unchanged file"))

    def store_ctimes(self, files: Iterator[FoundFile]) -> None:
        """Complete files that an earlier version stored without a ctime."""
        while batch := list(islice(files, FILES_PER_TRANSACTION)):
            with self._store.write() as connection:
                store_ctimes(connection, batch)

    def mark_missing(self, files: MissingFiles, vanished: Sequence[str]) -> None:
        """Store which files are gone or have returned; end the leases of vanished ones."""
        counts = {"gone": len(files.gone), "moved": len(files.moved), "excluded": len(files.excluded)}
        self._state.counter.update(counts)
        if any(counts.values()) or files.returned or vanished:
            with self._store.write() as connection:
                mark_missing(connection, chain(files.gone, files.moved, files.excluded))
                mark_present(connection, files.returned)
                release_files(connection, vanished)

    def finish(self, *, is_time_up: bool) -> None:
        """Store that the run is done, or stopped because its time is up."""
        self._end("stopped" if is_time_up else "done")

    def end_early(self, error: BaseException) -> None:
        """Store the batch, and that the run was interrupted or failed.

        An unexpected error may be caused by a photo, so the files in progress become suspects, as after a death. A
        system that runs out of memory or anything else blames no photo.
        """
        try:
            self.flush()
        except Exception as second:  # the end of the run must still be stored
            log.error("The last batch could not be stored: %s", second)
        try:
            if isinstance(error, CancelledError | KeyboardInterrupt | GeneratorExit):
                self._end("interrupted")
            else:
                is_expected = isinstance(error, TaggerError) or shortage(error) is not None
                is_death = isinstance(error, Exception) and not is_expected
                self._end("failed", describe(error) if is_expected else str(error), is_death=is_death)
        except StoreError as second:
            log.error("How the run ended could not be stored: %s", second)

    def flush(self) -> None:
        """Store the pending batch now; only what is stored counts."""
        if self._pending:
            with self._state.stages.time("store"), self._store.write() as connection:
                stored = self._commit(connection, self._pending)
            for _, result in stored:
                self._state.add(result)
        self._pending = []
        self._pending_answers = {}
        self._last_write = time.monotonic()

    def _begin(self, connection: Connection, start: RunStart) -> int:
        """Store that the run begins, and return its number."""
        return start_run(connection, start, model=self._model)

    def _commit(self, connection: Connection, batch: Sequence[Scanned]) -> Sequence[Scanned]:
        """Store a batch, and return the results that are still to be counted."""
        self._write(connection, batch)
        release_files(connection, [file.path for file, _ in batch])
        counts = self._state.counts_with(result for _, result in batch)
        save_counts(connection, self._state.run_id, counts)
        return batch

    def _mark(self, names: Iterable[str | None]) -> None:
        for name in filter(None, names):
            byte, bit = _place(name)
            self._marked[byte] |= bit

    def _write(self, connection: Connection, batch: Sequence[Scanned], *, attempts: int | None = None) -> None:
        write_results(
            connection,
            batch,
            run=self._state.run_id,
            model=self._model,
            k=self._k,
            retry=self._retry,
            attempts=attempts,
            keeps_place=True,
        )
        weigh(connection, batch, model=self._model, thresholds=self._thresholds)

    def _end(self, status: RunStatus, error: str | None = None, *, is_death: bool = False) -> None:
        run = self._state.run_id
        self._state.status = status
        for line in self._state.failure_lines():
            log.warning("%s", line)
        with self._store.write() as connection:
            if is_death:
                count_death(connection, [run])
            else:
                release_run(connection, run=run)
            finish_run(connection, run, status=status, counts=self._state.counts, error=error)


def _place(name: str) -> tuple[int, int]:
    """Where a name's bit is: the number of its byte, and the bit in it."""
    number = int(name[:16], 16) % 2**MARK_BITS
    return number // 8, 1 << number % 8

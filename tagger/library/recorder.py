"""What a run writes: its own row, and the answers in batches.

The one rule: a batch is one transaction, and what it stored stays stored, whatever ends the run.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import asdict
from typing import TYPE_CHECKING

from db.engine import Store
from db.read.files import assessed_contents, content_answer
from db.rows import ModelRow, RunCounts, RunStart, RunStatus
from db.write import leases
from db.write.failures import RetryPolicy
from db.write.files import Scanned, mark_gone, mark_present
from db.write.results import write_results
from db.write.runs import (
    finish_run,
    register_model,
    save_counts,
    set_engine,
    start_run,
)
from tagger.core.errors import StoreError, TaggerError
from tagger.core.run_options import RunOptions
from tagger.core.text import printable
from tagger.core.timings import StageTimings
from tagger.core.types import PROCESS_DIED, Answer, EngineInfo, Failed, FoundFile, Result
from tagger.core.version import __version__
from tagger.library.missing import MissingFiles
from tagger.library.plan import Plan
from tagger.model.bundle import Bundle
from tagger.model.card import ONNX_FILE

if TYPE_CHECKING:
    from db.engine import Connection

log = logging.getLogger(__name__)

PHOTOS_PER_TRANSACTION = 128
SECONDS_PER_TRANSACTION = 2.0


def register(store: Store, bundle: Bundle) -> int:
    """Make a bundle's model and landmarks known; returns the number by which the store knows the model."""
    card = bundle.card
    weights = card.files.get(ONNX_FILE) or next(iter(card.files.values()), "")
    model = ModelRow(bundle.model_id, weights, card.name, card.version, asdict(card))
    with store.write() as connection:
        return register_model(connection, model, landmarks=(known.landmark() for known in card.classes))


def new_start(roots: Sequence[str], k: int, engine: EngineInfo, *, job: str, settings_hash: str | None) -> RunStart:
    """What a run of this process says of itself when it begins."""
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
    """One run's row and its pending batch. `known` may be called from any thread, the rest from one."""

    def __init__(self, store: Store, start: RunStart, *, model: int, options: RunOptions, stages: StageTimings) -> None:
        self.status: RunStatus = "running"
        self._store = store
        self._retry = RetryPolicy(options.retry_after_h, options.max_attempts)
        self._again = options.redo_undone
        self._stages = stages
        self._model = model
        self._k = start.k
        self._counts: Counter[str] = Counter()
        self._pending: list[Scanned] = []
        self._pending_answers: dict[str, Answer] = {}
        self._last_write = time.monotonic()
        self._answered: set[int] = set()
        with store.write() as connection:
            self.run_id = start_run(connection, start, model=model)

    def use(self, engine: EngineInfo) -> None:
        """Say on what the model was opened; a run begins before that."""
        with self._store.write() as connection:
            set_engine(
                connection,
                self.run_id,
                engine=engine.name,
                device=engine.device,
                precision=engine.precision,
                reason=engine.reason,
            )

    @property
    def counts(self) -> RunCounts:
        return RunCounts(**{name: self._counts[name] for name in RunCounts.__dataclass_fields__})

    def recall(self) -> None:
        """Learn which contents were answered before; to be called once, if `known` is going to be asked."""
        with self._store.read() as connection:
            contents = assessed_contents(connection, model=self._model, k=self._k, again=self._again)
            self._answered = {_short(sha256) for sha256 in contents}

    def known(self, sha256: str) -> Answer | None:
        """What this model said of a content before, in this run or an earlier one."""
        if _short(sha256) not in self._answered:
            return None
        if pending := self._pending_answers.get(sha256):
            return pending
        with self._store.read() as connection:
            return content_answer(connection, sha256, model=self._model, k=self._k, again=self._again)

    def keep(self, found: FoundFile, result: Result) -> None:
        """Add a result to the pending batch; store the batch when it is full or has waited long enough."""
        self._counts[result.answer.status] += 1
        self._counts["inherited"] += result.is_inherited
        if isinstance(result.answer, Failed):
            log.warning("%s: %s (%s)", printable(found.path), result.answer.message, result.answer.kind)
        elif result.sha256:
            self._pending_answers[result.sha256] = result.answer
            self._answered.add(_short(result.sha256))
        self._pending.append((found, result))
        waited_s = time.monotonic() - self._last_write
        if len(self._pending) >= PHOTOS_PER_TRANSACTION or waited_s > SECONDS_PER_TRANSACTION:
            self.flush()

    def lease(self, paths: Sequence[str]) -> None:
        """These files are going to be in work; `flush` lets go of those whose outcome it stores."""
        with self._store.write() as connection:
            leases.take(connection, paths, run=self.run_id)

    def let_go(self, paths: Sequence[str]) -> None:
        """These files are not in work; they are not even there."""
        if paths:
            with self._store.write() as connection:
                leases.release(connection, paths)

    def give_up(self, found: FoundFile, attempts: int) -> Result:
        """Put a file into quarantine untried: so many runs died with it in work."""
        failure = Failed(PROCESS_DIED, f"the process died {attempts} times while it was in work")
        log.warning("%s: %s (%s)", printable(found.path), failure.message, failure.kind)
        self._counts[failure.status] += 1
        result = Result(found.path, None, failure)
        with self._store.write() as connection:
            self._write(connection, [(found, result)], attempts=attempts)
            leases.keep_one_death(connection, found.path)
        return result

    def mark(self, files: MissingFiles) -> None:
        """Store which files are gone, and which are back."""
        self._counts.update(gone=len(files.gone))
        if files.gone or files.returned:
            with self._store.write() as connection:
                mark_gone(connection, files.gone)
                mark_present(connection, files.returned)

    def finish(self, plan: Plan, *, is_cut: bool) -> None:
        """Store that the run is done, or its time was up."""
        self._counts.update(unchanged=plan.unchanged, set_aside=plan.set_aside)
        self._end("stopped" if is_cut else "done")

    def end_early(self, error: BaseException) -> None:
        """Store what is pending, and that the run was interrupted or failed.

        An unexpected error may come from a photo, so the files in work become suspects, as if the process had died.
        Expected errors and interruptions say nothing about the photos.
        """
        is_interrupted = isinstance(error, CancelledError | KeyboardInterrupt | GeneratorExit)
        is_death = isinstance(error, Exception) and not isinstance(error, CancelledError | TaggerError)
        try:
            self.flush()
        except Exception as second:  # the run is ending; what matters now is that it says so
            log.error("The last batch could not be stored: %s", second)
        try:
            self._end(
                "interrupted" if is_interrupted else "failed", None if is_interrupted else str(error), is_death=is_death
            )
        except StoreError as second:
            log.error("How the run ended could not be stored: %s", second)

    def flush(self) -> None:
        """Store what is pending now."""
        if self._pending:
            with self._stages.time("store"), self._store.write() as connection:
                self._write(connection, self._pending)
                leases.release(connection, [file.path for file, _ in self._pending])
                save_counts(connection, self.run_id, self.counts)
        self._pending = []
        self._pending_answers = {}
        self._last_write = time.monotonic()

    def _write(self, connection: Connection, batch: Sequence[Scanned], *, attempts: int | None = None) -> None:
        write_results(
            connection,
            batch,
            run=self.run_id,
            model=self._model,
            k=self._k,
            retry=self._retry,
            attempts=attempts,
            keeps_place=True,
        )

    def _end(self, status: RunStatus, error: str | None = None, *, is_death: bool = False) -> None:
        self.status = status
        with self._store.write() as connection:
            if is_death:
                leases.count_death(connection, [self.run_id])
            else:
                leases.release_all(connection, run=self.run_id)
            finish_run(connection, self.run_id, status=status, counts=self.counts, error=error)


def _short(sha256: str) -> int:
    """64 bits of a digest: enough to be sure of a content that it is new, at 70 bytes for each that is not."""
    return int(sha256[:16], 16)

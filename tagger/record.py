"""What a run writes: its own row, and the answers in batches.

The one rule: a batch is one transaction, and what it stored stays stored, whatever ends the run.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from db.errors import StoreError
from db.known import assessed_contents, content_answer
from db.outcomes import write_outcomes
from db.rows import ModelRow, Outcome, RunCounts, RunStart, RunStatus
from db.session import Store
from db.writes import finish_run, mark_gone, mark_present, register_model, start_run
from tagger import __version__
from tagger.answers import landmark_row, outcome, printable, stored_answer
from tagger.bundle import Bundle
from tagger.card import ONNX_FILE
from tagger.scan import Found
from tagger.types import Answer, EngineInfo, Failed, Result

log = logging.getLogger(__name__)

PHOTOS_PER_TRANSACTION = 128
SECONDS_PER_TRANSACTION = 2.0


def register(store: Store, bundle: Bundle) -> int:
    """Make a bundle's model and landmarks known; returns the number by which the store knows the model."""
    card = bundle.card
    weights = card.files.get(ONNX_FILE) or next(iter(card.files.values()), "")
    model = ModelRow(bundle.model_id, weights, card.name, card.version, asdict(card))
    with store.write() as connection:
        return register_model(connection, model, landmarks=[landmark_row(known.landmark()) for known in card.classes])


class Record:
    """One run's row and its pending batch. `known` may be called from any thread, the rest from one."""

    def __init__(self, store: Store, model: int, k: int, roots: Sequence[str], engine: EngineInfo) -> None:
        self._store = store
        self._model = model
        self._k = k
        self._counts: Counter[str] = Counter()
        self._pending: list[Outcome] = []
        self._pending_answers: dict[str, Answer] = {}
        self._last_write = time.monotonic()
        self._answered: set[int] = set()
        folders = tuple(printable(root) for root in roots)
        start = RunStart(engine.name, engine.device, engine.precision, engine.reason, folders, k, __version__)
        with store.write() as connection:
            self.run_id = start_run(connection, start, model=model)

    @property
    def counts(self) -> RunCounts:
        return RunCounts(**{name: self._counts[name] for name in RunCounts.__dataclass_fields__})

    def recall(self) -> None:
        """Learn which contents were answered before; to be called once, if `known` is going to be asked."""
        with self._store.read() as connection:
            contents = assessed_contents(connection, model=self._model, k=self._k)
            self._answered = {_short(sha256) for sha256 in contents}

    def known(self, sha256: str) -> Answer | None:
        """What this model said of a content before, in this run or an earlier one."""
        if _short(sha256) not in self._answered:
            return None
        if pending := self._pending_answers.get(sha256):
            return pending
        with self._store.read() as connection:
            stored = content_answer(connection, sha256, model=self._model, k=self._k)
        return stored_answer(stored) if stored else None

    def keep(self, found: Found, result: Result) -> None:
        """Add a result to the pending batch; store the batch when it is full or has waited long enough."""
        self._counts[result.answer.status] += 1
        self._counts["inherited"] += result.is_inherited
        if isinstance(result.answer, Failed):
            log.warning("%s: %s (%s)", printable(found.path), result.answer.message, result.answer.kind)
        elif result.sha256:
            self._pending_answers[result.sha256] = result.answer
            self._answered.add(_short(result.sha256))
        self._pending.append(outcome(found, result))
        waited_s = time.monotonic() - self._last_write
        if len(self._pending) >= PHOTOS_PER_TRANSACTION or waited_s > SECONDS_PER_TRANSACTION:
            self._flush()

    def finish(self, *, unchanged: int, gone: Sequence[str], back: Sequence[str]) -> None:
        """Store what is pending, which files are gone or back, and that the run is done."""
        self._flush()
        self._counts.update(unchanged=unchanged, gone=len(gone))
        if gone or back:
            with self._store.write() as connection:
                mark_gone(connection, gone)
                mark_present(connection, back)
        self._end("done")

    def end_early(self, error: BaseException) -> None:
        """Store what is pending, and that the run was stopped or broke."""
        stopped = isinstance(error, KeyboardInterrupt | GeneratorExit)
        try:
            self._flush()
        except Exception as second:  # the run is ending; what matters now is that it says so
            log.error("The last batch could not be stored: %s", second)
        try:
            self._end("interrupted" if stopped else "failed", None if stopped else str(error))
        except StoreError as second:
            log.error("How the run ended could not be stored: %s", second)

    def _flush(self) -> None:
        if self._pending:
            with self._store.write() as connection:
                write_outcomes(connection, self._pending, run=self.run_id, model=self._model, k=self._k)
        self._pending = []
        self._pending_answers = {}
        self._last_write = time.monotonic()

    def _end(self, status: RunStatus, error: str | None = None) -> None:
        with self._store.write() as connection:
            finish_run(connection, self.run_id, status=status, counts=self.counts, error=error)


def _short(sha256: str) -> int:
    """64 bits of a digest: enough to be sure of a content that it is new, at 70 bytes for each that is not."""
    return int(sha256[:16], 16)

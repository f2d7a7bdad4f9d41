"""One run: walk folders, tag what is new or changed, store it batch by batch.

The one rule: running again goes on where the last run ended. Nothing is read of a file whose size and time are as
stored, unless reading it failed; and without photos to look at no model is loaded.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING

from db.engine import Store
from db.read.files import known_files, stored_answers
from db.write.leases import left_behind
from tagger.core.errors import DecoderUnavailable
from tagger.core.progress import Progress, Silent
from tagger.core.run_options import RunOptions
from tagger.core.text import printable
from tagger.core.types import EngineInfo, FoundFile, Result
from tagger.library import report
from tagger.library.answers import stored_answer
from tagger.library.cancellation import Cancelled, cancel_pool_on, raise_if_cancelled
from tagger.library.finalize import compare, count_votes
from tagger.library.lock import run_lock
from tagger.library.missing import MissingFiles, find_missing
from tagger.library.plan import Plan, make_plan, vanished
from tagger.library.recorder import RunRecorder, new_start, register
from tagger.library.scan import Globs, existing, scan
from tagger.library.summary import Summary
from tagger.model.bundle import Bundle

if TYPE_CHECKING:
    # They load numpy and Pillow, which a run without new photos does not need.
    from tagger.image.decoder_pool import DecoderPool
    from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

LEASED_AT_ONCE = 128
NOT_NEEDED = EngineInfo("none", "none", "none", "nothing new to look at")


@dataclass(slots=True)
class _Work:
    """What is learned on the way."""

    roots: list[str]
    missing: list[str]
    engine: EngineInfo = NOT_NEEDED
    plan: Plan = field(default_factory=Plan)
    missing_files: MissingFiles = field(default_factory=MissingFiles)
    decoders: DecoderPool | None = None
    is_cut: bool = False
    suspects: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)


@dataclass(slots=True)
class LibraryRun:
    """One pass over some folders with one model. Take all of `results`, then read `summary`.

    Args:
        roots: folders, and files, to tag.
        open_tagger: called only if there are photos to tag.
        open_decoders: starts the processes that decode so many photos; without it, threads decode.
        job: what started the run: tag, nightly, retag.
        settings_hash: a fingerprint of the settings, stored with the run.
        with_unchanged: also yield the stored answers of unchanged files.
        until: aware; no photo is begun after it, and the run ends as "stopped".
        stop: set it from any thread to end the run at once, as "interrupted".
    """

    store: Store
    bundle: Bundle
    roots: Sequence[str]
    open_tagger: Callable[[], Tagger]
    options: RunOptions = field(default_factory=RunOptions)
    _: KW_ONLY
    progress: Progress = field(default_factory=Silent)
    open_decoders: Callable[[int], DecoderPool] | None = None
    job: str = "tag"
    settings_hash: str | None = None
    with_unchanged: bool = False
    until: datetime | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    summary: Summary | None = None
    _model: int = 0
    _notes: report.Notes = field(default_factory=report.Notes)
    _started: float = field(default_factory=time.monotonic)

    def results(self) -> Generator[Result, None, None]:
        """Work, and yield a result for every file that was looked at, in the order of the scan; last those on which
        an earlier run died.

        Raises:
            FolderNotFound: a root does not exist; nothing was changed.
            RunInProgress: another run has the store; nothing was changed.
            EngineError: the model cannot run, or broke; what was done before is stored.
            StoreError: the store cannot be read or written.
        """
        roots = [os.path.abspath(root) for root in self.roots]
        there = existing(roots, skip_missing=self.options.skip_missing_roots)
        work = _Work(there, [root for root in roots if root not in there])
        with run_lock(self.store):
            for root in work.missing:
                log.warning("%s is not there; the others are looked at without it", printable(root))
            yield from self._results(work)

    def _results(self, work: _Work) -> Iterator[Result]:
        self._model = register(self.store, self.bundle)
        start = new_start(work.roots, self.options.k, NOT_NEEDED, job=self.job, settings_hash=self.settings_hash)
        record = RunRecorder(self.store, start, model=self._model, options=self.options, stages=self._notes.stages)
        try:
            yield from self._work(work, record)
        except BaseException as error:
            is_asked_for = self.stop.is_set() and isinstance(error, Cancelled | DecoderUnavailable)
            record.end_early(Cancelled() if is_asked_for else error)
            if not is_asked_for:
                raise
        finally:
            self.progress.close()
            if work.decoders:
                work.decoders.close()
            self.summary = self._summed_up(work, record)
            report.write(self.store, self.summary, self._notes)

    def _work(self, work: _Work, record: RunRecorder) -> Iterator[Result]:
        with self._notes.stages.time("scan"):
            items = scan(
                work.roots,
                Globs(self.options.include, self.options.exclude),
                before_each=lambda: raise_if_cancelled(self.stop),
            )
            found = {item.path: item for item in items}
            with self.store.read() as connection:
                known = known_files(
                    connection, work.roots, model=self._model, k=self.options.k, again=self.options.redo_undone
                )
                left = left_behind(connection)
            plan = work.plan = make_plan(found, known, left, self.options)
        if plan.suspects:
            log.warning("%d files were in work when a run died: they are tried last, one by one", len(plan.suspects))
        in_order, alone_in_work = self._new(work, record)
        yield from self._in_scan_order(found.values(), plan, in_order) if self.with_unchanged else in_order
        yield from alone_in_work
        yield from self._given_up(record, work)
        record.flush()
        record.let_go(vanished(left, found, work.roots))
        max_share = 1 if self.options.accept_missing else self.options.max_missing_share
        work.missing_files = find_missing(self.store, found, known, work.roots, max_share=max_share)
        for doubt in work.missing_files.doubts:
            log.warning("%s", doubt)
        record.mark(work.missing_files)
        self._compare()
        record.finish(plan, is_cut=work.is_cut)

    def _new(self, work: _Work, record: RunRecorder) -> tuple[Iterator[Result], Iterator[Result]]:
        """The answers to what is new or changed, and to the suspects; lazily. Opens the model if it is needed."""
        plan = work.plan
        if not plan.looks_at or self._is_over(work):
            return iter(()), iter(())
        if self.open_decoders:
            work.decoders = self.open_decoders(plan.looks_at)  # they begin while the model is loaded
        tagger = self.open_tagger()
        work.engine = tagger.engine.info
        record.use(work.engine)
        record.recall()
        self.progress.start(plan.looks_at)
        return self._tag(plan.todo, tagger, record, work), self._one_by_one(plan.suspects, tagger, record, work)

    def _is_over(self, work: _Work) -> bool:
        """Whether the time window has closed while there is still something to do."""
        raise_if_cancelled(self.stop)
        work.is_cut = work.is_cut or (self.until is not None and datetime.now(UTC) >= self.until)
        return work.is_cut

    def _tag(self, todo: list[FoundFile], tagger: Tagger, record: RunRecorder, work: _Work) -> Iterator[Result]:
        paths, stages = self._leased(todo, record, work), self._notes.stages
        results = tagger.tag(paths, self.options.k, known=record.known, gps=True, stages=stages, looker=work.decoders)
        with closing(results), cancel_pool_on(self.stop, work.decoders):
            # Fewer results where the time was up; asked first, so that they end by themselves and the decoders live on.
            for result, item in zip(results, todo, strict=False):
                raise_if_cancelled(self.stop)  # what failed since then, failed because of it
                record.keep(item, result)
                self.progress.advance(result)
                self._notes.take(result)
                yield result

    def _compare(self) -> None:
        """What can be said only once all photos were looked at."""
        thresholds, gap_min = self.bundle.card.thresholds, self.options.vote_gap_min
        with self._notes.stages.time("compare"):
            compare(self.store)
            self._notes.voted = count_votes(self.store, model=self._model, thresholds=thresholds, vote_gap_min=gap_min)

    def _given_up(self, record: RunRecorder, work: _Work) -> Iterator[Result]:
        for item, attempts in work.plan.given_up:
            result = record.give_up(item, attempts)
            work.given_up.append(item.path)
            self._notes.take(result)
            yield result

    def _leased(self, todo: list[FoundFile], record: RunRecorder, work: _Work) -> Iterator[str]:
        """The paths, as they are asked for; each is on record as being in work before it is given out."""
        for start in range(0, len(todo), LEASED_AT_ONCE):
            if self._is_over(work):
                return
            paths = [item.path for item in todo[start : start + LEASED_AT_ONCE]]
            record.lease(paths)
            for path in paths:
                if self._is_over(work):
                    return
                yield path

    def _one_by_one(
        self, suspects: list[FoundFile], tagger: Tagger, record: RunRecorder, work: _Work
    ) -> Iterator[Result]:
        """With nothing else in work: if the process dies now, it is known on what."""
        for item in suspects:
            if self._is_over(work):
                return
            record.flush()
            work.suspects.append(item.path)
            yield from self._tag([item], tagger, record, work)

    def _in_scan_order(self, found: Iterable[FoundFile], plan: Plan, new: Iterator[Result]) -> Iterator[Result]:
        """New results and stored answers, merged; without the files that come last."""
        changed = {item.path for item in plan.todo}
        last = {item.path for item in plan.suspects} | {item.path for item, _ in plan.given_up}
        in_order = (item for item in found if item.path not in last)
        for is_new, group in groupby(in_order, key=lambda item: item.path in changed):
            items = list(group)
            yield from islice(new, len(items)) if is_new else self._stored(items)
        yield from new  # nothing is left; this lets it end

    def _stored(self, items: Iterable[FoundFile]) -> Iterator[Result]:
        with self.store.read() as connection:
            for stored in stored_answers(connection, (item.path for item in items), model=self._model):
                yield Result(stored.path, stored.sha256, stored_answer(stored))

    def _summed_up(self, work: _Work, record: RunRecorder) -> Summary:
        return Summary(
            record.run_id,
            record.status,
            record.counts,
            time.monotonic() - self._started,
            work.engine,
            tuple(work.missing),
            work.missing_files.doubts,
            tuple(work.suspects),
            tuple(work.given_up),
        )

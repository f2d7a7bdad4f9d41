"""One run: scan folders, tag new and changed photos, and store the results in batches.

The one rule: a run continues where the last one ended. A file whose size and time are as stored is not read, unless
reading it failed before; and without photos to tag, no model is loaded.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby, islice, tee
from typing import TYPE_CHECKING

from db.batching import BATCH_SIZE
from db.clock import database_time
from db.engine import Store
from db.read.files import stored_results
from db.read.folders import present_files
from db.rows import RunStart
from tagger.core.progress import Progress, Silent
from tagger.core.run_options import RunOptions
from tagger.core.text import printable
from tagger.core.types import EngineInfo, FoundFile, Result
from tagger.library import report
from tagger.library.comparison import compare, globs_of
from tagger.library.finalize import count_votes, group_duplicates
from tagger.library.found_files import TO_TAG, Comparison
from tagger.library.locks.run import run_lock
from tagger.library.min_score import stored_thresholds, update_answers
from tagger.library.missing import Scope, find_missing
from tagger.library.path_map import PathMap
from tagger.library.plan import Plan, vanished
from tagger.library.recorder import RunRecorder, new_start, register
from tagger.library.report import RunState
from tagger.library.roots import use_stored_names
from tagger.library.scan import existing_roots
from tagger.library.taught.new_model import know_places
from tagger.library.taught.rescore import rescore
from tagger.model.bundle import Bundle

if TYPE_CHECKING:
    # These import numpy and Pillow, which a run without new photos does not need.
    from tagger.image.decoder_pool import DecoderPool
    from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

LEASED_AT_ONCE = 128
NO_ENGINE = EngineInfo("none", "none", "none", "no new photos")


@dataclass(slots=True)
class LibraryRun:
    """One pass over folders with one model. Consume `results`, then read `state`.

    Args:
        roots: folders, and files, to tag.
        open_tagger: called only if there are photos to tag.
        open_decoders: starts processes to decode this many photos; without it, threads decode.
        job: what started the run: tag, nightly, retag.
        settings_hash: a fingerprint of the settings, stored with the run.
        deleted: paths that the system reported as deleted; the run looks for the files that were stored there.
        with_unchanged: also yield the stored answers of unchanged files.
        until: aware; no photo is started after it, and the run ends as "stopped".
        stop: set it from any thread to end the run immediately, as "interrupted".
        paths: where the files of the store are on this machine.
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
    deleted: Sequence[str] = ()
    with_unchanged: bool = False
    until: datetime | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    paths: PathMap = field(default_factory=PathMap)
    state: RunState = field(default_factory=RunState, init=False)
    _model: int = field(default=0, init=False)
    _record: RunRecorder = field(init=False)
    _decoders: DecoderPool | None = field(default=None, init=False)
    _is_time_up: bool = field(default=False, init=False)

    def results(self) -> Generator[Result, None, None]:
        """Tag, and yield a result for every new or changed file in the order of the scan.

        Files that were in progress when an earlier run died come last.

        Raises:
            FolderNotFound: a root does not exist; nothing was changed.
            RunInProgress: another run has the store; nothing was changed.
            EngineError: the model cannot run, or failed; earlier results are stored.
            StoreError: the store cannot be read or written.
        """
        roots = [os.path.abspath(root) if root else root for root in self.roots]
        existing = set(existing_roots(roots, skip_missing=self.options.skip_missing_roots))
        self.state.roots = [root for root in roots if root in existing]
        self.state.missing_roots = [root for root in roots if root not in existing]
        with run_lock(self.store):
            for root in self.state.missing_roots:
                log.warning("%s does not exist; the run continues without it", printable(root))
            self.state.roots = use_stored_names(self.store, self.state.roots, globs_of(self.options))
            yield from self._recorded()

    def _recorded(self) -> Iterator[Result]:
        """All results; stores how the run ends."""
        began, state = time.monotonic(), self.state
        self._model = register(self.store, self.bundle)
        update_answers(self.store, self.bundle, model=self._model, min_score=self.options.min_score)
        self._record = RunRecorder(
            self.store, self._start(), state, model=self._model, options=self.options, thresholds=self._thresholds
        )
        try:
            yield from self._all_results()
        except BaseException as error:
            self._record.end_early(error)
            if not isinstance(error, CancelledError):
                raise
        finally:
            self.progress.close()
            if self._decoders:
                self._decoders.close()
            state.seconds = time.monotonic() - began
            report.write(self.store, state)

    def _start(self) -> RunStart:
        roots = [*self.state.roots, *self.deleted]
        return new_start(roots, self.options.k, NO_ENGINE, job=self.job, settings_hash=self.settings_hash)

    def _all_results(self) -> Iterator[Result]:
        options, state, record = self.options, self.state, self._record
        with self.store.read() as connection:
            began = database_time(connection)  # to be compared with moments that other machines stored
        with state.stages.time("scan"):
            plan, unfinished = self._scan()
        record.store_ctimes(plan.without_ctime)
        record.make_current(plan.superseded)
        if plan.suspects:
            log.warning(
                "%d files were in progress when a run died: they are tried last, one by one", len(plan.suspects)
            )
        new, suspects = self._new_results(plan)
        yield from self._in_scan_order(plan, new) if self.with_unchanged else new
        yield from suspects
        yield from self._give_up(plan)
        record.flush()
        lost = vanished(unfinished, plan.found, [*state.roots, *self.deleted])
        max_share = 1 if options.accept_missing else options.max_missing_share
        missing = find_missing(self.store, plan, Scope(state.roots, globs_of(options), began, max_share, self.paths))
        state.suspicious_deletions = missing.suspicious
        for deletion in missing.suspicious:
            log.warning("%s", deletion)
        record.mark_missing(missing, lost)
        state.counter.update(unchanged=plan.unchanged, set_aside=plan.set_aside)
        del plan, new, suspects  # the scan and the model: comparing photos takes as much memory again
        self._compare()
        record.finish(is_time_up=self._is_time_up)

    def _scan(self) -> tuple[Plan, Mapping[str, int]]:
        """Compare the folders with the store; also the files that were in progress when runs died."""
        plan, unfinished = compare(
            self.store,
            self.state.roots,
            self.options,
            model=self._model,
            before_folder=self._raise_if_stopped,
            passed_over=self.state.passed_over,
            paths=self.paths,
        )
        with self.store.read() as connection:
            plan.deleted = [path for deleted in self.deleted for path in present_files(connection, deleted)]
        return plan, unfinished

    def _new_results(self, plan: Plan) -> tuple[Iterator[Result], Iterator[Result]]:
        """Results of new and changed files, and of suspects. Opens the model if there are any."""
        if not plan.photos or self._must_end():
            return iter(()), iter(())
        plan.found.pack()
        if self.open_decoders:
            self._decoders = self.open_decoders(plan.photos)  # they start while the model is loaded
        tagger = self._tagger_with_taught()
        self._record.set_engine(tagger.engine.info)
        self._record.load_known()
        self.progress.start(plan.photos)
        return self._tag(plan.todo, tagger), self._tag_one_by_one(plan.suspects, tagger)

    def _tagger_with_taught(self) -> Tagger:
        tagger = self.open_tagger()
        know_places(self.store, tagger, self.paths, model=self._model, loader=self._decoders, stop=self.stop)
        return tagger

    @property
    def _thresholds(self) -> Mapping[str, float]:
        return stored_thresholds(self.store, self.bundle.card, model=self._model, min_score=self.options.min_score)

    def _must_end(self) -> bool:
        """Whether the time is up while there is work left.

        Raises:
            CancelledError: the run was asked to stop.
        """
        self._raise_if_stopped()
        self._is_time_up = self._is_time_up or (self.until is not None and datetime.now(UTC) >= self.until)
        return self._is_time_up

    def _raise_if_stopped(self) -> None:
        if self.stop.is_set():
            raise CancelledError

    def _tag(self, files: Iterable[FoundFile], tagger: Tagger) -> Iterator[Result]:
        files, leased = tee(files)
        paths, record = self._lease(leased), self._record
        results = tagger.tag(
            paths,
            self.options.k,
            known=record.known,
            min_score=self.options.min_score,
            stages=self.state.stages,
            loader=self._decoders,
            stop=self.stop,
        )
        with closing(results):
            # There are fewer results than files if time was up. `results` comes first, so that it is exhausted.
            for result, file in zip(results, files, strict=False):
                self._raise_if_stopped()  # later failures are caused by the stop
                if result.path != file.path:
                    result = replace(result, path=file.path)
                self._check(result)
                record.add(file, result)
                self.progress.advance(result)
                yield result

    def _check(self, result: Result) -> None:
        """Called before a result is recorded; may raise to end the run."""

    def _lease(self, files: Iterator[FoundFile]) -> Iterator[str]:
        """Yield paths on demand, after storing that they are in progress."""
        while batch := list(islice(files, LEASED_AT_ONCE)):
            if self._must_end():
                return
            paths = [file.path for file in batch]
            self._record.lease(paths)
            for path in paths:
                if self._must_end():
                    return
                yield self.paths.here(path)

    def _tag_one_by_one(self, suspects: list[FoundFile], tagger: Tagger) -> Iterator[Result]:
        """Tag with nothing else in progress, so that a death identifies its file."""
        for file in suspects:
            if self._must_end():
                return
            self._record.flush()
            self.state.suspects.append(file.path)
            yield from self._tag([file], tagger)

    def _give_up(self, plan: Plan) -> Iterator[Result]:
        for file, attempts in plan.given_up:
            self.state.given_up.append(file.path)
            yield self._record.quarantine(file, attempts)

    def _compare(self) -> None:
        """Group duplicates and count votes, after all photos were tagged."""
        thresholds, gap_min = self._thresholds, self.options.vote_gap_min
        with self.state.stages.time("compare"):
            group_duplicates(self.store)
            asked = rescore(self.store, self.bundle, model=self._model, min_score=self.options.min_score)
            if asked:  # something was taught during the run
                log.info("%d photos may show a taught place: the next run looks at them again", asked)
            self.state.voted = count_votes(self.store, model=self._model, thresholds=thresholds, vote_gap_min=gap_min)

    def _in_scan_order(self, plan: Plan, new: Iterator[Result]) -> Iterator[Result]:
        """Merge new results and stored answers, without the files that come last."""
        others = [compared for compared in Comparison if compared not in (Comparison.LAST, Comparison.REPEATED)]
        for is_new, group in groupby(plan.found.items(*others), key=lambda item: item[1] in TO_TAG):
            paths = (file.path for file, _ in group)
            if is_new:
                for _ in paths:
                    yield from islice(new, 1)
            else:
                yield from self._stored(paths)
        yield from new  # exhausted; this lets it end

    def _stored(self, paths: Iterator[str]) -> Iterator[Result]:
        while batch := list(islice(paths, BATCH_SIZE)):
            with self.store.read() as connection:
                yield from stored_results(connection, batch, model=self._model)

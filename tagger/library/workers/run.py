"""A run that several workers share.

One of them leads: it scans the folders, lets the files wait to be claimed, and once all have a result it finds missing
files and compares photos, as any run does. The others only claim; when the leader dies, one of them leads. All tag with
the code of `tagger.library.runner`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from db.read import catalog
from db.read.workers import live_workers, queue
from db.write.shared.workers import SharedRun, has_work, shared_run
from tagger.core.errors import WorkerBlind, WorkerGivenUp
from tagger.core.text import printable
from tagger.core.types import Failed, FoundFile, Result
from tagger.library import report
from tagger.library.comparison import globs_of
from tagger.library.locks.run import give_up_silent_workers, lead_lock
from tagger.library.min_score import update_answers
from tagger.library.missing import FEW
from tagger.library.plan import MIN_DEATHS, Plan
from tagger.library.recorder import register
from tagger.library.report import RunState
from tagger.library.roots import names_in_store, use_stored_names
from tagger.library.runner import LibraryRun
from tagger.library.scan import existing_roots
from tagger.library.workers.heartbeat import Heartbeat
from tagger.library.workers.joining import check_model, check_shared, includes, run_of_others
from tagger.library.workers.recorder import WorkerRecorder
from tagger.library.workers.sight import Sight, sight_of

if TYPE_CHECKING:
    from tagger.model.predictor import Tagger

POLL_S = 0.5  # between two looks for work that others leave


@dataclass(slots=True)
class WorkerRun(LibraryRun):
    """A worker's part of one pass over folders. Consume `results`, then read `state`.

    A worker joins the run in progress, whatever its folders are, and makes one of its own if that one did not include
    its folders.

    Args:
        waits: help in the runs of others until it is stopped, and start none.
        lease_s: after this time without a sign of life, others take the worker's files.
    """

    job: str = field(default="worker", kw_only=True)
    waits: bool = field(default=False, kw_only=True)
    lease_s: float = field(default=60.0, kw_only=True)
    _record: WorkerRecorder = field(init=False)
    _run: SharedRun | None = field(default=None, init=False)  # the one that this worker has joined
    _tagger: Tagger | None = field(default=None, init=False)
    _is_ready: bool = field(default=False, init=False)  # for results of that run
    _doubts: int = field(default=0, init=False)  # files that failed as if a drive were missing here
    _lost: threading.Event = field(default_factory=threading.Event, init=False)
    _heartbeat: ExitStack = field(default_factory=ExitStack, init=False)

    def results(self) -> Generator[Result, None, None]:
        """Tag claimed files, and yield their results in the order in which this worker has them.

        Raises:
            FolderNotFound: a root does not exist; nothing was changed.
            RunInProgress: a run that is not shared has the store; nothing was changed.
            WorkersDiffer: the other workers use another model; nothing was changed.
            WorkerGivenUp: this worker was silent for too long; others have its files.
            WorkerBlind: files that others have found are not on this machine; others have them.
            EngineError: the model cannot run, or failed; earlier results are stored.
            StoreError: the store cannot be read or written.
        """
        roots = [os.path.abspath(root) if root else root for root in self.roots]
        existing = existing_roots(roots, skip_missing=self.options.skip_missing_roots)
        self.state.missing_roots = [root for root in roots if root not in existing]
        if self.paths.folders:
            stored = (name for root in existing for name in self.paths.stored_roots(root))
            self.state.roots = list(dict.fromkeys(stored))
        else:
            self.state.roots = names_in_store(self.store, existing)
        self._model = register(self.store, self.bundle)
        try:
            yield from self._shared()
        except BaseException as error:
            if self._run:
                self._record.end_early(error)
            elif isinstance(error, CancelledError):
                self.state.status = "interrupted"  # before there was a run
            if not isinstance(error, CancelledError):
                raise
        finally:
            self._heartbeat.close()
            self.progress.close()
            if self._decoders:
                self._decoders.close()
        if self._lost.is_set():
            raise WorkerGivenUp(self.lease_s)

    def _shared(self) -> Iterator[Result]:
        """Lead if nobody does, else help, until the folders of this worker are done."""
        while True:
            if self._must_end() and self._run:
                self._record.finish(is_time_up=True)
                return
            if self._run and self._has_ended():
                self._record.finish(is_time_up=False)
                if not self.waits and includes(self._run, self.state.roots):
                    return
                self._leave()
            run = run_of_others(self.store, model=self._model)
            is_leader = False
            if not self.waits or (run and self._can_lead(run)):
                with lead_lock(self.store, keeps=self._can_lead) as is_leader:
                    if is_leader:
                        yield from self._lead()
                    elif run is None:
                        check_shared(self.store)
                if is_leader and not self.waits:
                    return
            if run and not is_leader:
                self._join(run)
                yield from self._claimed_results()
            self.stop.wait(POLL_S)

    def _lead(self) -> Iterator[Result]:
        with self.store.read() as connection:
            run = shared_run(connection)
        if run is None:
            if self.waits:  # it has just ended
                return
            update_answers(self.store, self.bundle, model=self._model, min_score=self.options.min_score)
            if not self.paths.folders:
                self.state.roots = use_stored_names(self.store, self.state.roots, globs_of(self.options))
        self._join(run)
        if run:  # what its earlier leader has found comes first, so that nothing is in progress during the scan
            yield from self._results_of_all()
        yield from self._all_results()
        with self.store.read() as connection:
            row = catalog.run(connection, self.state.run_id)
        if row.finished_at:
            self.state.seconds = (row.finished_at - row.started_at).total_seconds()
        report.write(self.store, self.state)

    def _can_lead(self, run: SharedRun) -> bool:
        """Whether this worker can lead a run to its end: it scans the same folders with the same model."""
        check_model(self.store, run, model=self._model)
        return run.model_id == self._model and run.roots == tuple(map(printable, self.state.roots))

    def _join(self, run: SharedRun | None) -> None:
        """Become a worker of a run; None starts one."""
        if self._run and run and run.id == self._run.id:
            return
        self._leave()
        if run:
            self.options = replace(self.options, k=run.k, min_score=run.min_score)
        self._record = record = WorkerRecorder(
            self.store,
            self._start(),
            self.state,
            model=self._model,
            options=self.options,
            thresholds=self._thresholds,
            run=run.id if run else None,
            lease_s=self.lease_s,
        )
        with self.store.read() as connection:
            self._run = shared_run(connection)
        self._heartbeat.enter_context(Heartbeat(record.renew, lease_s=self.lease_s, on_loss=self._on_loss))

    def _leave(self) -> None:
        """End the part in a run; the counts of the next one begin at zero."""
        self._heartbeat.close()
        if self._run:
            self.state = RunState(roots=self.state.roots, missing_roots=self.state.missing_roots)
        self._run = None
        self._is_ready = False

    def _on_loss(self) -> None:
        self._lost.set()
        self.stop.set()

    def _has_ended(self) -> bool:
        with self.store.read() as connection:
            return catalog.run(connection, self.state.run_id).status != "running"

    def _scan(self) -> tuple[Plan, Mapping[str, int]]:
        """Scan while no file of the run is in progress; what has a result by this run is not unchanged."""
        plan, unfinished = LibraryRun._scan(self)
        with self.store.read() as connection:
            counts = catalog.run(connection, self.state.run_id).counts
        plan.answered = counts.tagged + counts.none
        return plan, unfinished

    def _new_results(self, plan: Plan) -> tuple[Iterator[Result], Iterator[Result]]:
        """Let the files of a plan wait to be claimed, and claim some; the second iterator is empty."""
        self._record.queue(plan)
        plan.found.pack()
        return self._led_results(), iter(())

    def _led_results(self) -> Iterator[Result]:
        yield from self._results_of_all()
        self._record.has_led = True

    def _results_of_all(self) -> Iterator[Result]:
        """This worker's results, until all files of the run have one."""
        yield from self._claimed_results()
        while not self._must_end() and self._is_work_left():
            self.stop.wait(POLL_S)
            give_up_silent_workers(self.store)
            yield from self._claimed_results()

    def _is_work_left(self) -> bool:
        with self.store.read() as connection:
            return has_work(connection, self.state.run_id)

    def _give_up(self, plan: Plan) -> Iterator[Result]:  # noqa: ARG002 - suspects wait to be claimed like others
        return iter(())

    def _claimed_results(self) -> Iterator[Result]:
        """Results of the files that this worker can claim now."""
        record = self._record
        while not self._must_end():
            if files := record.claim():
                yield from self._tag(self._claimed(files), self._opened())
            elif suspect := record.claim_suspect():
                yield from self._suspect_results(*suspect)
            else:
                return
            record.flush()

    def _claimed(self, files: list[FoundFile]) -> Iterator[FoundFile]:
        """Claimed files, and further ones on demand."""
        while files:
            yield from files
            files = [] if self._must_end() else self._record.claim()

    def _suspect_results(self, file: FoundFile, deaths: int) -> Iterator[Result]:
        """The result of a file with nothing else in progress, so that a death identifies it."""
        max_deaths = max(MIN_DEATHS, self.options.max_attempts)
        if deaths < max_deaths or self.options.retry_failed:
            self.state.suspects.append(file.path)
            yield from self._tag([file], self._opened())
        elif result := self._record.give_up(file, deaths):
            self.state.given_up.append(file.path)
            yield result

    def _lease(self, files: Iterator[FoundFile]) -> Iterator[str]:
        """Yield paths on demand; the files are claimed already."""
        for file in files:
            if self._must_end():
                return
            if not self.paths.shows(file.path):
                raise WorkerBlind(file.path)
            yield self.paths.here(file.path)

    def _check(self, result: Result) -> None:
        """Leave a file to the other workers, if there are any, before it fails because this machine does not see it.

        Raises:
            WorkerBlind: it does not.
        """
        if not isinstance(result.answer, Failed):
            return
        sight = sight_of(result.path, result.answer, self._run.roots if self._run else (), self.paths)
        self._doubts += sight == Sight.DOUBTFUL
        if sight == Sight.BLIND or self._doubts > FEW:
            with self.store.read() as connection:
                has_others = live_workers(connection, self.state.run_id) > 1
            if has_others:
                raise WorkerBlind(self.paths.here(result.path))

    def _opened(self) -> Tagger:
        """The model, opened for the first file."""
        if self._tagger is None:
            with self.store.read() as connection:
                left = queue(connection)
            if self.open_decoders:
                self._decoders = self.open_decoders(
                    left.waiting + left.in_progress
                )  # they start while the model is loaded
            self._tagger = self._tagger_with_taught()
            self.progress.start(left.waiting + left.in_progress)
        if not self._is_ready:
            self._record.set_engine(self._tagger.engine.info)
            self._record.load_known()
            self._is_ready = True
        return self._tagger

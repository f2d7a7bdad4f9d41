"""Write a worker's results.

The one rule: a result counts only if its file is still claimed by this worker when it is stored. So a worker that was
taken for dead changes nothing.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from db.engine import Store
from db.read.catalog import run as run_row
from db.rows import RunStart, RunStatus
from db.write.files import Scanned
from db.write.runs import finish_run
from db.write.shared.claims import (
    add_suspects,
    add_tasks,
    claim_files,
    claim_suspect,
    count_deaths,
    drop_tasks,
    finish_claims,
    keep_as_suspect,
    return_claims,
)
from db.write.shared.workers import (
    WorkerEnd,
    WorkerStart,
    add_counts,
    finish_worker,
    progress_of,
    renew_worker,
    set_worker_engine,
    start_worker,
    workers_at_work,
)
from tagger.core.run_options import RunOptions
from tagger.core.types import PROCESS_DIED, EngineInfo, Failed, FoundFile, Result
from tagger.library.cause_of_death import memory_kills
from tagger.library.plan import Plan
from tagger.library.recorder import FILES_PER_TRANSACTION, RunRecorder
from tagger.library.report import RunState
from tagger.library.workers.progress import join_parts, part_of

if TYPE_CHECKING:
    from db.engine import Connection

log = logging.getLogger(__name__)

ANSWERED = ("tagged", "none", "failed", "inherited")
CLAIMED_AT_ONCE = 32  # a worker that ends early leaves less than a second of work to the others
ENDS: Mapping[RunStatus, WorkerEnd] = {"done": "done", "failed": "failed"}  # all others: stopped


class WorkerRecorder(RunRecorder):
    """Stores the results of one worker in the run that it shares, and claims its files.

    Args:
        run: the run to join; None starts one.
        lease_s: after this time without a renewal, others take the worker's files.
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
        run: int | None,
        lease_s: float,
    ) -> None:
        self._run = run
        self._lease_s = lease_s
        self._has_ended = False  # by itself, so that its lease is not lost
        self.has_led = False  # this worker led the run until all files had a result, or its time was up
        super().__init__(store, start, state, model=model, options=options, thresholds=thresholds)

    def _begin(self, connection: Connection, start: RunStart) -> int:
        run = super()._begin(connection, start) if self._run is None else self._run
        worker = WorkerStart(socket.gethostname(), os.getpid(), memory_kills(), self._lease_s)
        self._worker = start_worker(connection, worker, run=run)
        return run

    def set_engine(self, engine: EngineInfo) -> None:
        super().set_engine(engine)
        with self._store.write() as connection:
            set_worker_engine(connection, self._worker, str(engine))

    def renew(self) -> bool:
        """Renew the lease on all claimed files; false if others have them now."""
        with self._store.write() as connection:
            is_mine = renew_worker(connection, self._worker, lease_s=self._lease_s, memory=memory_kills())
        return is_mine or self._has_ended

    def queue(self, plan: Plan) -> None:
        """Let the files of a plan wait to be claimed."""
        todo = plan.todo
        while batch := list(islice(todo, FILES_PER_TRANSACTION)):
            with self._store.write() as connection:
                add_tasks(connection, batch, run=self._state.run_id)
        suspects = [*plan.suspects, *(file for file, _ in plan.given_up)]
        with self._store.write() as connection:
            add_suspects(connection, suspects, run=self._state.run_id)

    def claim(self) -> list[FoundFile]:
        """Claim the next files; none if none wait."""
        with self._store.write() as connection:
            return claim_files(connection, worker=self._worker, limit=CLAIMED_AT_ONCE)

    def claim_suspect(self) -> tuple[FoundFile, int] | None:
        """Claim one file with which workers died, and the number of deaths."""
        with self._store.write() as connection:
            return claim_suspect(connection, worker=self._worker)

    def give_up(self, file: FoundFile, deaths: int) -> Result | None:
        """Put a claimed suspect into quarantine, untried; None if others have claimed it since."""
        failure = Failed(PROCESS_DIED, f"the process died {deaths} times while working on this file")
        result = Result(file.path, None, failure)
        with self._store.write() as connection:
            if not keep_as_suspect(connection, file.path, worker=self._worker):
                return None
            self._write(connection, [(file, result)], attempts=deaths)
            self._add(connection, [result])
        return result

    def _commit(self, connection: Connection, batch: Sequence[Scanned]) -> Sequence[Scanned]:
        mine = finish_claims(connection, [file.path for file, _ in batch], worker=self._worker)
        stored = [scanned for scanned in batch if scanned[0].path in mine]
        self._write(connection, stored)
        self._add(connection, [result for _, result in stored])
        return ()

    def _add(self, connection: Connection, results: Sequence[Result]) -> None:
        """Add results to the counts of the worker and of its run."""
        for result in results:
            self._state.add(result)
        add_counts(connection, self._worker, RunState().counts_with(results), part_of(self._state))

    def _end(self, status: RunStatus, error: str | None = None, *, is_death: bool = False) -> None:
        """Store how the worker ended; also how its run did, if it led the run to its end or was the last one."""
        self._state.status = status
        for line in self._state.failure_lines():
            log.warning("%s", line)
        with self._store.write() as connection:
            if is_death:
                count_deaths(connection, self._worker)
            else:
                return_claims(connection, self._worker)
            end = ENDS.get(status, "stopped")
            if finish_worker(connection, self._worker, status=end, progress=part_of(self._state)):
                self._has_ended = True
                self._finish_run(connection, status, error)

    def _finish_run(self, connection: Connection, status: RunStatus, error: str | None) -> None:
        """Store how the run ended, if this worker led it to its end, or was the last one."""
        run = run_row(connection, self._state.run_id)
        has_led = self.has_led and status in ("done", "stopped")
        if run.status != "running" or (workers_at_work(connection, run.id) and not has_led):
            return
        for name in ANSWERED:
            self._state.counter[name] = getattr(run.counts, name)
        join_parts(self._state, progress_of(connection, run.id))
        finish_run(connection, run.id, status=status, counts=self._state.counts, error=error)
        drop_tasks(connection)

"""The jobs: plain functions, by name. Whoever starts one (the clock, cron, a person) calls `run_job`.

The one rule: a job leaves a row that says how it ended, whatever ended it. Only a process that dies leaves one that
says "running", and the next start of the job puts that right.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from db.engine import Store
from db.rows import JobRunRow, JobStatus
from db.write.backup import back_up
from db.write.jobs import finish_job, last_starts, start_job
from db.write.prune import prune
from tagger.config.cron import next_moment, parse
from tagger.config.settings import Jobs, Settings
from tagger.core.errors import StoreError, UnknownJob
from tagger.core.text import format_bytes
from tagger.jobs import canary, digest, tagging
from tagger.jobs.context import JobContext

if TYPE_CHECKING:
    pass

log = logging.getLogger(__name__)

BACKUPS = "backups"


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a job ended, where no error ended it.

    Args:
        status: "stopped" where time was up or somebody asked; "failed" where it is done and the news is bad.
        message: for people.
        failed_photos: how many could not be read.
    """

    message: str
    status: JobStatus = "done"
    failed_photos: int = 0


def nightly(work: JobContext) -> JobResult:
    """Tag what is new or changed in the folders of the settings."""
    return _told(tagging.tag_new(work))


def retag(work: JobContext) -> JobResult:
    """Tag anew what an older model tagged, or what was undone."""
    return _told(tagging.tag_anew(work))


def backup(work: JobContext) -> JobResult:
    """Copy the database."""
    jobs = work.settings.jobs
    folder = jobs.backup_folder or Path(work.store.file).parent / BACKUPS
    made = back_up(work.store.file, folder, keep=jobs.backup_keep)
    removed = f", {len(made.removed)} older removed" if made.removed else ""
    return JobResult(f"{made.file}, {format_bytes(made.size_bytes)}, checked{removed}")


def prune_gone(work: JobContext) -> JobResult:
    """Remove the rows of files that are long gone."""
    days = work.settings.jobs.prune_after_days
    gone = prune(work.store, gone_before=datetime.now(UTC) - timedelta(days=days))
    return JobResult(f"{gone.files} files that were gone for {days} days, and {gone.photos} photos, removed")


def check_canary(work: JobContext) -> JobResult:
    """Ask the model for known pictures."""
    seen = canary.check(work.store, work.open_tagger(), work.settings.jobs.canary_folder)
    return JobResult(str(seen), "failed" if seen.drops else "done")


def sum_up(work: JobContext) -> JobResult:
    """Sum up the last day."""
    return JobResult(digest.write(work.store, since=datetime.now(UTC) - timedelta(days=1)))


JOBS: dict[str, Callable[[JobContext], JobResult]] = {
    "nightly": nightly,
    "retag": retag,
    "backup": backup,
    "prune": prune_gone,
    "canary": check_canary,
    "digest": sum_up,
}


def known_job(name: str) -> None:
    """Raises:
    UnknownJob: there is none of this name.
    """
    if name not in JOBS:
        raise UnknownJob(name, JOBS)


def run_job(name: str, work: JobContext, *, due_at: datetime | None = None) -> JobResult:
    """Run a job and leave a row of it.

    Args:
        due_at: when the clock meant it to run; None where a person started it.

    Raises:
        UnknownJob: there is none of this name.
        TaggerError: whatever the job raised; the row has its message.
    """
    known_job(name)
    with work.store.write() as connection:
        number = start_job(connection, name, due_at=due_at)
    try:
        ended = JOBS[name](work)
    except KeyboardInterrupt:
        _finish_early(work.store, number, JobResult("stopped by hand", "stopped"))
        raise
    except BaseException as error:
        _finish_early(work.store, number, JobResult(str(error) or type(error).__name__, "failed"))
        raise
    _finish(work.store, number, ended)
    return ended


@dataclass(frozen=True, slots=True)
class JobStatusRow:
    """A job at a glance.

    Args:
        time: as the settings say it.
        next_at: while a schedule runs; None if it is off.
        last: its newest start.
    """

    job: str
    time: str
    next_at: datetime | None
    last: JobRunRow | None


def overview(settings: Settings, store: Store | None) -> list[JobStatusRow]:
    """Every job: when it is due, and how it ended last.

    Args:
        store: None where there is none yet, so that no job ever ran.
    """
    last: dict[str, JobRunRow] = {}
    if store is not None:
        with store.read() as connection:
            last = last_starts(connection)
    return [
        JobStatusRow(name, text, _next(text, settings.zone()), last.get(name))
        for name, text in times_of(settings.jobs).items()
    ]


def _next(text: str, zone: ZoneInfo | None) -> datetime | None:
    times = parse(text)
    return next_moment(times, zone, now=datetime.now(UTC)) if times else None


def times_of(jobs: Jobs) -> dict[str, str]:
    """When each job runs, as the settings say it."""
    return {name: getattr(jobs, name) for name in JOBS}


def _finish(store: Store, number: int, ended: JobResult) -> None:
    with store.write() as connection:
        finish_job(connection, number, status=ended.status, message=ended.message)


def _finish_early(store: Store, number: int, ended: JobResult) -> None:
    """Where the store itself is the trouble, the next start of the job puts its row right."""
    try:
        _finish(store, number, ended)
    except StoreError as error:
        log.error("How the job ended could not be stored: %s", error)


def _told(run: tagging.Told) -> JobResult:
    status: JobStatus = "failed" if not run.is_well else "stopped" if run.is_stopped else "done"
    return JobResult(run.message, status, run.failed)

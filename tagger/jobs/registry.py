"""The jobs by name. The schedule, cron and people start them with `run_job`.

The one rule: every job stores how it ended. Only a process that dies leaves its row as "running", and the next start of
the job corrects that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from db.engine import Store
from db.read.catalog import last_starts
from db.rows import JobRunRow, JobStatus
from db.write.backup import back_up, default_folder
from db.write.jobs import finish_job, start_job
from db.write.prune import count_photos_to_prune, files_to_prune, prune
from tagger.config.cron import next_time
from tagger.config.settings import Jobs, Settings
from tagger.core.errors import StoreError, UnknownJob
from tagger.core.text import counted, format_bytes
from tagger.jobs import canary, digest, tagging
from tagger.jobs.context import JobContext, JobResult
from tagger.library.preview import Change, Preview, preview_run
from tagger.model.bundle import open_bundle

log = logging.getLogger(__name__)

PREVIEWED = ("nightly", "retag", "prune")


def backup(context: JobContext) -> JobResult:
    """Copy the database."""
    if context.store.is_on_server:
        return JobResult("left to the server's own tools, such as pg_dump")
    jobs = context.settings.jobs
    folder = jobs.backup_folder or default_folder(context.store.file)
    made = back_up(context.store.file, folder, keep=jobs.backup_keep)
    removed = f", {len(made.removed)} older removed" if made.removed else ""
    message = f"{made.file}, {format_bytes(made.size_bytes)}, checked{removed}"
    if made.larger:
        message += f"; much smaller than {made.larger[0].name}, so larger copies are kept too ({len(made.larger)})"
    return JobResult(message)


def prune_gone(context: JobContext) -> JobResult:
    """Remove the rows of files that have long been gone."""
    days = context.settings.jobs.prune_after_days
    pruned = prune(context.store, gone_before=datetime.now(UTC) - timedelta(days=days))
    return JobResult(f"removed {_to_prune(pruned.files, days, pruned.photos)}")


def check_canary(context: JobContext) -> JobResult:
    """Check the model on known pictures."""
    report = canary.check(context.store, context.open_tagger(), context.settings.jobs.canary_folder)
    return JobResult(str(report), "failed" if report.regressions else "done")


def sum_up(context: JobContext) -> JobResult:
    """Summarise the last day."""
    return JobResult(digest.write(context.store, since=datetime.now(UTC) - timedelta(days=1)))


JOBS: dict[str, Callable[[JobContext], JobResult]] = {
    "nightly": tagging.nightly,
    "retag": tagging.retag,
    "backup": backup,
    "prune": prune_gone,
    "canary": check_canary,
    "digest": sum_up,
}


def check_name(name: str) -> None:
    """Check that there is a job of this name.

    Raises:
        UnknownJob: there is none.
    """
    if name not in JOBS:
        raise UnknownJob(name, JOBS)


def run_job(name: str, context: JobContext, *, due_at: datetime | None = None) -> JobResult:
    """Run a job and store its start and end.

    Args:
        due_at: its scheduled time; None if a person started it.

    Raises:
        UnknownJob: no job has this name.
        TaggerError: the job failed; the row has the message.
    """
    check_name(name)
    with context.store.write() as connection:
        number = start_job(connection, name, due_at=due_at)
    try:
        result = JOBS[name](context)
    except KeyboardInterrupt:
        _finish_early(context.store, number, "stopped", "stopped by hand")
        raise
    except BaseException as error:
        _finish_early(context.store, number, "failed", str(error) or type(error).__name__)
        raise
    with context.store.write() as connection:
        finish_job(connection, number, status=result.status, message=result.message)
    return result


def _finish_early(store: Store, number: int, status: JobStatus, message: str) -> None:
    """Store a failure; if the store itself fails, the next start corrects the row."""
    try:
        with store.write() as connection:
            finish_job(connection, number, status=status, message=message)
    except StoreError as error:
        log.error("The end of the job could not be stored: %s", error)


def preview_job(name: str, settings: Settings, store: Store) -> Preview:
    """What a job would do, without doing it.

    Args:
        name: one of `PREVIEWED`.
        settings: name the folders and the model.
        store: nothing is written to it.
    """
    if name != "prune":
        bundle = open_bundle(settings.bundle, verify=False)
        return preview_run(store, bundle, tagging.folders_of(settings), tagging.options_of(settings, name))
    days = settings.jobs.prune_after_days
    gone_before = datetime.now(UTC) - timedelta(days=days)
    with store.read() as connection:
        files = files_to_prune(connection, gone_before=gone_before)
        photos = count_photos_to_prune(connection, gone_before=gone_before)
    summary = f"Would remove {_to_prune(len(files), days, photos)}."
    return Preview((Change("removed", path) for path in files), summary)


def _to_prune(files: int, days: int, photos: int) -> str:
    return f"{counted(files, 'file')} gone for {counted(days, 'day')}, and {counted(photos, 'photo')}"


@dataclass(frozen=True, slots=True)
class JobStatusRow:
    """The state of a job."""

    job: str
    time: str  # as in the settings
    next_at: datetime | None  # its next start by a running schedule; None if it is off
    last: JobRunRow | None  # its newest start


def overview(settings: Settings, store: Store | None) -> list[JobStatusRow]:
    """All jobs: when each is due, and how it last ended.

    Args:
        store: None if there is no database yet.
    """
    last: dict[str, JobRunRow] = {}
    if store is not None:
        with store.read() as connection:
            last = last_starts(connection)
    now = datetime.now(UTC)
    return [
        JobStatusRow(name, text, next_time(text, settings.zone(), now=now), last.get(name))
        for name, text in times_of(settings.jobs).items()
    ]


def times_of(jobs: Jobs) -> dict[str, str]:
    """The times of jobs, as in the settings."""
    return {name: getattr(jobs, name) for name in JOBS}

"""The jobs that tag the library, and how a run is made from the settings.

The one rule: a missing folder does not keep the run from the others. The result names it.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tagger.config.cron import next_time
from tagger.core.errors import ConfigError, RunInProgress
from tagger.core.run_options import RunOptions
from tagger.core.text import counted, printable
from tagger.core.types import PASSING_KINDS, Failed, Result
from tagger.jobs.context import JobContext, JobResult
from tagger.jobs.xmp import with_sidecars
from tagger.library.path_map import PathMap
from tagger.library.report import RunState, missing_text
from tagger.library.runner import LibraryRun
from tagger.library.workers.run import WorkerRun
from tagger.model.bundle import Bundle, open_bundle

if TYPE_CHECKING:
    from tagger.config.settings import Settings
    from tagger.image.decoder_pool import DecoderPool

log = logging.getLogger(__name__)

WAIT_S = 3600.0  # for another run to end
RETRY_S = 2.0
NIGHTLY = "nightly"  # on a server its run is shared, since workers of other machines may wait to help


def nightly(context: JobContext) -> JobResult:
    """Tag new and changed photos in the folders of the settings, and write their sidecars if the settings say so."""
    result = _run_in_window(context, "nightly")
    return result if context.settings.xmp == "off" else with_sidecars(context, result, folders_of(context.settings))


def retag(context: JobContext) -> JobResult:
    """Tag photos of other models, and undone ones, again."""
    return _run_in_window(context, "retag")


def folders_of(settings: Settings) -> list[str]:
    """The folders of the settings, absolute.

    Raises:
        ConfigError: there are none.
    """
    if not settings.folders:
        raise ConfigError('No folders are set. Name them in the settings file: folders = ["/home/ann/Pictures"]')
    return [os.path.abspath(folder) for folder in settings.folders]


def options_of(settings: Settings, job: str) -> RunOptions:
    """The options of the runs of `nightly` and `retag`."""
    is_retag = job == "retag"
    return replace(settings.run_options(), skip_missing_roots=True, skip_new=is_retag, redo_undone=is_retag)


def _run_in_window(context: JobContext, job: str) -> JobResult:
    """Run until the first `jobs.until` after the job was triggered, even if it had to wait for its thread.

    Raises:
        ConfigError: the settings name no folders.
    """
    settings, now = context.settings, datetime.now(UTC)
    folders = folders_of(settings)
    until = next_time(settings.jobs.until, settings.zone(), now=context.triggered_at or now)
    if until is not None and until <= now:
        return JobResult("its time was up before it began", "stopped")
    return run(context, folders, job=job, options=options_of(settings, job), until=until, wait_s=WAIT_S)


def run(
    context: JobContext,
    roots: Sequence[str],
    *,
    job: str,
    options: RunOptions,
    deleted: Sequence[str] = (),
    until: datetime | None = None,
    wait_s: float = 0.0,
) -> JobResult:
    """Run over folders or files, after waiting for another run to end.

    Args:
        deleted: paths that the system reported as deleted.
        wait_s: the longest wait.

    Raises:
        RunInProgress: the other run has not ended by then.
    """
    give_up_at, is_waiting = time.monotonic() + wait_s, False
    while True:
        try:
            return _run_once(context, roots, job, options, deleted, until)
        except RunInProgress as error:
            if time.monotonic() >= give_up_at:
                raise
            if not is_waiting:
                log.info("%s; this run waits until it has ended", error.who)
            is_waiting = True
        if context.stop.wait(RETRY_S):
            return JobResult("stopped while another run was in progress", "stopped")


def _run_once(
    context: JobContext,
    roots: Sequence[str],
    job: str,
    options: RunOptions,
    deleted: Sequence[str],
    until: datetime | None,
) -> JobResult:
    library_run: LibraryRun
    if context.store.is_on_server and job == NIGHTLY:
        library_run = new_worker(context, roots, job=job, options=options, until=until)
    else:
        library_run = new_run(context, roots, job=job, options=options, deleted=deleted, until=until)
    with closing(library_run.results()) as results:
        unreadable = [result for result in results if result.path in roots and _is_unreadable_folder(result)]
    state = library_run.state
    if not state.run_id:
        return JobResult("stopped before a run began", "stopped")
    if state.processed:
        context.store.optimize()
    problems = list(_problems(state, unreadable))
    is_stopped = state.status in ("stopped", "interrupted")
    message = "\n".join([_sentence(state), *problems])
    return JobResult(message, "failed" if problems else "stopped" if is_stopped else "done", state.counts.failed)


def new_run(
    context: JobContext,
    roots: Sequence[str],
    *,
    job: str,
    options: RunOptions,
    deleted: Sequence[str] = (),
    until: datetime | None = None,
    with_unchanged: bool = False,
) -> LibraryRun:
    """A run by the settings; see `tagger.library.runner.LibraryRun`.

    Raises:
        BundleError: the model folder of the settings cannot be used.
    """
    settings = context.settings
    bundle = open_bundle(settings.bundle, verify=False)  # without new photos the weights are not read
    return LibraryRun(
        context.store,
        bundle,
        roots,
        context.open_tagger,
        options,
        progress=context.progress,
        open_decoders=partial(_decoders, settings, bundle),
        job=job,
        settings_hash=settings.fingerprint(),
        deleted=deleted,
        with_unchanged=with_unchanged,
        until=until,
        stop=context.stop,
    )


def new_worker(
    context: JobContext,
    roots: Sequence[str],
    *,
    options: RunOptions,
    job: str = "worker",
    until: datetime | None = None,
    waits: bool = False,
) -> WorkerRun:
    """A worker by the settings; see `tagger.library.workers.run.WorkerRun`.

    Raises:
        BundleError: the model folder of the settings cannot be used.
    """
    settings = context.settings
    bundle = open_bundle(settings.bundle, verify=False)
    return WorkerRun(
        context.store,
        bundle,
        roots,
        context.open_tagger,
        options,
        progress=context.progress,
        open_decoders=partial(_decoders, settings, bundle),
        settings_hash=settings.fingerprint(),
        stop=context.stop,
        paths=PathMap(settings.path_map()),
        job=job,
        until=until,
        waits=waits,
        lease_s=settings.worker_lease_s,
    )


def _decoders(settings: Settings, bundle: Bundle, photos: int) -> DecoderPool:
    from tagger.image.decoder_pool import DecoderPool  # loads numpy, which a run without new photos does not need

    return DecoderPool(
        bundle.card.input,
        settings.limits(),
        photos=photos,
        timeout_s=settings.photo_timeout_s,
        thumbnails=settings.web_cache if settings.web_thumbnails else None,
    )


def _sentence(state: RunState) -> str:
    counts = state.counts
    files = counted(state.restored, "unchanged file")
    restored = f"; this model's answers to {files} count again" if state.restored else ""
    return (
        f"run {state.run_id} {state.status}: {counts.tagged} tagged, {counts.none} without a known landmark, "
        f"{counts.failed} failed, {counts.unchanged} unchanged, {missing_text(counts)} "
        f"in {state.seconds:.0f} s{restored}"
    )


def _is_unreadable_folder(result: Result) -> bool:
    """Whether a root could not be listed; a single unreadable file from a watch does not count."""
    answer = result.answer
    return isinstance(answer, Failed) and answer.kind in PASSING_KINDS and not os.path.isfile(result.path)


def _problems(state: RunState, unreadable: Sequence[Result]) -> Iterator[str]:
    yield from (f"{printable(root)} does not exist" for root in state.missing_roots)
    for result in unreadable:
        assert isinstance(result.answer, Failed)
        yield f"{printable(result.path)} cannot be read: {result.answer.message}"
    yield from map(str, state.suspicious_deletions)
    yield from (f"{printable(path)} is in quarantine: runs died while it was in progress" for path in state.given_up)

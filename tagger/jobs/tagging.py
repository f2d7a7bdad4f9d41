"""Runs over the library by themselves: what is new, and what an older model tagged. They end when their time is up.

The one rule: a folder that is not there stops no other. It is said, and the run over the others goes on.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from tagger.config.cron import next_moment, parse
from tagger.core.errors import ConfigError, RunInProgress
from tagger.core.run_options import RunOptions
from tagger.core.text import printable
from tagger.core.types import PASSING_KINDS, Failed, Result
from tagger.jobs.new_run import new_run
from tagger.library.state import RunState

if TYPE_CHECKING:
    from tagger.jobs.context import JobContext

log = logging.getLogger(__name__)

WAIT_S = 3600.0  # for a run by hand, or of a watch
LOOK_AGAIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Told:
    """Args:
    is_stopped: time was up, or somebody asked; the next run goes on.
    is_well: False asks somebody to look: a folder is not there, or closed, or much is gone from one.
    failed: photos that could not be read.
    """

    message: str
    is_stopped: bool
    is_well: bool
    failed: int


def tag_new(work: JobContext) -> Told:
    """Tag what is new or changed in the folders of the settings."""
    return _in_its_window(work, "nightly", replace(work.settings.run_options(), skip_missing_roots=True))


def tag_anew(work: JobContext) -> Told:
    """Tag what the present model has not tagged yet and another has, or what was taken back."""
    options = replace(work.settings.run_options(), skip_missing_roots=True, skip_new=True, redo_undone=True)
    return _in_its_window(work, "retag", options)


def _in_its_window(work: JobContext, job: str, options: RunOptions) -> Told:
    folders, until = _folders(work), _until(work)
    if until is not None and until <= datetime.now(UTC):
        return Told("its time was up before it began", is_stopped=True, is_well=True, failed=0)
    return run(work, folders, job=job, until=until, options=options, wait_s=WAIT_S)


def run(
    work: JobContext,
    roots: Sequence[str],
    *,
    job: str,
    options: RunOptions,
    until: datetime | None = None,
    wait_s: float = 0,
) -> Told:
    """One run of the worker, that a set `work.stop` ends too.

    Args:
        wait_s: how long to wait for another run to end.

    Raises:
        RunInProgress: it has not ended by then.
    """
    give_up_at = time.monotonic() + wait_s
    for attempt in count():
        try:
            return _run(work, roots, job=job, options=options, until=until)
        except RunInProgress as error:
            if time.monotonic() >= give_up_at:
                raise
            if attempt == 0:
                log.info("%s; this one waits for its end", error.who)
        if work.stop.wait(LOOK_AGAIN_S):
            break
    return Told("stopped while another run was at work", is_stopped=True, is_well=True, failed=0)


def _run(work: JobContext, roots: Sequence[str], *, job: str, options: RunOptions, until: datetime | None) -> Told:
    begun = new_run(
        work.settings,
        work.store,
        roots,
        open_tagger=work.open_tagger,
        progress=work.progress,
        options=options,
        job=job,
        until=until,
        stop=work.stop,
    )
    with closing(begun.results()) as results:
        closed = [result for result in results if result.path in roots and _is_closed(result)]
    state = begun.state
    if state.processed:
        work.store.optimize()
    worries = list(_worries(state, closed))
    is_stopped = state.status in ("stopped", "interrupted")
    return Told("\n".join([_sentence(state), *worries]), is_stopped, not worries, state.counts.failed)


def _folders(work: JobContext) -> list[str]:
    """Raises:
    ConfigError: the settings name none.
    """
    folders = [os.path.abspath(folder) for folder in work.settings.folders]
    if not folders:
        raise ConfigError('No folders are set. Name them in the settings file: folders = ["/home/ann/Pictures"]')
    return folders


def _until(work: JobContext) -> datetime | None:
    """When the window closes of the night for which the job was handed over, however long it waited for its thread."""
    times = parse(work.settings.jobs.until)
    return next_moment(times, work.settings.zone(), now=work.handed_at or datetime.now(UTC)) if times else None


def _sentence(state: RunState) -> str:
    counts = state.counts
    return (
        f"run {state.run_id} {state.status}: {counts.tagged} tagged, {counts.none} without a known landmark, "
        f"{counts.failed} failed, {counts.unchanged} unchanged, {counts.gone} gone in {state.seconds:.0f} s"
    )


def _is_closed(result: Result) -> bool:
    """Whether that is a folder that could not be looked into; of a file that a watch names it is no bad news."""
    answer = result.answer
    return isinstance(answer, Failed) and answer.kind in PASSING_KINDS and not os.path.isfile(result.path)


def _worries(state: RunState, closed: Sequence[Result]) -> Iterator[str]:
    yield from (f"{printable(root)} is not there" for root in state.missing_roots)
    for result in closed:
        assert isinstance(result.answer, Failed)
        yield f"{printable(result.path)} could not be looked into: {result.answer.message}"
    yield from map(str, state.suspicious_deletions)
    yield from (f"not tried again, since runs died with it: {printable(path)}" for path in state.given_up)

"""`tagger worker`: one of several processes, on any number of machines, that share a run over folders."""

from __future__ import annotations

import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.parameters.folders import Folder, folders_of
from tagger.cli.process import interrupt_on_signals, stop_on_signals

if TYPE_CHECKING:
    from tagger.library.report import RunState


@click.command()
@click.argument("paths", nargs=-1, type=Folder(), metavar="[FOLDER]...")
@click.option("--wait", "waits", is_flag=True, help="Help in the runs of others until it is stopped; start none.")
@context.K
@context.STRICT
@context.DB
@context.model_options
@context.CONFIG
def worker(paths: tuple[str, ...], waits: bool, config: Path | None, **options: Any) -> None:
    """Tag the FOLDERs (by default the setting folders) together with other workers on the same database.

    Start it on as many machines as see the files. The first one scans; each takes some of the photos at a time, and the
    photos of one that dies go to the others.
    """
    from dataclasses import replace

    from tagger.cli.process import ProgressBar, log_above_bar
    from tagger.jobs.context import JobContext
    from tagger.jobs.tagging import new_worker

    settings = context.open_settings(config, **options)
    folders = folders_of(settings, paths)
    run_options = replace(settings.run_options(), skip_missing_roots=not paths)
    stop, signals = threading.Event(), list[int]()
    if waits:
        stop_on_signals(stop)
    else:
        signals = interrupt_on_signals()
    with context.open_store(settings) as store:
        job_context = JobContext(
            settings, store, partial(context.open_model, settings, in_log=waits), progress=ProgressBar(), stop=stop
        )
        run = new_worker(job_context, folders, options=run_options, waits=waits)
        answers = 0
        try:
            with log_above_bar(), closing(run.results()) as results:
                for _ in results:
                    answers += 1
                    if signals:
                        raise KeyboardInterrupt
        except KeyboardInterrupt:
            context.exit_stopped()
        if answers:
            store.optimize()
    if waits:
        return
    click.echo(_summary(run.state, answers), err=True)
    if run.state.counts.failed:
        sys.exit(context.SOME_FAILED)


def _summary(state: RunState, answers: int) -> str:
    from tagger.core.text import counted

    return f"This worker tagged {counted(answers, 'photo')}. What all did: tagger runs show {state.run_id}"

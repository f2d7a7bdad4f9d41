"""`tagger tag`: a run over folders."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import options

if TYPE_CHECKING:
    from tagger.library.runner import LibraryRun
    from tagger.library.state import RunState

STOPPED = 130


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FOLDER...")
@click.option("-k", "top_k", type=int, help="Suggestions kept for each photo (default 5).")
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match; may be repeated.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No file or folder that matches; may be repeated.")
@click.option("--retry-failed", is_flag=True, help="Also try files that failed and are not due, or in quarantine.")
@click.option("--accept-gone", is_flag=True, help="Files are gone however many they are: no drive is missing.")
@click.option("--again", is_flag=True, help="Also look at photos whose suggestions 'tagger runs undo' took back.")
@options.JSON
@options.DB
@options.model_options
@options.CONFIG
def tag(
    paths: tuple[str, ...],
    retry_failed: bool,
    accept_gone: bool,
    again: bool,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
    """Tag every new or changed photo in folders, and store the tags.

    Unchanged files are not read again. Ctrl-C ends a run; what is done stays stored.
    """
    from tagger.core.progress import Bar
    from tagger.jobs.new_run import new_run

    given |= {name: given[name] or None for name in ("include", "exclude")}
    settings = options.settings_from(config, **given)
    run_options = replace(
        settings.run_options(), retry_failed=retry_failed, accept_missing=accept_gone, redo_undone=again
    )
    asked_to_stop = options.interrupt_on_signals()
    with options.store_from(settings) as store:
        run = new_run(
            settings,
            store,
            paths,
            open_tagger=lambda: options.tagger_from(settings),
            progress=Bar(),
            options=run_options,
            job="tag",
            with_unchanged=as_json,
        )
        try:
            _print_results(run, settings.top_k, as_json, asked_to_stop)
        except KeyboardInterrupt:
            click.echo("Stopped. What is done is stored; the same command goes on from there.", err=True)
            sys.exit(STOPPED)
        if run.state.processed:
            store.optimize()
        click.echo(_sentence(run.state, store.file), err=True)
        if run.state.counts.failed:
            sys.exit(options.SOME_FAILED)


def _print_results(run: LibraryRun, k: int, as_json: bool, asked_to_stop: Sequence[int]) -> None:
    from tagger.core.progress import beside_the_bar
    from tagger.library.answers import json_line

    with beside_the_bar(), closing(run.results()) as results:
        for result in results:
            if as_json:
                sys.stdout.write(json_line(result, k) + "\n")
            if asked_to_stop:
                raise KeyboardInterrupt
    sys.stdout.flush()


def _sentence(state: RunState, database: str) -> str:
    counts = state.counts
    speed = f", {state.processed / state.seconds:.1f} photos/s" if state.processed else ""
    told = [
        f"{counts.tagged} tagged, {counts.none} without a known landmark, {counts.failed} failed "
        f"in {state.seconds:.1f} s{speed}.",
        f"{counts.unchanged} unchanged, {counts.inherited} known by their content, {counts.gone} gone.",
        f"Run {state.run_id} is stored in {database}",
    ]
    if counts.set_aside:
        told.append(f"{counts.set_aside} failed before and were left alone; to try them now: --retry-failed")
    if counts.failed:
        told.append("What failed and why: tagger query --failed")
    if counts.tagged:
        told.append("See the tags: tagger query")
    return "\n".join(told)

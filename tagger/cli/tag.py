"""`tagger tag`: a run over folders."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.parameters.folders import Folder, folders_of
from tagger.cli.process import interrupt_on_signals

if TYPE_CHECKING:
    from tagger.config.settings import Settings
    from tagger.core.run_options import RunOptions
    from tagger.library.report import RunState
    from tagger.library.runner import LibraryRun


@click.command()
@click.argument("paths", nargs=-1, type=Folder(), metavar="[FOLDER]...")
@context.K
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match; may be repeated.")
@click.option(
    "--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders that match; may be repeated."
)
@click.option("--retry-failed", is_flag=True, help="Also try failed files that are not due yet or are in quarantine.")
@click.option("--accept-gone", is_flag=True, help="Mark missing files as gone, however many, if no drive is unmounted.")
@click.option("--reread", is_flag=True, help="Read every file again, even if its size and times are unchanged.")
@click.option("--again", is_flag=True, help="Also tag photos whose suggestions 'tagger runs undo' undid.")
@context.DRY_RUN
@context.STRICT
@context.JSON
@context.DB
@context.model_options
@context.CONFIG
def tag(
    paths: tuple[str, ...],
    retry_failed: bool,
    accept_gone: bool,
    reread: bool,
    again: bool,
    dry_run: bool,
    as_json: bool,
    config: Path | None,
    **options: Any,
) -> None:
    """Tag every new or changed photo in the FOLDERs (by default the setting folders), and store the tags.

    Unchanged files are not read again. Ctrl-C ends the run; results so far are stored.
    """
    from dataclasses import replace

    from tagger.cli.process import ProgressBar
    from tagger.jobs.context import JobContext
    from tagger.jobs.tagging import new_run

    options |= {name: options[name] or None for name in ("include", "exclude")}
    settings = context.open_settings(config, **options)
    run_options = replace(
        settings.run_options(),
        retry_failed=retry_failed,
        accept_missing=accept_gone,
        reread=reread,
        redo_undone=again,
        skip_missing_roots=not paths,
    )
    folders = folders_of(settings, paths)
    if dry_run:
        _preview(settings, folders, run_options, as_json=as_json)
        return
    signals = interrupt_on_signals()
    with context.open_store(settings) as store:
        job_context = JobContext(settings, store, partial(context.open_model, settings), progress=ProgressBar())
        run = new_run(job_context, folders, job="tag", options=run_options, with_unchanged=as_json)
        try:
            _print_results(run, as_json, signals)
        except KeyboardInterrupt:
            context.exit_stopped()
        if run.state.processed:
            store.optimize()
    click.echo(_summary(run.state, store.name), err=True)
    if run.state.counts.failed:
        sys.exit(context.SOME_FAILED)


def _preview(settings: Settings, paths: Sequence[str], options: RunOptions, *, as_json: bool) -> None:
    from tagger.library.preview import preview_run
    from tagger.model.bundle import open_bundle

    with context.open_store_or_empty(settings) as store:
        preview = preview_run(store, open_bundle(settings.bundle, verify=False), paths, options)
        context.print_preview(preview, as_json=as_json)


def _print_results(run: LibraryRun, as_json: bool, signals: Sequence[int]) -> None:
    from tagger.cli.process import log_above_bar
    from tagger.library.json_line import json_line

    with log_above_bar(), closing(run.results()) as results:
        for result in results:
            if as_json:
                sys.stdout.write(json_line(result, run.options.k, run.options.min_score) + "\n")
            if signals:
                raise KeyboardInterrupt
    sys.stdout.flush()


def _summary(state: RunState, database: str) -> str:
    from tagger.core.text import counted
    from tagger.library.report import missing_text, passed_over_text

    counts = state.counts
    speed = f", {state.processed / state.seconds:.1f} photos/s" if state.processed else ""
    lines = [
        f"{counts.tagged} tagged, {counts.none} without a known landmark, {counts.failed} failed "
        f"in {state.seconds:.1f} s{speed}.",
        f"{counts.unchanged} unchanged, {counts.inherited} known by content, {missing_text(counts)}.",
        f"Run {state.run_id} is stored in {database}",
    ]
    if state.restored:
        files = counted(state.restored, "unchanged file")
        lines.append(f"This model's answers to {files} count again, instead of another model's.")
    if state.passed_over:
        lines.append(f"Passed over: {passed_over_text(state.passed_over)}")
    if counts.set_aside:
        lines.append(f"Failed before and left alone: {counts.set_aside}; to try them now: --retry-failed")
    if counts.failed:
        lines.append("What failed and why: tagger query --failed")
    if counts.tagged:
        lines.append("See the tags: tagger query")
    return "\n".join(lines)

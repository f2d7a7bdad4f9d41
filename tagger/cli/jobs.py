"""`tagger jobs`: what runs by itself, and one of them now."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tagger.cli import options
from tagger.cli.group import hand_down
from tagger.cli.table import print_json, print_lines

STOPPED = 130


@click.group(invoke_without_command=True)
@options.JSON
@options.DB
@options.CONFIG
@click.pass_context
def jobs(ctx: click.Context, as_json: bool, db_url: str | None, config: Path | None) -> None:
    """List the jobs: when each is due next, and how it ended last.

    They run at their times while 'tagger schedule' or 'tagger serve' does.
    """
    if ctx.invoked_subcommand:
        hand_down(ctx)
        return
    from db.engine import store_exists
    from tagger.jobs.registry import overview

    settings = options.settings_from(config, db_url=db_url)
    if store_exists(settings.db_url):
        with options.store_from(settings) as store:
            lines = overview(settings, store)
    else:
        lines = overview(settings, None)
    if as_json:
        print_json(lines)
    else:
        print_lines(lines, settings.zone())


@jobs.command("run")
@click.argument("name")
@options.DB
@options.model_options
@options.CONFIG
def run(name: str, config: Path | None, **given: Any) -> None:
    """Run one job now: nightly, retag, backup, prune, canary or digest."""
    from tagger.core.progress import Bar, beside_the_bar
    from tagger.jobs.context import JobContext
    from tagger.jobs.registry import known_job, run_job

    settings = options.settings_from(config, **given)
    known_job(name)  # before a database is made
    with options.store_from(settings) as store, beside_the_bar():
        work = JobContext(settings, store, lambda: options.tagger_from(settings), progress=Bar())
        options.stop_on_signals(work.stop)
        ended = run_job(name, work)
    if ended.status == "stopped" and work.stop.is_set():
        click.echo("Stopped. What is done is stored; the same command goes on from there.", err=True)
        sys.exit(STOPPED)
    click.echo(ended.message)
    if ended.status == "failed":
        sys.exit(1)
    if ended.failed_photos:
        sys.exit(options.SOME_FAILED)

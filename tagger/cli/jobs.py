"""`tagger jobs`: list the jobs, or run one now."""

from __future__ import annotations

import sys
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.group import pass_options_down
from tagger.cli.parameters import completion
from tagger.cli.process import stop_on_signals
from tagger.cli.table import print_json, print_lines

if TYPE_CHECKING:
    from tagger.jobs.registry import JobStatusRow


@click.group(invoke_without_command=True)
@context.JSON
@context.DB
@context.CONFIG
@click.pass_context
def jobs(ctx: click.Context, as_json: bool, db_url: str | None, config: Path | None) -> None:
    """List the jobs: when each is due next, and how it last ended.

    They run at their times under 'tagger schedule' or 'tagger serve'.
    """
    if ctx.invoked_subcommand:
        pass_options_down(ctx)
        return
    from db.engine import store_exists
    from tagger.jobs.registry import overview

    settings = context.open_settings(config, db_url=db_url)
    if store_exists(settings.db_url):
        with context.open_store(settings, for_reading=True) as store:
            rows = overview(settings, store)
    else:
        rows = overview(settings, None)
    if as_json:
        print_json(rows)
    else:
        print_lines(_line(row, settings.zone()) for row in rows)


@jobs.command("run")
@click.argument("name", shell_complete=completion.jobs)
@context.DRY_RUN
@context.DB
@context.STRICT
@context.model_options
@context.CONFIG
def run(name: str, dry_run: bool, config: Path | None, **options: Any) -> None:
    """Run one job now: nightly, retag, backup, prune, canary or digest."""
    from tagger.cli.process import ProgressBar, log_above_bar
    from tagger.core.text import printable_lines
    from tagger.jobs.context import JobContext
    from tagger.jobs.registry import PREVIEWED, check_name, preview_job, run_job

    settings = context.open_settings(config, **options)
    check_name(name)  # before a database is created
    if dry_run:
        if name not in PREVIEWED:
            raise click.UsageError(f"--dry-run works only with {', '.join(PREVIEWED)}.")
        with context.open_store_or_empty(settings) as store:
            context.print_preview(preview_job(name, settings, store))
        return
    with context.open_store(settings) as store, log_above_bar():
        job_context = JobContext(settings, store, lambda: context.open_model(settings), progress=ProgressBar())
        stop_on_signals(job_context.stop)
        result = run_job(name, job_context)
    if result.status == "stopped" and job_context.stop.is_set():
        context.exit_stopped()
    click.echo(printable_lines(result.message))
    if result.status == "failed":
        sys.exit(1)
    if result.failed_photos:
        sys.exit(context.SOME_FAILED)


def _line(row: JobStatusRow, zone: tzinfo | None) -> str:
    from tagger.config.cron import local

    due = f"next {local(row.next_at, zone)}" if row.next_at else "off"
    line = f"{row.job:<8}  {row.time:<12}  {due:<21}  "
    if row.last is None:
        return f"{line}never ran"
    first, *more = (row.last.message or "").splitlines() or [""]
    message = f"{': ' if first else ''}{first}{' …' if more else ''}"
    return f"{line}last {local(row.last.started_at, zone)} {row.last.status}{message}"

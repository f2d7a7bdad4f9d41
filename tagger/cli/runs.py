"""`tagger runs`: list the runs, show one, or undo it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli import context
from tagger.cli.group import pass_options_down
from tagger.cli.parameters.choices import ID, LIMIT
from tagger.cli.table import print_json, print_lines

if TYPE_CHECKING:
    from db.engine import Connection
    from db.rows import RunRow
    from tagger.library.report import RunReport

BOT = "telegram"  # the job of the bot's runs, which have no folders
RUN = click.argument("run_id", metavar="ID", type=ID)


@click.group(invoke_without_command=True)
@click.option("--limit", metavar="N", type=LIMIT, default=20, show_default=True, help="At most N, newest first.")
@context.JSON
@context.DB
@context.CONFIG
@click.pass_context
def runs(ctx: click.Context, limit: int, as_json: bool, db_url: str | None, config: Path | None) -> None:
    """List the runs: when, on what engine, how many photos, how they ended."""
    if ctx.invoked_subcommand:
        pass_options_down(ctx)
        return
    from db.read import catalog

    settings = context.open_settings(config, db_url=db_url)
    with context.open_store(settings, for_reading=True) as store, store.read() as connection:
        rows = catalog.runs(connection, limit=limit)
        left = _left(connection, rows)
    if as_json:
        print_json(rows)
    else:
        print_lines(_line(row, settings.zone(), left.get(row.id)) for row in rows)


@runs.command()
@RUN
@click.option("--html", type=click.Path(path_type=Path), help="Write a page with thumbnails to this file.")
@context.JSON
@context.DB
@context.CONFIG
def show(run_id: int, html: Path | None, as_json: bool, db_url: str | None, config: Path | None) -> None:
    """Show what one run did: counts, landmarks, where the time went, what failed and why."""
    from db.read import catalog
    from db.read.run_report import report_of
    from db.read.workers import workers_of
    from tagger.core.text import printable_lines
    from tagger.library.report import RunReport

    settings = context.open_settings(config, db_url=db_url)
    with context.open_store(settings, for_reading=True) as store:
        with store.read() as connection:
            row, stored = catalog.run(connection, run_id), report_of(connection, run_id)
            workers, left = workers_of(connection, run_id), _left(connection, [row])
        if html is not None:
            from tagger.image.decode import prepare_own_process
            from tagger.library.report_html import page

            prepare_own_process()
            if text := page(store, run_id, zone=settings.zone()):
                _write(html, text)
    if stored is None and not (workers and not as_json):
        raise click.ClickException(
            f"Run {run_id} ({row.status}) has no report: it died, is in progress, or is too old."
        )
    if as_json:
        print_json([stored])
        return
    print_lines([_line(row, settings.zone(), left.get(run_id))])
    for line in [*map(str, workers), *_report_lines(RunReport.from_json(stored or {}))]:
        click.echo(f"      {printable_lines(line)}")
    if html is not None:
        click.echo(f"The page was written to {html}", err=True)


@runs.command()
@RUN
@click.option("--yes", "is_confirmed", is_flag=True, help="Do not ask for confirmation.")
@context.DB
@context.CONFIG
def undo(run_id: int, is_confirmed: bool, db_url: str | None, config: Path | None) -> None:
    """Undo what one run suggested. Decisions stay; 'tagger tag --again' asks the model again."""
    from db.read import catalog
    from db.write.undo import count_undone, undo_run
    from tagger.core.text import counted
    from tagger.library.locks.run import run_lock

    settings = context.open_settings(config, db_url=db_url)
    with context.open_store(settings, must_exist=True) as store:
        # Under the run lock, a run that is stored as "running" is known to be dead.
        with run_lock(store), store.read() as connection:
            row, expected = catalog.run(connection, run_id), count_undone(connection, run_id)
        print_lines([_line(row, settings.zone())], err=True)
        if row.undone_at and not expected.suggestions:
            return
        if not is_confirmed:
            suggestions, photos = counted(expected.suggestions, "suggestion"), counted(expected.photos, "photo")
            _confirm(f"Undo its {suggestions} for {photos}? Decisions stay.")
        with run_lock(store), store.write() as connection:
            undone = undo_run(connection, run_id)
    click.echo(f"Undid {counted(undone.suggestions, 'suggestion')} for {counted(undone.photos, 'photo')}.", err=True)
    if undone.suggestions and row.start.job != BOT:
        click.echo(f"To get them back: tagger tag --again {_folders(row.start.roots)}", err=True)


def _confirm(question: str) -> None:
    try:
        is_confirmed = click.confirm(question, err=True)
    except click.Abort as error:
        raise click.ClickException("Nothing was undone. There is no terminal to ask on: confirm with --yes.") from error
    if not is_confirmed:
        raise click.ClickException("Nothing was undone.")


def _folders(roots: Sequence[str]) -> str:
    """The folders of a run as arguments of a command."""
    from shlex import join

    from tagger.core.text import MOST_PATHS

    return join(roots) if 0 < len(roots) <= MOST_PATHS else "FOLDER..."


def _left(connection: Connection, rows: Sequence[RunRow]) -> dict[int, str]:
    """What is left of the runs that workers share now, by run."""
    from db.read.workers import live_workers, queue
    from tagger.core.text import counted

    shared = {
        row.id: workers for row in rows if row.status == "running" and (workers := live_workers(connection, row.id))
    }
    if not shared:
        return {}
    left = queue(connection)
    rest = f"{counted(left.waiting, 'photo')} left, and {left.in_progress} in progress"
    return {run: f"{counted(workers, 'worker')}, {rest}" for run, workers in shared.items()}


def _line(row: RunRow, zone: tzinfo | None, left: str | None = None) -> str:
    from tagger.config.cron import local
    from tagger.core.text import first_of, printable
    from tagger.library.report import missing_text

    counts, start = row.counts, row.start
    seconds = f"{(row.finished_at - row.started_at).total_seconds():.1f} s" if row.finished_at else "not ended"
    done = (
        f"{counts.tagged} tagged, {counts.none} without a known landmark, {counts.failed} failed, "
        f"{counts.unchanged} unchanged, {counts.inherited} known by content, {missing_text(counts)}"
    )
    engine = f"{printable(row.model_name)} {printable(row.model_version)}"
    if start.engine != "none":  # it was needed
        engine += f" on {start.engine} ({start.precision})"
    line = f"{row.id:>4}  {local(row.started_at, zone)}  {row.status:<11}  {done}; {seconds}; {engine}; "
    undone = f"its suggestions were undone on {local(row.undone_at, zone)}" if row.undone_at else None
    return "\n      ".join(filter(None, (line + first_of(start.roots), left, row.error, undone)))


def _write(file: Path, page: str) -> None:
    from tagger.core.private import private

    try:
        with open(file, "w", encoding="utf-8", errors="surrogateescape", opener=private) as opened:
            opened.write(page)
    except OSError as error:
        raise click.ClickException(
            f"The page cannot be written to {file} ({error.strerror}). "
            "Name a file in a folder that exists and is writable: --html run.html"
        ) from error


def _report_lines(report: RunReport) -> Iterator[str]:
    from tagger.core.text import printable
    from tagger.library.report import passed_over_text

    yield from (f"! {alert}" for alert in report.alerts)
    if report.photos_per_s is not None:
        stages = ", ".join(f"{name} {spent:.1f} s" for name, spent in report.stages.items() if spent >= 0.05)
        yield f"{report.photos_per_s:.1f} photos/s on {report.engine['device']}: {report.engine['reason']}; {stages}"
    if report.landmarks:
        landmarks = (
            f"{printable(row['name'])} {row['photos']}{' (new)' if row['is_new'] else ''}" for row in report.landmarks
        )
        yield f"landmarks: {', '.join(landmarks)}"
    if report.passed_over:
        yield f"passed over: {passed_over_text(report.passed_over)}"
    if report.failures:
        yield "failed: " + ", ".join(f"{count} {kind}" for kind, count in report.failures.items())
        yield from (f"  {row['path']}: {row['message']} ({row['kind']})" for row in report.failed)
    yield from (f"in quarantine since this run: {path}" for path in report.quarantined)
    if report.voted:
        yield f"{report.voted} more were tagged by votes of the photos before and after them"
    if report.slowest:
        yield "slowest: " + ", ".join(f"{row['path']} {row['seconds']:.2f} s" for row in report.slowest[:3])

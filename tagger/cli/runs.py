"""`tagger runs`: what was done when, what one run did, and taking that back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli import options
from tagger.cli.group import hand_down
from tagger.cli.table import print_json, print_lines

if TYPE_CHECKING:
    from tagger.library.report import RunReport

ID = click.argument("run_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))


@click.group(invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most this many, newest first.")
@options.JSON
@options.DB
@options.CONFIG
@click.pass_context
def runs(ctx: click.Context, limit: int, as_json: bool, db_url: str | None, config: Path | None) -> None:
    """List the runs: when, on what engine, how many photos, how they ended."""
    if ctx.invoked_subcommand:
        hand_down(ctx)
        return
    from db.read import catalog

    settings = options.settings_from(config, db_url=db_url)
    with options.store_from(settings, must_exist=True) as store, store.read() as connection:
        rows = catalog.runs(connection, limit=limit)
    if as_json:
        print_json(rows)
    else:
        print_lines(rows, settings.zone())


@runs.command()
@ID
@click.option("--html", type=click.Path(path_type=Path), help="Write a page with thumbnails to this file.")
@options.JSON
@options.DB
@options.CONFIG
def show(run_id: int, html: Path | None, as_json: bool, db_url: str | None, config: Path | None) -> None:
    """Show what one run did: counts, landmarks, where the time went, what failed and why."""
    from db.read import catalog
    from db.read.run_report import report_of
    from tagger.library.report import RunReport

    settings = options.settings_from(config, db_url=db_url)
    with options.store_from(settings, must_exist=True) as store:
        with store.read() as connection:
            row, stored = catalog.run(connection, run_id), report_of(connection, run_id)
        if html is not None:
            from tagger.library.report_html import page

            if text := page(store, run_id, zone=settings.zone()):
                _write(html, text)
    if stored is None:
        raise click.ClickException(f"Run {run_id} ({row.status}) left no report: it died, is at work, or is older.")
    if as_json:
        click.echo(json.dumps(stored))
        return
    print_lines([row], settings.zone())
    for line in _told(RunReport.from_json(stored)):
        click.echo(f"      {line}")
    if html is not None:
        click.echo(f"The page is in {html}", err=True)


@runs.command()
@ID
@options.DB
@options.CONFIG
def undo(run_id: int, db_url: str | None, config: Path | None) -> None:
    """Take back what one run suggested. What people decided stays; 'tagger tag --again' asks the model anew."""
    from db.write.undo import undo_run
    from tagger.library.lock import run_lock

    settings = options.settings_from(config, db_url=db_url)
    # Alone, since a run that died without a word is only then known to be none at work.
    with options.store_from(settings, must_exist=True) as store, run_lock(store), store.write() as connection:
        undone = undo_run(connection, run_id)
    click.echo(f"{undone.suggestions} suggestions of {undone.photos} photos were taken back.", err=True)


def _write(file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise click.ClickException(
            f"The page cannot be written to {file} ({error.strerror}). "
            "Name a file in a folder that is there and that you may write to: --html run.html"
        ) from error


def _told(report: RunReport) -> Iterator[str]:
    yield from (f"! {alert}" for alert in report.alerts)
    if report.photos_per_s is not None:
        stages = ", ".join(f"{name} {spent:.1f} s" for name, spent in report.stages.items() if spent >= 0.05)
        yield f"{report.photos_per_s:.1f} photos/s on {report.engine['device']}: {report.engine['reason']}; {stages}"
    if report.landmarks:
        found = (f"{each['name']} {each['photos']}{' (new)' if each['is_new'] else ''}" for each in report.landmarks)
        yield f"landmarks: {', '.join(found)}"
    if report.failures:
        yield "failed: " + ", ".join(f"{count} {kind}" for kind, count in report.failures.items())
        yield from (f"  {each['path']}: {each['message']} ({each['kind']})" for each in report.failed)
    yield from (f"in quarantine since then: {path}" for path in report.quarantined)
    if report.voted:
        yield f"{report.voted} more are tagged as the photos before and after"
    if report.slowest:
        yield "slowest: " + ", ".join(f"{each['path']} {each['seconds']:.2f} s" for each in report.slowest[:3])

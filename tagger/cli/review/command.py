"""`tagger review`: decide about the model's tags, one key a photo."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.decisions.decide import WHO
from tagger.cli.parameters.filters import resolve, tag_filters, with_moments

if TYPE_CHECKING:
    from db.engine import Store
    from tagger.config.settings import Settings
    from tagger.review.session import ReviewSession

PATH_STARTS = ("/", "./", "../", "~")  # of an argument that is a folder, even if it is not there


@click.command()
@tag_filters
@click.option("--unsure", is_flag=True, help="Only photos whose best suggestion is less than 0.5 ahead of the second.")
@click.option("--open", "opens_each", is_flag=True, help="Open each photo in the system's viewer.")
@WHO
@context.DB
@context.CONFIG
def review(
    unsure: bool, opens_each: bool, who: str | None, db_url: str | None, config: Path | None, **filters: Any
) -> None:
    """Decide about the tags that nobody has decided about, with one key a photo; those that teach most come first.

    QUERY is a query (see docs/QUERY.md) or landmarks, and may begin with folders. Each decision is stored at once.
    """
    from tagger.cli.process import interrupt_on_signals
    from tagger.cli.review import screen
    from tagger.library.decisions.decide import login_name

    if not _has_terminal():
        raise click.ClickException("A review needs a terminal. In a script, use 'tagger decide'.")
    settings, person = context.open_settings(config, db_url=db_url), who or login_name()
    with context.open_store(settings, must_exist=True) as store:
        session = _session(store, settings, filters, unsure=unsure, who=person)
        if not session.total:
            click.echo("There is nothing to review.", err=True)
            return
        interrupt_on_signals()
        is_stopped = False
        try:
            _run(session, settings, opens_each=opens_each)
        except KeyboardInterrupt:
            is_stopped = True
        for line in screen.summary(session):
            click.echo(line, err=True)
        if is_stopped:
            context.exit_stopped()


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _session(store: Store, settings: Settings, filters: dict[str, Any], *, unsure: bool, who: str) -> ReviewSession:
    from dataclasses import replace

    from db.read.filters import TagFilter
    from tagger.review.queue import in_folders, review_order
    from tagger.review.session import ReviewSession

    if not store.is_writable():
        raise click.ClickException(f"The database {store.name} is not writable, so no decision can be stored.")
    arguments = filters["landmarks"]
    folders = [argument for argument in arguments if argument.startswith(PATH_STARTS) or os.path.isdir(argument)]
    others = tuple(argument for argument in arguments if argument not in folders)
    with store.read() as connection:
        chosen = TagFilter(**resolve(connection, with_moments(filters | {"landmarks": others}, settings.zone())))
        chosen = replace(chosen, query=in_folders(connection, folders, chosen.query))
        order = review_order(connection, chosen, unsure=unsure, who=who)
    return ReviewSession(store, order, who=who, max_bytes=settings.max_file_bytes)


@contextmanager
def _stderr_kept() -> Iterator[None]:
    """Print the log, and what codecs say, only once the terminal is back."""
    from tempfile import TemporaryFile

    with TemporaryFile() as kept:
        stderr = os.dup(sys.stderr.fileno())
        os.dup2(kept.fileno(), sys.stderr.fileno())
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, sys.stderr.fileno())
            os.close(stderr)
            kept.seek(0)
            os.write(sys.stderr.fileno(), kept.read())


def _run(session: ReviewSession, settings: Settings, *, opens_each: bool) -> None:
    """Show photos until the last, until the person quits, or until the terminal is gone."""
    from contextlib import suppress

    from tagger.cli.review.app import ReviewApp
    from tagger.cli.review.previews import Previews
    from tagger.cli.review.terminal import Terminal
    from tagger.cli.review.viewer import Viewer

    terminal = Terminal(sys.stdin.fileno(), sys.stdout.fileno(), sys.stdout.encoding)
    previews = Previews(settings.limits(), timeout_s=settings.photo_timeout_s, on_ready=terminal.wake)
    with _stderr_kept(), suppress(EOFError), terminal, previews:
        ReviewApp(session, terminal, previews, Viewer(), opens_each=opens_each).run()

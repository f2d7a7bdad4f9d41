"""`tagger serve`: everything that runs by itself in one process, with one model and one database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import options
from tagger.cli.bot import answer, need_bot, prepared
from tagger.cli.schedule import need_schedule, running

if TYPE_CHECKING:
    from tagger.jobs.context import JobContext

log = logging.getLogger(__name__)


@click.command()
@options.DB
@options.model_options
@options.CONFIG
def serve(config: Path | None, **given: Any) -> None:
    """Run the jobs at their times, tag new photos in the folders, and answer on Telegram if the bot has a token.

    What is in the folders when it starts is left to the night. Ctrl-C or SIGTERM finish what is in work, and end.
    """
    need_schedule()
    from tagger.jobs.context import JobContext

    settings = options.settings_from(config, **given)
    token = None
    if settings.bot_token is not None or settings.bot_token_file is not None:
        need_bot()
        token = prepared(settings)
    with options.store_from(settings) as store:
        work = JobContext(settings, store, options.shared_tagger(settings))
        options.stop_on_signals(work.stop)
        with running(work), watching(work):
            if token is not None:
                with _beside_the_jobs(work, "bot", "The jobs go on without the bot"):
                    answer(settings, token, store, work.open_tagger(), work.stop)
            work.stop.wait()


@contextmanager
def watching(work: JobContext) -> Iterator[None]:
    """New photos in the folders are tagged while the context lasts, where folders can be watched."""
    folders = [str(folder) for folder in work.settings.folders]
    if not folders or find_spec("watchdog") is None:
        log.info("No folders are watched: new photos wait for the night")
        yield
        return
    thread = threading.Thread(target=_watch, args=(work, folders), name="watch")
    thread.start()
    try:
        yield
    finally:
        work.stop.set()
        thread.join()


def _watch(work: JobContext, folders: list[str]) -> None:
    from tagger.jobs.watch import watch

    with _beside_the_jobs(work, "watch", "Until then new photos wait for the night"):
        watch(work, folders, looks_first=False, skip_missing=True)


@contextmanager
def _beside_the_jobs(work: JobContext, part: str, without_it: str) -> Iterator[None]:
    """Whatever ends a part of the process ends nothing else; /health tells it from then on."""
    from tagger.core.errors import TaggerError

    try:
        yield
    except TaggerError as error:
        work.troubles[part] = str(error)
        log.error("%s. %s", str(error).removesuffix("."), without_it)
    except Exception as error:
        work.troubles[part] = str(error) or type(error).__name__
        log.exception("The %s ended. %s", part, without_it)

"""`tagger watch`: new photos, soon after they are complete."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tagger.cli import options


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@options.DB
@options.model_options
@options.CONFIG
def watch(folders: tuple[str, ...], config: Path | None, **given: Any) -> None:
    """Tag what is in folders, then each new photo soon after it is complete, until Ctrl-C or SIGTERM."""
    need_watch()
    from tagger.jobs.context import JobContext
    from tagger.jobs.watch import watch as watch_folders

    settings = options.settings_from(config, **given)
    with options.store_from(settings) as store:
        work = JobContext(settings, store, options.shared_tagger(settings))
        options.stop_on_signals(work.stop)
        watch_folders(work, folders)


def need_watch() -> None:
    """Raises:
    MissingExtra: what the watch is built on is not installed.
    """
    from tagger.core.errors import MissingExtra

    if find_spec("watchdog") is None:
        raise MissingExtra("Watching folders", "watch")

"""`tagger watch`: new photos, soon after they are complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tagger.cli import context
from tagger.cli.parameters.folders import Folder, folders_of
from tagger.cli.process import stop_on_signals


@click.command()
@click.argument("folders", nargs=-1, type=Folder(), metavar="[FOLDER]...")
@context.DB
@context.STRICT
@context.model_options
@context.CONFIG
def watch(folders: tuple[str, ...], config: Path | None, **options: Any) -> None:
    """Tag the photos in folders, then each new photo soon after it is complete, until Ctrl-C or SIGTERM.

    Without a FOLDER it watches those of the setting folders. It follows moved and deleted files too.
    """
    from tagger.core.errors import require_extra

    require_extra("Watching folders", "watch", "watchdog")
    from tagger.jobs.context import JobContext
    from tagger.jobs.watch import watch as watch_folders

    settings = context.open_settings(config, **options)
    with context.open_store(settings) as store:
        job_context = JobContext(settings, store, context.shared_model(settings))
        stop_on_signals(job_context.stop)
        watch_folders(job_context, folders_of(settings, folders), skip_missing=not folders)

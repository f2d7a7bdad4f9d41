"""`tagger schedule`: the jobs of the settings, at their times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tagger.cli import context
from tagger.cli.process import stop_on_signals


@click.command()
@context.DB
@context.STRICT
@context.model_options
@context.CONFIG
def schedule(config: Path | None, **options: Any) -> None:
    """Run the jobs at the times in the settings, until Ctrl-C or SIGTERM.

    A job in progress then stops soon, and its next start continues from there.
    """
    from tagger.jobs.context import JobContext
    from tagger.jobs.daemon import daemon, require_schedule

    require_schedule()
    settings = context.open_settings(config, **options)
    with context.open_store(settings) as store:
        # The model is loaded for each job, so that it takes no memory by day.
        job_context = JobContext(settings, store, lambda: context.open_model(settings, in_log=True))
        stop_on_signals(job_context.stop)
        with daemon(job_context):
            job_context.stop.wait()

"""`tagger serve`: the jobs, the watched folders, the bot and the gallery in one process, with one model."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.bot import hidden_token, locked_for_bot, require_bot, run_bot
from tagger.cli.gallery.web import gallery_thread, require_web
from tagger.cli.process import stop_on_signals

if TYPE_CHECKING:
    from tagger.jobs.context import JobContext


@click.command()
@context.DB
@context.STRICT
@context.model_options
@context.CONFIG
def serve(config: Path | None, **options: Any) -> None:
    """Run the jobs at their times, tag new photos in the folders, answer on Telegram if the bot has a token, and serve
    the gallery if the setting `web` is on.

    Photos that are already in the folders when it starts wait for the nightly job. Ctrl-C or SIGTERM ends the process
    once the work in progress is done.
    """
    from tagger.jobs.context import JobContext
    from tagger.jobs.daemon import daemon, require_schedule, supervised

    require_schedule()
    settings = context.open_settings(config, **options)
    if settings.web:
        require_web()
    token = None
    if settings.bot_token is not None or settings.bot_token_file is not None:
        require_bot()
        token = hidden_token(settings)
    with context.open_store(settings) as store, ExitStack() as stack:
        job_context = JobContext(settings, store, context.shared_model(settings))
        if token is not None:
            stack.enter_context(locked_for_bot(settings, token, store, job_context.stop))
        stop_on_signals(job_context.stop)
        with daemon(job_context, watch=True):
            if token is not None or settings.web:
                part = "gallery" if token is None else "bot"
                with supervised(job_context, part, f"The jobs go on without the {part}"):
                    _answer(job_context, token)
            job_context.stop.wait()


def _answer(job_context: JobContext, token: str | None) -> None:
    """Run the bot and the gallery, as far as they are set up, with one thread for the model."""
    from tagger.jobs.daemon import supervised

    settings, stop = job_context.settings, job_context.stop
    with (
        context.model_thread(settings, job_context.open_tagger()) as model,
        gallery_thread(job_context, model) if settings.web else nullcontext(),
    ):
        if token is not None:
            with supervised(job_context, "bot", "The jobs go on without the bot"):
                run_bot(settings, token, job_context.store, model, stop)
        if settings.web:
            stop.wait()

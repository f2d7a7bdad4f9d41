"""`tagger web`: the gallery in the browser."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.gallery.logins import password, token
from tagger.cli.process import stop_on_signals

if TYPE_CHECKING:
    from tagger.config.settings import Settings
    from tagger.jobs.context import JobContext
    from tagger.model.predictor import Tagger
    from tagger.serving.model_thread import ModelThread
    from tagger.serving.thumbnails import Thumbnails


@click.group(invoke_without_command=True)
@click.option("--listen", "web_listen", metavar="HOST:PORT", help="Address, by default 127.0.0.1:8470.")
@click.option("--no-browser", "is_quiet", is_flag=True, help="Do not open a browser.")
@context.DB
@context.STRICT
@context.model_options
@context.CONFIG
@click.pass_context
def web(ctx: click.Context, /, is_quiet: bool, config: Path | None, **options: Any) -> None:
    """Look at the library in a browser, decide, and answer programs over HTTP.

    An address that other machines reach needs a password or a token. Ctrl-C or SIGTERM ends it.
    """
    require_web()
    settings = context.open_settings(config, **options)
    ctx.obj = settings
    if ctx.invoked_subcommand is not None:
        return
    stop = threading.Event()
    stop_on_signals(stop)
    with context.open_store(settings) as store:
        from tagger.web.server import serve

        tagger = context.open_model(settings, in_log=True)
        with context.model_thread(settings, tagger) as model, thumbnails_of(settings, tagger) as thumbnails:
            serve(
                settings,
                store,
                model,
                thumbnails,
                stop,
                on_ready=None if is_quiet or not sys.stderr.isatty() else click.launch,
            )


def require_web() -> None:
    """Raise MissingExtra if a package that the gallery needs is not installed."""
    from tagger.core.errors import require_extra

    packages = ("babel", "fastapi", "itsdangerous", "prometheus_client", "python_multipart", "uvicorn")
    require_extra("The gallery", "web", *packages)


@contextmanager
def gallery_thread(job_context: JobContext, model: ModelThread) -> Iterator[None]:
    """Serve the gallery in a thread beside the jobs and the bot, until the block ends."""
    from tagger.jobs.daemon import supervised
    from tagger.web.server import serve

    def run() -> None:
        with (
            supervised(job_context, "gallery", "The jobs go on without the gallery"),
            thumbnails_of(job_context.settings, model.tagger) as thumbnails,
        ):
            serve(job_context.settings, job_context.store, model, thumbnails, job_context.stop)

    thread = threading.Thread(target=run, name="gallery")
    thread.start()
    try:
        yield
    finally:
        job_context.stop.set()
        thread.join()


@contextmanager
def thumbnails_of(settings: Settings, tagger: Tagger) -> Iterator[Thumbnails]:
    """Copies of the library's photos, with decoders of their own, so that uploads do not delay them."""
    from tagger.image.decoder_pool import DecoderPool
    from tagger.serving.thumbnails import Thumbnails

    limits = tagger.limits
    with (
        DecoderPool(tagger.bundle.card.input, limits, timeout_s=settings.photo_timeout_s) as decoders,
        Thumbnails(settings.web_cache, settings.web_cache_bytes, decoders, threads=limits.threads) as thumbnails,
    ):
        yield thumbnails


web.add_command(password)
web.add_command(token)

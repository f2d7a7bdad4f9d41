"""`tagger web`: the gallery in the browser."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
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

        with model_thread(settings, context.open_model(settings, in_log=True)) as model:
            serve(settings, store, model, stop, on_ready=None if is_quiet or not sys.stderr.isatty() else click.launch)


def require_web() -> None:
    """Raise MissingExtra if a package that the gallery needs is not installed."""
    from tagger.core.errors import require_extra

    packages = ("babel", "fastapi", "itsdangerous", "prometheus_client", "python_multipart", "uvicorn")
    require_extra("The gallery", "web", *packages)


@contextmanager
def gallery_thread(job_context: JobContext) -> Iterator[None]:
    """Serve the gallery in a thread beside the jobs, until the block ends."""
    from tagger.jobs.daemon import supervised
    from tagger.web.server import serve

    def run() -> None:
        with (
            supervised(job_context, "gallery", "The jobs go on without the gallery"),
            model_thread(job_context.settings, job_context.open_tagger()) as model,
        ):
            serve(job_context.settings, job_context.store, model, job_context.stop)

    thread = threading.Thread(target=run, name="gallery")
    thread.start()
    try:
        yield
    finally:
        job_context.stop.set()
        thread.join()


@contextmanager
def model_thread(settings: Settings, tagger: Tagger) -> Iterator[ModelThread]:
    """The model behind a queue, with decoders for photos of strangers."""
    from tagger.image.decoder_pool import DecoderPool
    from tagger.image.limits import STRANGERS_MAX_PIXELS
    from tagger.serving.model_thread import ModelThread

    limits = replace(tagger.limits, max_pixels=min(tagger.limits.max_pixels, STRANGERS_MAX_PIXELS))
    with (
        DecoderPool(tagger.bundle.card.input, limits, timeout_s=settings.photo_timeout_s) as decoders,
        ModelThread(tagger, decoders, k=settings.top_k, min_score=settings.min_score) as model,
    ):
        yield model


web.add_command(password)
web.add_command(token)

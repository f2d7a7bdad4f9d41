"""Shared options of commands, and how they open the settings, the store and the model."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from tagger.cli.parameters.choices import ENGINE, PRECISION, STRICT_SCORE, TOP_K, device, devices

if TYPE_CHECKING:
    from db.engine import Store
    from tagger.config.settings import Settings
    from tagger.library.preview import Preview
    from tagger.model.predictor import Tagger
    from tagger.serving.model_thread import ModelThread

log = logging.getLogger(__name__)

SOME_FAILED = 3  # exit code of a command that is done, but failed on some photos
STOPPED = 130  # exit code of an interrupted command

Function = TypeVar("Function", bound=Callable[..., Any])

CONFIG = click.option(
    "--config", type=click.Path(path_type=Path), help="Settings file (TOML); by default TAGGER_CONFIG or your own."
)
DB = click.option(
    "--db", "db_url", metavar="URL", help="Database: a file's path, sqlite:///… or postgresql://…; also TAGGER_DB_URL."
)
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
K = click.option("-k", "top_k", metavar="N", type=TOP_K, help="Suggestions for each photo (default 5).")
STRICT = click.option(
    "--strict",
    "min_score",
    is_flag=True,
    flag_value=STRICT_SCORE,
    default=None,
    type=float,
    help=f"Tag only at a score of at least {STRICT_SCORE}; for other values use the setting min_score.",
)
BUNDLE = click.option(
    "--bundle", type=click.Path(path_type=Path), help="Model folder to use instead of the shipped one."
)
MODEL = (
    BUNDLE,
    click.option("--engine", type=ENGINE, help="Runtime."),
    click.option("--device", callback=device, shell_complete=devices, help="auto, cpu, cuda or cuda:N."),
    click.option("--precision", type=PRECISION, help="Number format."),
)


def model_options(function: Function) -> Function:
    """Give a command --bundle, --engine, --device and --precision."""
    for option in reversed(MODEL):
        function = option(function)
    return function


def exit_stopped() -> NoReturn:
    """End an interrupted command."""
    click.echo("Stopped. What is done is stored; run the same command again to continue.", err=True)
    sys.exit(STOPPED)


def open_settings(config: Path | None, **options: Any) -> Settings:
    """Load the settings with a command's options, and set up the log."""
    from tagger.cli.process import set_up_log
    from tagger.config.settings import load_settings

    settings = load_settings(options, config)
    set_up_log(settings.log_level, settings.log_format)
    return settings


def open_model(settings: Settings, *, in_log: bool = False) -> Tagger:
    """Load the model, and print to stderr which engine runs it and why.

    Args:
        settings: name the model and the engine.
        in_log: log it instead, for commands that run until they are stopped.
    """
    from tagger.model.predictor import load

    model = load(
        settings.bundle,
        engine=settings.engine,
        device=settings.device,
        precision=settings.precision,
        limits=settings.limits(),
    )
    if in_log:
        log.info("Engine: %s", model.engine.info)
    else:
        click.echo(f"Engine: {model.engine.info}", err=True)
    return model


def shared_model(settings: Settings) -> Callable[[], Tagger]:
    """A function that loads the model once, when it is first called, for all threads."""
    lock, loaded = threading.Lock(), list["Tagger"]()

    def open_tagger() -> Tagger:
        with lock:
            if not loaded:
                loaded.append(open_model(settings, in_log=True))
            return loaded[0]

    return open_tagger


@contextmanager
def model_thread(settings: Settings, tagger: Tagger) -> Iterator[ModelThread]:
    """The thread in which the bot and the gallery have photos of strangers tagged."""
    from tagger.image.decoder_pool import DecoderPool
    from tagger.image.limits import STRANGERS_MAX_PIXELS
    from tagger.serving.model_thread import ModelThread, decoder_count

    max_pixels = min(tagger.limits.max_pixels, STRANGERS_MAX_PIXELS)
    limits = replace(tagger.limits, max_pixels=max_pixels, threads=decoder_count(tagger.limits))
    with (
        DecoderPool(tagger.bundle.card.input, limits, timeout_s=settings.photo_timeout_s) as decoders,
        ModelThread(
            tagger, decoders, k=settings.top_k, min_score=settings.min_score, gather_ms=settings.bot_gather_ms
        ) as model,
    ):
        yield model


@contextmanager
def open_store_or_empty(settings: Settings) -> Iterator[Store]:
    """The tag store, or an empty one elsewhere if there is none yet; for commands that change nothing."""
    from tempfile import TemporaryDirectory

    from db import engine

    if engine.store_exists(settings.db_url):
        with open_store(settings, for_reading=True) as store:
            yield store
        return
    with TemporaryDirectory() as folder, engine.open_store(f"{folder}/empty.sqlite") as store:
        yield store


def print_preview(preview: Preview, *, as_json: bool = False) -> None:
    """Print what would be done: the files to stdout, the rest to stderr."""
    from tagger.cli.table import print_json
    from tagger.core.text import printable

    if as_json:
        print_json(preview.changes)
    else:
        for change in preview.changes:
            click.echo(f"{change.change:<8}  {printable(change.path)}")
    for warning in preview.warnings:
        click.echo(warning, err=True)
    click.echo(f"{preview.summary} Nothing was changed.", err=True)


def open_store(settings: Settings, *, must_exist: bool = False, for_reading: bool = False) -> Store:
    """Open the tag store.

    Args:
        settings: name the database.
        must_exist: a missing database is an error.
        for_reading: a database that is not writable will do; a missing one is an error.
    """
    from db.engine import open_store, store_exists
    from db.location import store_name

    if (must_exist or for_reading) and not store_exists(settings.db_url):
        name = store_name(settings.db_url)
        raise click.ClickException(f"There is no database at {name} yet. Create one first: tagger tag FOLDER")
    return open_store(settings.db_url, backup_folder=settings.jobs.backup_folder, for_reading=for_reading)

"""Options that several commands share, and what they become."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from db.engine import Store
    from tagger.config.settings import Settings
    from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

HANG_UP = signal.SIGHUP  # listened to once: a shell that ends sends it, and then its terminal does
SOME_FAILED = 3  # exit code of a command that is done, but not with every photo

Function = TypeVar("Function", bound=Callable[..., Any])

CONFIG = click.option(
    "--config", type=click.Path(path_type=Path), help="Settings file (TOML); else TAGGER_CONFIG, else the user's own."
)
DB = click.option(
    "--db", "db_url", metavar="URL", help="Database, as sqlite:///… or a file's path; also TAGGER_DB_URL."
)
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
MODEL = (
    click.option("--bundle", type=click.Path(path_type=Path), help="Model folder instead of the shipped one."),
    click.option("--engine", help="auto, openvino or torch."),
    click.option("--device", help="auto, cpu, cuda or cuda:N."),
    click.option("--precision", help="auto, float32, bfloat16 or float16."),
)


def model_options(function: Function) -> Function:
    """--bundle, --engine, --device and --precision."""
    for option in reversed(MODEL):
        function = option(function)
    return function


def settings_from(config: Path | None, **options: Any) -> Settings:
    """The settings of this start, with its options on top; the log is set up by them."""
    from tagger.config.settings import load_settings
    from tagger.core.log import set_up

    settings = load_settings(options, config)
    set_up(settings.log_level, settings.log_format)
    return settings


def tagger_from(settings: Settings, *, in_log: bool = False) -> Tagger:
    """The model on its engine; says on stderr which engine that is and why.

    Args:
        in_log: says it as a line of the log, for commands that run on and on.
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


def interrupt_on_signals() -> list[int]:
    """SIGTERM, and SIGHUP of a terminal that was closed, end a command like Ctrl-C, by KeyboardInterrupt.

    Returns:
        The signals that came. Python drops an exception that is raised in a destructor or a callback, so whoever works
        on in spite of the interrupt looks here.
    """
    came: list[int] = []

    def handle(number: int, _frame: object) -> None:
        came.append(number)
        if number == HANG_UP:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in _ends():
        signal.signal(number, handle)
    return came


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM, Ctrl-C and SIGHUP ask for an end in order; Ctrl-C or SIGTERM once more end the process as it stands."""

    def handle(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_IGN if number == HANG_UP else signal.SIG_DFL)
        with suppress(RuntimeError):  # it came while a line was being written
            log.info("Stopping, what is at work ends first; once more to end now")

    for number in _ends():
        signal.signal(number, handle)


def _ends() -> list[int]:
    """The signals that ask for an end; SIGHUP is none where the command was started to outlive its terminal."""
    is_kept = signal.getsignal(HANG_UP) == signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT, *([] if is_kept else [HANG_UP])]


def shared_tagger(settings: Settings) -> Callable[[], Tagger]:
    """The model for several threads: opened when the first needs it, once, and kept."""
    lock, opened = threading.Lock(), list["Tagger"]()

    def open_tagger() -> Tagger:
        with lock:
            if not opened:
                opened.append(tagger_from(settings, in_log=True))
            return opened[0]

    return open_tagger


def store_from(settings: Settings, *, must_exist: bool = False) -> Store:
    """The tag store.

    Args:
        must_exist: for commands that only look; a missing database is then an error, not a new empty file.
    """
    from db.engine import open_store, store_exists, store_file

    if must_exist and not store_exists(settings.db_url):
        file = store_file(settings.db_url)
        raise click.ClickException(f"There is no database at {file} yet. Fill one first: tagger tag FOLDER")
    return open_store(settings.db_url)

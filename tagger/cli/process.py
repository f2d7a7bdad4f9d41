"""A command as a process: log, progress bar, its end in one sentence, and the effect of Ctrl-C, SIGTERM and SIGHUP.

Data goes to stdout, the log and the bar to stderr.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING, NoReturn

import click

from tagger.core.streams import PIPE_CLOSED, drop_output
from tagger.core.text import printable, printable_lines

if TYPE_CHECKING:
    from tqdm import tqdm

    from tagger.core.types import Result

log = logging.getLogger(__name__)

FORMAT = "%(levelname)s %(message)s"
HANG_UP = signal.SIGHUP  # handled once: both an ending shell and its terminal send it


class TextLines(logging.Formatter):
    """Formats a record as one line of text, and its traceback; no control character in a file's name has an effect."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name in logging
        return printable(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))


class JsonLines(logging.Formatter):
    """Formats a record as a JSON object: time (UTC), level, logger, message, and error with a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        import json  # would slow down every start

        return json.dumps(line)


def set_up_log(level: str, log_format: str) -> None:
    """Send the log of this process to stderr.

    Args:
        level: debug, info, warning or error.
        log_format: text, or json for one object per line.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines(FORMAT))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("PIL", "alembic", "apscheduler", "matplotlib", "uvicorn", "watchdog"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # watchdog may find a new folder twice, by an event and by its own walk; that does no harm.
    warnings.filterwarnings("ignore", "Callback with id .* already exists", RuntimeWarning)


class ProgressBar:
    """A `tagger.core.progress.Progress` with photos/s and the answers so far; only on a terminal."""

    def __init__(self) -> None:
        self._statuses: Counter[str] = Counter()
        self._bar: tqdm[NoReturn] | None = None

    def start(self, photos: int) -> None:
        if not sys.stderr.isatty():
            return
        from tqdm import tqdm

        self._bar = tqdm(total=photos, unit=" photos", file=sys.stderr, smoothing=0.05)

    def advance(self, result: Result) -> None:
        self._statuses[result.answer.status] += 1
        if self._bar is not None:
            counts = {status: self._statuses[status] for status in ("tagged", "none", "failed")}
            self._bar.set_postfix(counts, refresh=False)
            self._bar.update()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def log_above_bar() -> AbstractContextManager[None]:
    """Print log lines above the bar instead of through it, while this is open."""
    if not sys.stderr.isatty():
        return nullcontext()
    from tqdm.contrib.logging import logging_redirect_tqdm

    return logging_redirect_tqdm()


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn any error of a command into a sentence and exit code 1, and a closed pipe into its own exit code."""
    try:
        yield
        sys.stdout.flush()
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except BrokenPipeError as error:
        drop_output()
        raise click.exceptions.Exit(PIPE_CLOSED) from error
    except Exception as error:
        from tagger.core.problems import describe

        log.debug("The command failed", exc_info=True)
        drop_output()
        raise click.ClickException(describe(error)) from error


def interrupt_on_signals() -> list[int]:
    """End the command by KeyboardInterrupt, as Ctrl-C does, on SIGTERM and on SIGHUP of a closed terminal.

    Returns:
        The received signals. Python drops exceptions in destructors and callbacks, so code that continues despite an
        interrupt checks this list.
    """
    received: list[int] = []

    def handle(number: int, _frame: object) -> None:
        received.append(number)
        if number == HANG_UP:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in _signals():
        signal.signal(number, handle)
    return received


def stop_on_signals(stop: threading.Event) -> None:
    """Set an event on SIGTERM, Ctrl-C and SIGHUP; a second Ctrl-C or SIGTERM ends it immediately.

    A handler interrupts the main thread anywhere, even inside `stop.wait`, which briefly holds the event's lock. So
    it takes no lock itself: a thread sets the event.
    """
    signals: SimpleQueue[int] = SimpleQueue()  # put never waits for a get that it interrupts

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN if number == HANG_UP else signal.SIG_DFL)
        signals.put(number)

    def listen() -> None:
        while signals.get():
            log.info("Finishing the work in progress; interrupt again to stop immediately")
            stop.set()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    for number in _signals():
        signal.signal(number, handle)


def _signals() -> list[int]:
    """The signals that end a command; not SIGHUP under nohup."""
    is_ignored = signal.getsignal(HANG_UP) == signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT, *([] if is_ignored else [HANG_UP])]

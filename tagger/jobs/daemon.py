"""Jobs and watched folders in one process: the supervisor behind `tagger schedule` and `tagger serve`.

    model = tagger.load()
    with open_store(settings.db_url) as store:
        context = JobContext(settings, store, open_tagger=lambda: model)
        with daemon(context, watch=True):
            context.stop.wait()

The one rule: the end of one part of the process does not end the others. `/health` reports it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tagger.config.settings import Settings
from tagger.core.errors import ConfigError, TaggerError, require_extra
from tagger.core.problems import shortage
from tagger.jobs.context import JobContext
from tagger.jobs.registry import run_job, times_of

if TYPE_CHECKING:
    from tagger.ops.health import Health

log = logging.getLogger(__name__)


@contextmanager
def daemon(context: JobContext, *, watch: bool = False) -> Iterator[None]:
    """Run the jobs at their times, and answer `/metrics` and `/health`, while the block runs.

    The end of the block sets `context.stop` and waits for the job in progress.

    Args:
        context: its `open_tagger` is called from several threads.
        watch: also tag new photos in the folders of the settings.

    Raises:
        MissingExtra: the extra `schedule` is not installed.
        ConfigError: the settings leave nothing to do, or the address for metrics is taken.
    """
    with _scheduled(context), _watched(context) if watch else nullcontext():
        yield


def require_schedule() -> None:
    """Raise MissingExtra if a package that the schedule needs is not installed."""
    require_extra("The schedule", "schedule", "apscheduler", "prometheus_client")


@contextmanager
def supervised(context: JobContext, part: str, consequence: str) -> Iterator[None]:
    """Log an error that ends a part of the process, and note it for `/health`.

    Args:
        context: its `problems` get the note.
        part: the name of the part, such as "bot".
        consequence: what happens without it, as a sentence without a full stop.
    """
    try:
        yield
    except TaggerError as error:
        context.problems[part] = str(error)
        log.error("%s. %s", str(error).removesuffix("."), consequence)
    except Exception as error:
        if lacking := shortage(error):
            context.problems[part] = str(lacking)
            log.error("%s. %s", str(lacking).removesuffix("."), consequence)
        else:
            context.problems[part] = str(error) or type(error).__name__
            log.exception("The %s ended. %s", part, consequence)


@contextmanager
def _scheduled(context: JobContext) -> Iterator[None]:
    require_schedule()
    from tagger.jobs.schedule import TICK_S, Schedule
    from tagger.ops.health import examine
    from tagger.ops.metrics import serve_metrics

    def start(name: str, due_at: datetime, triggered_at: datetime) -> None:
        result = run_job(name, replace(context, triggered_at=triggered_at), due_at=due_at)
        level = logging.ERROR if result.status == "failed" else logging.INFO
        log.log(level, "%s %s: %s", name, result.status, result.message)

    def tick() -> None:
        while not context.stop.wait(TICK_S):
            schedule.tick()

    def health() -> Health:
        return examine(context.store, schedule.tick_age_s(), context.problems)

    _check(context.settings)
    schedule = Schedule(times_of(context.settings.jobs), context.settings.zone(), start)
    with serve_metrics(context.settings.metrics_listen, context.store, schedule.next_times, health):
        schedule.open()
        with closing(schedule), _thread(tick, "ticks", context.stop):
            for name, moment in sorted(schedule.next_times().items(), key=lambda item: item[1]):
                log.info("%s is due at %s", name, moment.strftime("%Y-%m-%d %H:%M %z"))
            yield


def _check(settings: Settings) -> None:
    """Raise ConfigError if all jobs are off, or if the nightly job has nothing to tag."""
    if set(times_of(settings.jobs).values()) == {"off"}:
        raise ConfigError("Every job is off. Set a time for one in the table [jobs] of the settings file.")
    if settings.jobs.nightly != "off" and not settings.folders:
        raise ConfigError(
            "The nightly job has no folders. Set folders in the settings file or in TAGGER_FOLDERS, "
            "or set jobs.nightly to off."
        )


@contextmanager
def _watched(context: JobContext) -> Iterator[None]:
    """Tag new photos in the folders of the settings, if there are some and the extra `watch` is installed."""
    folders = [str(folder) for folder in context.settings.folders]
    if not folders or find_spec("watchdog") is None:
        log.info("No folders are watched: new photos wait for the nightly job")
        yield
        return

    def run() -> None:
        from tagger.jobs.watch import watch

        with supervised(context, "watch", "Until the next start new photos wait for the nightly job"):
            watch(context, folders, tag_existing=False, skip_missing=True)

    with _thread(run, "watch", context.stop):
        yield


@contextmanager
def _thread(target: Callable[[], None], name: str, stop: threading.Event) -> Iterator[None]:
    """Run a function in a thread, and set `stop` and wait for it in the end."""
    thread = threading.Thread(target=target, name=name)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

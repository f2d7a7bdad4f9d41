"""`tagger schedule`: the jobs of the settings, at their times."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import options

if TYPE_CHECKING:
    from tagger.config.settings import Settings
    from tagger.jobs.context import JobContext
    from tagger.jobs.schedule import Schedule, Start
    from tagger.ops.health import Health

log = logging.getLogger(__name__)


@click.command()
@options.DB
@options.model_options
@options.CONFIG
def schedule(config: Path | None, **given: Any) -> None:
    """Run the jobs of the settings file at their times, until Ctrl-C or SIGTERM.

    A job at work then ends soon, and the next start goes on where it ended.
    """
    need_schedule()
    from tagger.jobs.context import JobContext

    settings = options.settings_from(config, **given)
    with options.store_from(settings) as store:
        work = JobContext(
            settings, store, lambda: options.tagger_from(settings, in_log=True)
        )  # by day nothing is kept in memory
        options.stop_on_signals(work.stop)
        with running(work):
            work.stop.wait()


@contextmanager
def running(work: JobContext) -> Iterator[None]:
    """The jobs start at their times while the context lasts, and somebody may ask how that goes.

    Raises:
        ConfigError: the settings leave nothing to do, or the address for metrics is taken.
    """
    from tagger.jobs.registry import run_job
    from tagger.jobs.schedule import TICK_S
    from tagger.ops.health import examine
    from tagger.ops.metrics import served

    def start(name: str, due_at: datetime, handed_at: datetime) -> None:
        ended = run_job(name, replace(work, handed_at=handed_at), due_at=due_at)
        level = logging.ERROR if ended.status == "failed" else logging.INFO
        log.log(level, "%s %s: %s", name, ended.status, ended.message)

    clock = clock_of(work.settings, start)

    def tick() -> None:
        while not work.stop.wait(TICK_S):
            clock.tick()

    def health() -> Health:
        return examine(work.store, clock.beat_age_s(), work.troubles)

    with served(work.settings.metrics_listen, work.store, clock.coming, health):
        clock.open()
        ticking = threading.Thread(target=tick, name="ticks")
        ticking.start()
        try:
            tell(clock)
            yield
        finally:
            work.stop.set()
            ticking.join()
            clock.close()


def need_schedule() -> None:
    """Raises:
    MissingExtra: what the schedule is built on is not installed.
    """
    from tagger.core.errors import MissingExtra

    if any(find_spec(package) is None for package in ("apscheduler", "prometheus_client")):
        raise MissingExtra("The schedule", "schedule")


def clock_of(settings: Settings, start: Start) -> Schedule:
    """The jobs that have a time.

    Raises:
        ConfigError: there are none, or one that cannot do anything.
    """
    from tagger.core.errors import ConfigError
    from tagger.jobs.registry import times_of
    from tagger.jobs.schedule import Schedule

    times = times_of(settings.jobs)
    if set(times.values()) == {"off"}:
        raise ConfigError("Every job is off. Give one a time, in the table [jobs] of the settings file.")
    if settings.jobs.nightly != "off" and not settings.folders:
        raise ConfigError(
            "The nightly job has no folders. Set folders in the settings file or in TAGGER_FOLDERS, "
            "or jobs.nightly to off."
        )
    return Schedule(times, settings.zone(), start)


def tell(clock: Schedule) -> None:
    for name, moment in sorted(clock.coming().items(), key=lambda item: item[1]):
        log.info("%s is due at %s", name, moment.strftime("%Y-%m-%d %H:%M %z"))

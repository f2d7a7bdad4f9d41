"""Start jobs at their times: APScheduler's queue and threads, with the times of `tagger.config.cron`.

The one rule: each time of day starts its job at most once, and never while the job is running. A machine that slept
through it starts the job once when it wakes. Nothing is stored: the settings are read at each start.

APScheduler's own triggers are not used: when the clocks change they skip or repeat a time, and their weekdays differ
from a crontab's. Its sleep uses a monotonic clock, which stops while the machine is suspended, so `tick` wakes it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger

from tagger.config.cron import Times, following, moment_of, next_moment, parse
from tagger.core.errors import TaggerError
from tagger.core.problems import shortage

log = logging.getLogger(__name__)

TICK_S = 30.0
SET_BACK = timedelta(hours=1)  # a clock that is set back by more was wrong; for less, jobs wait

# The jobs of one thread run one after another; a backup does not wait for photos.
THREADS = {"nightly": "photos", "retag": "photos", "canary": "photos"}
OTHER_JOBS = "store"

StartJob = Callable[[str, datetime, datetime], object]


class Trigger(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """Times of day, for APScheduler.

    Args:
        text: as in the settings.
        times: the parsed text.
        zone: None for the machine's own.
    """

    def __init__(self, text: str, times: Times, zone: ZoneInfo | None) -> None:
        self._text = text
        self._times = times
        self._zone = zone
        self.due_at: datetime | None = None
        self.triggered_at: datetime | None = None

    def __str__(self) -> str:
        return self._text

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The next time. APScheduler asks only after the previous one, which is recorded here."""
        if previous_fire_time is None:
            return next_moment(self._times, self._zone, now=now)
        self.due_at, self.triggered_at = previous_fire_time, now
        return following(self._times, self._zone, last=previous_fire_time)


class Schedule:
    """Jobs and their times.

    Args:
        times: by name of the job, as in the settings.
        zone: the time zone of the times; None for the machine's own, even if the machine travels.
        start: called in a thread with a job's name, the moment at which it was due, and the moment at which it was
            triggered, which is later if the machine slept, but not if the thread was busy.
        scheduler: for tests.
    """

    def __init__(
        self, times: Mapping[str, str], zone: ZoneInfo | None, start: StartJob, scheduler: BaseScheduler | None = None
    ) -> None:
        self._zone = zone
        self._start = start
        self._scheduler = scheduler or BackgroundScheduler(executors=_threads(), timezone=UTC)
        self._closing = threading.Event()
        self._last_tick = time.monotonic()
        self._last_moment = datetime.now(UTC)
        for name, text in times.items():
            if parsed := parse(text):
                self._add(name, Trigger(text, parsed, zone))

    def _add(self, name: str, trigger: Trigger) -> None:
        self._scheduler.add_job(
            lambda: self._begin(name, trigger),
            trigger,
            id=name,
            name=name,
            executor=THREADS.get(name, OTHER_JOBS),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,  # however late it is
        )

    def open(self) -> None:
        self._scheduler.start()

    def close(self) -> None:
        """Wait for the running jobs; waiting ones no longer start."""
        self._closing.set()
        self._scheduler.shutdown(wait=True)

    def tick(self) -> None:
        """Check the clock and the time zone, which may have changed. To be called every `TICK_S` seconds.

        Future times keep their time of day; one that has passed in a new zone is due immediately. If a clock that was
        ahead is corrected, each job is due at its next time from now.
        """
        self._last_tick = time.monotonic()
        time.tzset()
        now = datetime.now(UTC)
        is_set_back, self._last_moment = self._last_moment - now > SET_BACK, now
        if is_set_back:
            log.warning("The clock was set back: each job is due at its next time from now")
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))
        elif self._zone is None:
            for job in self._scheduler.get_jobs():
                moment = moment_of(job.next_run_time.replace(tzinfo=None), None)
                if moment != job.next_run_time:
                    job.modify(next_run_time=moment)
        self._scheduler.wakeup()

    def tick_age_s(self) -> float:
        """Seconds since the last `tick`, without suspended time."""
        return time.monotonic() - self._last_tick

    def next_times(self) -> dict[str, datetime]:
        """When each job is due next; empty before the schedule is open."""
        return {job.id: job.next_run_time for job in self._scheduler.get_jobs() if hasattr(job, "next_run_time")}

    def _begin(self, name: str, trigger: Trigger) -> None:
        """Start a job; an error ends only this job."""
        if self._closing.is_set() or trigger.due_at is None or trigger.triggered_at is None:
            return
        try:
            self._start(name, trigger.due_at, trigger.triggered_at)
        except TaggerError as error:
            log.error("The job %s failed: %s", name, error)
        except Exception as error:
            if lacking := shortage(error):
                log.error("The job %s failed: %s", name, lacking)
            else:
                log.exception("The job %s failed", name)


def _threads() -> dict[str, ThreadPoolExecutor]:
    return {name: ThreadPoolExecutor(1) for name in {*THREADS.values(), OTHER_JOBS}}

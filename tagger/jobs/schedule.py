"""The clock that starts jobs: APScheduler's queue and threads, with moments from `tagger.config.cron`.

The one rule: each time on the wall starts its job at most once, and never while the job is still at work. A machine
that slept over it starts it once when it wakes. Nothing is kept: the settings say at each start what there is.

The library's own triggers are not used: at the change of clocks they miss a time or meet it twice, and their Monday is
a crontab's Sunday. Nor is its sleep trusted: it counts what a suspended machine's clock counts, which is nothing, so
`tick` wakes it.
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

log = logging.getLogger(__name__)

TICK_S = 30.0
BACK = timedelta(hours=1)  # a clock that was put back by more had been wrong; less is put right by waiting

# Jobs of one thread run one after another; a backup does not wait for the photos.
THREADS = {"nightly": "photos", "retag": "photos", "canary": "photos"}
ELSE = "store"

Start = Callable[[str, datetime, datetime], object]


class Trigger(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """Times on the wall.

    Args:
        text: as the settings write them.
        zone: None for the machine's own.
    """

    def __init__(self, text: str, times: Times, zone: ZoneInfo | None) -> None:
        self._text = text
        self._times = times
        self._zone = zone
        self.due_at: datetime | None = None
        self.handed_at: datetime | None = None

    def __str__(self) -> str:
        return self._text

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Asked for what follows a time only once that has come, so that this is where it is known which one came."""
        if previous_fire_time is None:
            return next_moment(self._times, self._zone, now=now)
        self.due_at, self.handed_at = previous_fire_time, now
        return following(self._times, self._zone, last=previous_fire_time)


class Schedule:
    """Jobs and their times.

    Args:
        times: by name of the job, as the settings write them.
        zone: where the clock hangs; None for wherever the machine is, even if it travels.
        start: called in a thread of its own with a job's name, the moment at which it was due, and the one at which the
            clock gave it to its thread: later where the machine slept, but not where the thread was still at work.
    """

    def __init__(
        self, times: Mapping[str, str], zone: ZoneInfo | None, start: Start, scheduler: BaseScheduler | None = None
    ) -> None:
        self._zone = zone
        self._start = start
        self._scheduler = scheduler or BackgroundScheduler(executors=_threads(), timezone=UTC)
        self._ending = threading.Event()
        self._last_tick = time.monotonic()
        self._last_moment = datetime.now(UTC)
        for name, text in times.items():
            if when := parse(text):
                self._add(name, Trigger(text, when, zone))

    def _add(self, name: str, trigger: Trigger) -> None:
        self._scheduler.add_job(
            lambda: self._begin(name, trigger),
            trigger,
            id=name,
            name=name,
            executor=THREADS.get(name, ELSE),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,  # however late
        )

    def open(self) -> None:
        self._scheduler.start()

    def close(self) -> None:
        """Wait for the jobs at work; those that wait for their thread do not begin any more."""
        self._ending.set()
        self._scheduler.shutdown(wait=True)

    def tick(self) -> None:
        """To be called every `TICK_S`: look at the clock and at the zone, which may have changed while nobody looked.

        What is still to come stays the time on the wall: one that has passed in the new zone is due at once. Where the
        clock was ahead and was put right, each job is due at its next time from now.
        """
        self._last_tick = time.monotonic()
        time.tzset()
        now = datetime.now(UTC)
        is_put_back, self._last_moment = self._last_moment - now > BACK, now
        if is_put_back:
            log.warning("The clock was put back: each job is due at its next time from now")
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))
        elif self._zone is None:
            for job in self._scheduler.get_jobs():
                moment = moment_of(job.next_run_time.replace(tzinfo=None), None)
                if moment != job.next_run_time:
                    job.modify(next_run_time=moment)
        self._scheduler.wakeup()

    def beat_age_s(self) -> float:
        """How long ago `tick` was called last, not counting sleep."""
        return time.monotonic() - self._last_tick

    def coming(self) -> dict[str, datetime]:
        """When each job is due next; none is before the schedule is open."""
        return {job.id: job.next_run_time for job in self._scheduler.get_jobs() if hasattr(job, "next_run_time")}

    def _begin(self, name: str, trigger: Trigger) -> None:
        """Whatever a job raises ends that job and nothing else."""
        if self._ending.is_set() or trigger.due_at is None or trigger.handed_at is None:
            return
        try:
            self._start(name, trigger.due_at, trigger.handed_at)
        except TaggerError as error:
            log.error("The job %s failed: %s", name, error)
        except Exception:
            log.exception("The job %s failed", name)


def _threads() -> dict[str, ThreadPoolExecutor]:
    return {name: ThreadPoolExecutor(1) for name in {*THREADS.values(), ELSE}}

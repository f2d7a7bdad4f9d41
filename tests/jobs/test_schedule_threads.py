"""Jobs in the threads that the library gives them, by the machine's own clock."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest

pytest.importorskip("apscheduler", reason="the extra 'schedule' is not installed")

from tagger.jobs.schedule import Schedule


def test_in_its_own_threads_a_job_starts_and_closing_waits_for_it() -> None:
    started, ended = threading.Event(), threading.Event()

    def start(_name: str, _due: datetime, _triggered: datetime) -> None:
        started.set()
        time.sleep(0.2)
        ended.set()

    schedule = Schedule({"backup": "* * * * *"}, None, start)
    schedule.open()
    (job,) = schedule._scheduler.get_jobs()
    job.modify(next_run_time=datetime.now(UTC))  # as if it had been due all the time
    schedule.tick()
    assert started.wait(30)
    schedule.close()
    assert ended.is_set()


def test_a_job_that_waits_for_its_thread_knows_when_the_clock_triggered_it() -> None:
    triggered_at: dict[str, datetime] = {}
    first_may_end, all_ran = threading.Event(), threading.Event()

    def start(name: str, _due: datetime, triggered: datetime) -> None:
        triggered_at[name] = triggered
        if len(triggered_at) == 2:
            all_ran.set()
        first_may_end.wait(30)

    schedule = Schedule({"nightly": "* * * * *", "retag": "* * * * *"}, None, start)
    schedule.open()
    for job in schedule._scheduler.get_jobs():
        job.modify(next_run_time=datetime.now(UTC))
    schedule.tick()
    time.sleep(0.5)
    freed = datetime.now(UTC)
    first_may_end.set()
    assert all_ran.wait(30)
    schedule.close()
    assert max(triggered_at.values()) < freed

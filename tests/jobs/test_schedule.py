"""Exactly one run a night: whatever the clock, the zone or the machine does. The library is real, its clock is not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

pytest.importorskip("apscheduler", reason="the extra 'schedule' is not installed")

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.base import BaseScheduler

from tagger.core.errors import ConfigError
from tagger.jobs.schedule import Schedule

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = {"nightly": "02:30"}


class Clock:
    """What the library reads as the time."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self, zone: Any = None) -> datetime:
        return self.moment.astimezone(zone)


class HandExecutor(BaseExecutor):  # type: ignore[misc]
    """Jobs that end when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.at_work: list[tuple[Any, Any]] = []

    def _do_submit_job(self, job: Any, run_times: Any) -> None:
        job.func()
        self.at_work.append((job.id, run_times))

    def finish(self) -> None:
        while self.at_work:
            self._run_job_success(self.at_work.pop()[0], [])


class HandScheduler(BaseScheduler):  # type: ignore[misc]
    """The library's scheduler, without the thread that waits."""

    def shutdown(self, wait: bool = True) -> None:
        super().shutdown(wait)

    def wakeup(self) -> None:
        self._process_jobs()


class World:
    """A schedule with a clock that a test moves."""

    def __init__(self, clock: Clock, zone: ZoneInfo | None, start: datetime) -> None:
        self.clock = clock
        self.clock.moment = start.astimezone(UTC)
        self.executor = HandExecutor()
        self.ran: list[str] = []
        scheduler = HandScheduler(executors={"photos": self.executor, "store": HandExecutor()}, timezone=UTC)
        self.schedule = Schedule(NIGHTLY, zone, self._ran, scheduler)
        self.schedule.open()

    def _ran(self, name: str, due_at: datetime, _triggered_at: datetime) -> None:
        self.ran.append(f"{name} due {due_at:%m-%d %H:%M%z}, ran {self.clock.moment.astimezone(BERLIN):%m-%d %H:%M}")

    def pass_to(self, until: datetime, *, step: timedelta = timedelta(minutes=10), working: bool = False) -> None:
        while self.clock.moment < until:
            self.clock.moment = min(self.clock.moment + step, until.astimezone(UTC))
            self.schedule.tick()
            if not working:
                self.executor.finish()

    def sleep_to(self, until: datetime) -> None:
        """Nothing ticks until the machine wakes."""
        self.clock.moment = until.astimezone(UTC)
        self.schedule.tick()
        self.executor.finish()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    clock = Clock()
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", clock)
    monkeypatch.setattr("tagger.jobs.schedule.datetime", clock)
    made: list[World] = []

    def make(start: datetime, zone: ZoneInfo | None = BERLIN) -> World:
        made.append(World(clock, zone, start))
        return made[-1]

    yield make
    for each in made:
        each.schedule.close()


def berlin(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def test_each_night_has_its_run(world: Callable[..., World]) -> None:
    night = world(berlin(6, 1))
    night.pass_to(berlin(6, 4))
    assert night.ran == [f"nightly due 06-0{day} 02:30+0200, ran 06-0{day} 02:30" for day in (2, 3, 4)]


def test_the_night_that_loses_an_hour_has_one_run(world: Callable[..., World]) -> None:
    night = world(berlin(3, 28))
    night.pass_to(berlin(3, 30))
    assert night.ran == [
        "nightly due 03-29 03:30+0200, ran 03-29 03:30",
        "nightly due 03-30 02:30+0200, ran 03-30 02:30",
    ]


def test_the_night_that_has_an_hour_twice_has_one_run(world: Callable[..., World]) -> None:
    night = world(berlin(10, 24))
    night.pass_to(berlin(10, 26))
    assert night.ran == [
        "nightly due 10-25 02:30+0200, ran 10-25 02:30",
        "nightly due 10-26 02:30+0100, ran 10-26 02:30",
    ]


def test_a_year_has_as_many_runs_as_nights(world: Callable[..., World]) -> None:
    night = world(datetime(2025, 12, 31, 12, tzinfo=BERLIN))
    night.pass_to(berlin(12, 31), step=timedelta(hours=4))
    assert len(night.ran) == 365
    assert len({line[:17] for line in night.ran}) == 365


@pytest.mark.parametrize("wakes", [berlin(6, 2, 8, 15), berlin(6, 5, 23, 59)])
def test_a_machine_that_slept_over_it_runs_once_when_it_wakes(world: Callable[..., World], wakes: datetime) -> None:
    night = world(berlin(6, 1))
    night.sleep_to(wakes)
    assert night.ran == [f"nightly due 06-{wakes.day:02} 02:30+0200, ran {wakes:%m-%d %H:%M}"]
    night.pass_to(wakes + timedelta(days=1))
    assert len(night.ran) == 2


@pytest.mark.parametrize("zone", [BERLIN, None])
def test_a_clock_that_was_ahead_and_is_put_right_costs_no_night(
    world: Callable[..., World], move_to: Callable[[str], None], zone: ZoneInfo | None
) -> None:
    move_to("Europe/Berlin")
    night = world(berlin(7, 1), zone)
    night.sleep_to(berlin(6, 1))
    night.pass_to(berlin(6, 3))
    assert [line[:17] for line in night.ran] == ["nightly due 06-02", "nightly due 06-03"]


def test_a_clock_that_is_put_back_a_little_has_no_night_twice(world: Callable[..., World]) -> None:
    night = world(berlin(6, 1))
    night.pass_to(berlin(6, 2, 2, 30))
    night.sleep_to(berlin(6, 2, 2, 25))
    night.pass_to(berlin(6, 2, 12))
    assert len(night.ran) == 1


def test_before_it_is_open_nothing_is_due() -> None:
    schedule = Schedule(NIGHTLY, BERLIN, lambda _name, _due, _triggered: None)
    assert schedule.next_times() == {}


def test_a_run_longer_than_a_day_is_alone_and_the_night_after_it_has_its_own(world: Callable[..., World]) -> None:
    night = world(berlin(6, 1))
    night.pass_to(berlin(6, 3, 9), working=True)
    assert [line[:17] for line in night.ran] == ["nightly due 06-02"]
    night.executor.finish()
    night.pass_to(berlin(6, 4))
    assert [line[:17] for line in night.ran] == ["nightly due 06-02", "nightly due 06-04"]


def test_a_process_that_starts_in_the_second_showing_of_the_hour_does_not_run_for_the_first(
    world: Callable[..., World],
) -> None:
    night = world(datetime(2026, 10, 25, 1, 10, tzinfo=UTC))
    night.pass_to(berlin(10, 26))
    assert [line[:17] for line in night.ran] == ["nightly due 10-26"]


@pytest.fixture
def move_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    before = os.environ.get("TZ")

    def move(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.delenv("TZ", raising=False)
    if before is not None:
        monkeypatch.setenv("TZ", before)
    time.tzset()


def test_a_machine_that_travels_west_does_not_have_its_night_twice(
    world: Callable[..., World], move_to: Callable[[str], None]
) -> None:
    move_to("Europe/Berlin")
    night = world(berlin(6, 1), None)
    night.pass_to(berlin(6, 2, 3))
    move_to("America/New_York")
    night.pass_to(berlin(6, 3))
    assert [line[:28] for line in night.ran] == ["nightly due 06-02 02:30+0200", "nightly due 06-03 02:30-0400"]


def test_a_machine_that_travels_east_over_its_night_has_it_at_once(
    world: Callable[..., World], move_to: Callable[[str], None]
) -> None:
    move_to("America/New_York")
    night = world(berlin(6, 1), None)
    night.pass_to(berlin(6, 2, 3))  # nine in the evening there
    move_to("Europe/Berlin")
    night.pass_to(berlin(6, 3))
    assert night.ran == [
        "nightly due 06-02 02:30+0200, ran 06-02 03:10",
        "nightly due 06-03 02:30+0200, ran 06-03 02:30",
    ]


def test_with_a_zone_in_the_settings_a_journey_changes_nothing(
    world: Callable[..., World], move_to: Callable[[str], None]
) -> None:
    night = world(berlin(6, 1))
    night.pass_to(berlin(6, 2))
    move_to("Asia/Tokyo")
    night.pass_to(berlin(6, 3))
    assert len(night.ran) == 2


def test_a_job_that_fails_is_started_again_the_next_time(
    world: Callable[..., World], caplog: pytest.LogCaptureFixture
) -> None:
    night = world(berlin(6, 1))
    fails = [ConfigError("no folders"), ValueError("a bug")]

    def start(name: str, due_at: datetime, _triggered_at: datetime) -> None:
        night.ran.append(f"{name} {due_at:%d}")
        raise fails.pop(0)

    night.schedule._start = start
    night.pass_to(berlin(6, 3))
    assert night.ran == ["nightly 02", "nightly 03"]
    assert [(record.getMessage(), bool(record.exc_info)) for record in caplog.records] == [
        ("The job nightly failed: no folders", False),
        ("The job nightly failed", True),
    ]


def test_off_is_not_scheduled() -> None:
    schedule = Schedule({"nightly": "off", "backup": "04:30"}, BERLIN, lambda _name, _due, _triggered: None)
    schedule.open()
    try:
        assert list(schedule.next_times()) == ["backup"]
    finally:
        schedule.close()

"""A time is met once by the clock on the wall, whatever the clock does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from tagger.config.cron import Times, following, moment_of, next_moment, parse

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SOME_SUNDAY = datetime(2026, 11, 1)


def times(text: str) -> Times:
    found = parse(text)
    assert found is not None
    return found


def walls(text: str, count: int, after: datetime = SOME_SUNDAY) -> list[str]:
    return [f"{wall:%a %d %H:%M}" for wall in islice(times(text).after(after), count)]


def moments(text: str, now: datetime, count: int) -> list[str]:
    found = [next_moment(times(text), BERLIN, now=now)]
    while len(found) < count:
        found.append(following(times(text), BERLIN, last=found[-1]))
    return [moment.isoformat(timespec="minutes") for moment in found]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_off_is_no_time() -> None:
    assert parse(" OFF ") is None


def test_a_time_of_day_is_met_each_day() -> None:
    assert walls("2:05", 3) == ["Sun 01 02:05", "Mon 02 02:05", "Tue 03 02:05"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0 2 * * 0", ["Sun 01 02:00", "Sun 08 02:00"]),
        ("0 2 * * 7", ["Sun 01 02:00", "Sun 08 02:00"]),
        ("0 2 * * mon-fri/2", ["Mon 02 02:00", "Wed 04 02:00", "Fri 06 02:00", "Mon 09 02:00"]),
        ("0 2 * * 5-7", ["Sun 01 02:00", "Fri 06 02:00", "Sat 07 02:00"]),
        ("0 2 * * fri-sun", ["Sun 01 02:00", "Fri 06 02:00", "Sat 07 02:00"]),
        ("30 1,13 * * *", ["Sun 01 01:30", "Sun 01 13:30", "Mon 02 01:30"]),
        ("*/20 0 * * *", ["Sun 01 00:20", "Sun 01 00:40", "Mon 02 00:00"]),
        ("0 2 3 * sat", ["Tue 03 02:00", "Sat 07 02:00", "Sat 14 02:00"]),
        ("0 2 1 dec *", ["Tue 01 02:00"]),
    ],
)
def test_a_crontab_line_means_what_it_means_to_cron(line: str, expected: list[str]) -> None:
    assert walls(line, len(expected)) == expected


def test_the_29th_of_february_is_waited_for() -> None:
    assert next(times("0 2 29 2 *").after(SOME_SUNDAY)) == datetime(2028, 2, 29, 2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("25:00", "'25' is not between 0 and 23"),
        ("nightly", "five cron fields"),
        ("0 2 30 2 *", "never occurs"),
        ("0 2 * * 8", "'8' is not between 0 and 7"),
        ("*/0 * * * *", "a step is 1 or more"),
        ("5-3 * * * *", "'3' is not between 5 and 59"),
        ("0 2 * * mon-", "not part of a time"),
    ],
)
def test_what_is_no_time_is_explained(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse(text)


def test_a_time_that_spring_skips_is_met_once_and_later() -> None:
    assert moments("02:30", utc("2026-03-27 12:00"), 3) == [
        "2026-03-28T02:30+01:00",
        "2026-03-29T03:30+02:00",
        "2026-03-30T02:30+02:00",
    ]


def test_a_start_within_the_hour_that_spring_skips_keeps_its_night() -> None:
    expected = ["2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"]
    for start in ("2026-03-29 01:00", "2026-03-29 01:10", "2026-03-29 01:29"):
        assert moments("02:30", utc(start), 2) == expected
    assert moments("02:30", utc("2026-03-29 01:30"), 1) == expected[1:]


def test_times_around_the_hour_that_spring_skips_come_in_order_and_once() -> None:
    assert moments("10,30 2,3 * * *", utc("2026-03-29 00:30"), 3) == [
        "2026-03-29T03:10+02:00",
        "2026-03-29T03:30+02:00",
        "2026-03-30T02:10+02:00",
    ]
    assert moments("30 2 * * *", utc("2026-03-29 00:59"), 1) == ["2026-03-29T03:30+02:00"]
    assert moments("50 2 * * *", utc("2026-03-29 01:40"), 1) == ["2026-03-29T03:50+02:00"]


def test_a_day_that_the_calendar_skips_is_made_up_for() -> None:
    apia = ZoneInfo("Pacific/Apia")  # from 29 to 31 December 2011
    now = datetime(2011, 12, 31, 0, 30, tzinfo=apia)
    assert next_moment(times("30 2 30 * *"), apia, now=now).isoformat() == "2011-12-31T02:30:00+14:00"


def test_a_time_that_autumn_shows_twice_is_met_the_first_time_only() -> None:
    expected = ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]
    assert moments("02:30", utc("2026-10-24 12:00"), 2) == expected
    assert moments("02:30", utc("2026-10-25 00:10"), 2) == expected


def test_a_start_within_the_hour_that_is_shown_again_does_not_meet_a_time_of_its_first_showing() -> None:
    assert moments("02:30", utc("2026-10-25 01:10"), 1) == ["2026-10-26T02:30+01:00"]


def test_a_year_has_one_moment_a_day() -> None:
    met = moments("02:30", utc("2025-12-31 12:00"), 365)
    assert [moment[:10] for moment in met] == sorted({moment[:10] for moment in met})
    assert met[-1] == "2026-12-31T02:30+01:00"


def test_what_was_met_in_one_zone_is_not_met_again_in_another() -> None:
    met = next_moment(times("02:00"), BERLIN, now=utc("2026-11-01 12:00"))
    assert following(times("02:00"), NEW_YORK, last=met).isoformat() == "2026-11-03T02:00:00-05:00"


@pytest.fixture
def machine_in_sydney(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Australia/Sydney")
    time.tzset()
    yield
    monkeypatch.delenv("TZ")
    if before is not None:
        monkeypatch.setenv("TZ", before)
    time.tzset()


@pytest.mark.usefixtures("machine_in_sydney")
def test_without_a_zone_the_machine_s_own_counts() -> None:
    assert moment_of(datetime(2026, 1, 1, 2), None).isoformat() == "2026-01-01T02:00:00+11:00"

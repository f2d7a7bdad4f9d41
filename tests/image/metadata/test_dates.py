"""Dates are read in every spelling that cameras and programs use."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tagger.core.types import TakenDate
from tagger.image.metadata.dates import best_date, dated, parse_date

EVENING = datetime(2019, 3, 4, 20, 5, 6)


@pytest.mark.parametrize(
    "text",
    [
        "2019:03:04 20:05:06",
        "2019/03/04 20:05:06",
        "2019-03-04T20:05:06Z",
        "2019-03-04T20:05:06.75+05:30",
        "2019:03:04 20:05:06-0800",
        "2019: 3: 4 20: 5: 6",
        "2019.03.04 20.05.06",
        "2019/03/04, 20:05:06",
        "2019:03:04:20:05:06",
        "20190304 200506+0000",
        "20190304T200506",
        "2019:03:04 08:05:06 PM",
        "  2019:03:04 20:05:06 \0\0",
        b"2019:03:04 20:05:06\0",
    ],
)
def test_a_date_is_read_however_it_is_spelled(text: object) -> None:
    assert parse_date(text) == EVENING


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2019:03:04 20:05", datetime(2019, 3, 4, 20, 5)),
        ("2019:03:04", datetime(2019, 3, 4)),
        ("20190304", datetime(2019, 3, 4)),
        ("2019:03:04   :  :  ", datetime(2019, 3, 4)),
        ("2019:03:00 00:00:00", datetime(2019, 3, 1)),
        ("2019-03", datetime(2019, 3, 1)),
        ("2019:  :  ", datetime(2019, 1, 1)),
        ("2019", datetime(2019, 1, 1)),
    ],
)
def test_what_an_incomplete_date_leaves_open_is_its_first_day_at_midnight(text: str, date: datetime) -> None:
    assert parse_date(text) == date


def test_hour_24_is_the_next_day_and_a_leap_second_the_next_minute() -> None:
    assert parse_date("2019:12:31 24:05:06") == datetime(2020, 1, 1, 0, 5, 6)
    assert parse_date("2016:12:31 23:59:60") == datetime(2017, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "    :  :     :  :  ", "0000:00:00 00:00:00", "2019:13:04 20:05:06", "2019:02:30 20:05:06",
        "2019:03:04 25:05:06", "2019:03:04 20:60:06", "12019:03:04", "2019:030:04", "9999:12:31 24:00:00",
        "04/03/2019 20:05:06", "yesterday", "201\u0669:03:04 20:05:06", (2019, 3, 4),
    ],
)  # fmt: skip
def test_what_is_no_date_or_ambiguous_is_none(text: object) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    "text",
    ["0001:01:01 00:00:00", "1970:01:01 07:08:09", "1980:01:01 00:01:02", "2000:01:01 12:00:00", "2002:12:08 12:00:00"],
)
def test_the_first_day_of_a_clock_is_kept_and_marked(text: str) -> None:
    assert dated(parse_date(text), "exif") == TakenDate(datetime.strptime(text, "%Y:%m:%d %H:%M:%S"), "reset")


def test_a_date_in_the_future_is_that_of_a_wrong_clock_too() -> None:
    future = datetime.now() + timedelta(days=30)
    assert dated(future, "exif") == TakenDate(future, "reset")


def test_the_best_source_wins_and_among_equals_the_first() -> None:
    reset, edit = dated(datetime(2000, 1, 1), "exif"), dated(EVENING, "edit")
    first, second = dated(EVENING, "xmp"), dated(datetime(2018, 1, 2), "xmp")
    assert best_date([edit, reset, None]) == reset
    assert best_date([reset, first, second]) == first
    assert best_date([None]) is None

"""A period is named as people name it, and ends when it is over."""

from __future__ import annotations

from datetime import date

import pytest

from tagger.core.periods import parse

TODAY = date(2024, 3, 1)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", "2024-01-01T00:00:00", "2025-01-01T00:00:00"),
        ("2024-07", "2024-07-01T00:00:00", "2024-08-01T00:00:00"),
        ("2024-12", "2024-12-01T00:00:00", "2025-01-01T00:00:00"),
        ("2024-02-29", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("2024-7-4", "2024-07-04T00:00:00", "2024-07-05T00:00:00"),
        ("2024-07-31T18:30", "2024-07-31T18:30:00", "2024-07-31T18:31:00"),
        ("2024-07-31 18:30:59", "2024-07-31T18:30:59", "2024-07-31T18:31:00"),
        ("yesterday", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("Today", "2024-03-01T00:00:00", "2024-03-02T00:00:00"),
    ],
)
def test_a_period_begins_and_ends(text: str, start: str, end: str) -> None:
    assert [moment.isoformat() for moment in parse(text, TODAY)] == [start, end]


@pytest.mark.parametrize("text", ["", "24", "2024-13", "2023-02-29", "0000", "2024-07-31T25:00", "tomorrow", "2024-"])
def test_what_is_no_period_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text, TODAY)


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31"])
def test_after_the_last_year_there_is_no_moment(text: str) -> None:
    with pytest.raises(OverflowError):
        parse(text, TODAY)

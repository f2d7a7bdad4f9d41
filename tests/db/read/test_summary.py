"""A listing is counted by year, country and landmark."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from db.read.rows import NoneHit, TagHit
from db.read.summary import SummaryRow, summarize

EIFFEL = TagHit(
    "/p/a.jpg", "aa" * 32, datetime(2019, 7, 1, 12), "eiffel_tower", "Eiffel Tower", "France", "Paris", 48.86, 2.29,
    "machine", 1, 0.9, "lite", "1", 1, datetime(2026, 1, 1, tzinfo=UTC), 0.9, None,
)  # fmt: skip
COPY = replace(EIFFEL, path="/p/copy.jpg")
LATER = replace(EIFFEL, path="/p/b.jpg", sha256="bb" * 32, taken_at=datetime(2024, 1, 1))
ROCK = replace(LATER, landmark="red_rock", name="Red Rock", country=None)
HITS = [EIFFEL, LATER, ROCK, COPY]


def test_copies_and_second_landmarks_of_a_photo_count_once() -> None:
    assert summarize(HITS, "year") == [SummaryRow("2019", None, 1), SummaryRow("2024", None, 1)]


def test_the_most_frequent_come_first_and_then_by_name() -> None:
    assert summarize(HITS, "country") == [SummaryRow("France", None, 2), SummaryRow(None, None, 1)]
    assert summarize([ROCK, LATER], "landmark") == [
        SummaryRow("eiffel_tower", "Eiffel Tower", 1),
        SummaryRow("red_rock", "Red Rock", 1),
    ]


def test_photos_without_a_landmark_have_years() -> None:
    assert summarize([NoneHit("/p/c.jpg", "cc" * 32, "machine", datetime(2020, 5, 5))], "year") == [
        SummaryRow("2020", None, 1)
    ]

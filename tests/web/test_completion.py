"""How the search box completes a query."""

from __future__ import annotations

import html
import re
from pathlib import Path

import httpx
import pytest

from tests.web.conftest import Gallery
from tests.web.library import library


@pytest.mark.parametrize(
    ("query", "completed"),
    [
        ("score:<0.8 lan", "score:<0.8 landmark:"),
        ("NOT (coun", "NOT (country:"),
        ('landmark:"eiffel t', "landmark:eiffel_tower "),
        ('(city:"new york" OR landmark:mach', '(city:"new york" OR landmark:machu_picchu '),
        ("status:t", "status:tagged "),
    ],
)
def test_the_last_word_of_a_query_is_completed(
    gallery: Gallery, client: httpx.Client, tmp_path: Path, query: str, completed: str
) -> None:
    library(gallery.store, tmp_path / "photos", 1)
    offered = re.findall(r'data-text="([^"]+)"', client.get("/complete", params={"query": query}).text)
    assert html.unescape(offered[0]) == completed


ODD = ("", " ", '"', "((", ":", "landmark:", "\\", "\x00", '" landmark:"', "💥:💥", "x" * 2000)


@pytest.mark.parametrize("query", ODD)
def test_odd_queries_are_completed_by_nothing_or_something(client: httpx.Client, query: str) -> None:
    assert client.get("/complete", params={"query": query}).status_code == 200
    assert client.get("/", params={"query": query}).status_code in (200, 422)

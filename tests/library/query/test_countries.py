"""A country is found by any of its names."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("babel", reason="the extra 'countries' is not installed")

from tagger.library.query.countries import same_country

STORED = ["China", "Frankreich", "Germany", "South Korea", "Turkey", "United Kingdom", "United States", "Utopia"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("germany", "Germany"),
        ("Deutschland", "Germany"),
        ("Allemagne", "Germany"),
        ("DE", "Germany"),
        ("DEU", "Germany"),
        ("France", "Frankreich"),
        ("USA", "United States"),
        ("the united states of america", "United States"),
        ("Estados Unidos", "United States"),
        ("UK", "United Kingdom"),
        ("Great Britain", "United Kingdom"),
        ("Türkiye", "Turkey"),
        ("Südkorea", "South Korea"),
        ("中国", "China"),
        ("Utopia", "Utopia"),
    ],
)
def test_a_country_has_many_names(text: str, name: str) -> None:
    assert same_country(text, STORED) == [name]


@pytest.mark.parametrize("text", ["Italy", "Frnce", "Atlantis", "", "the"])
def test_another_country_and_no_country_are_not_found(text: str) -> None:
    assert same_country(text, STORED) == []


def test_two_spellings_of_one_country_are_both_meant() -> None:
    assert same_country("Allemagne", ["Germany", "germany "]) == ["Germany", "germany "]


def test_dates_are_written_in_all_languages_after_a_country_was_looked_up() -> None:
    looked_up = "from tagger.library.query.countries import country_code; country_code('no country')"
    written = "from babel.dates import format_date; print(format_date(date(2024, 5, 1), 'LLLL y', locale='de'))"
    program = [sys.executable, "-c", f"from datetime import date; {looked_up}; {written}"]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout == "Mai 2024\n"


def test_without_babel_the_stored_names_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "babel", None)
    assert same_country("GERMANY", STORED) == ["Germany"]
    assert same_country("Deutschland", STORED) == []

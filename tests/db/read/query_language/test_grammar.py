"""Queries: how they are read, and where an error points."""

from __future__ import annotations

import pytest

from db.errors import QuerySyntaxError
from db.read.query_language.grammar import MOST_BRACKETS, MOST_CHARACTERS, MOST_CONDITIONS, parse
from db.read.query_language.tree import ALL, And, Condition, Interval, Node, Not, Or, Text

A, B, C = (Condition("landmark", Text((name,))) for name in "abc")


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("", ALL),
        ("  ", ALL),
        ("landmark:a", A),
        ("LANDMARK:a", A),
        ('landmark:"a"', A),
        ("landmark:a landmark:b", And((A, B))),
        ("landmark:a AND landmark:b", And((A, B))),
        ("landmark:a landmark:b OR landmark:c", Or((And((A, B)), C))),
        ("landmark:a (landmark:b OR landmark:c)", And((A, Or((B, C))))),
        ("NOT landmark:a landmark:b", And((Not(A), B))),
        ("NOT (landmark:a landmark:b)", Not(And((A, B)))),
        ("NOT NOT landmark:a", A),
        ("landmark:OR", Condition("landmark", Text(("OR",)))),
        ("landmark:new*york*", Condition("landmark", Text(("new", "york", "")))),
        ('city:"New York (\\"big\\") \\*"', Condition("city", Text(('New York ("big") *',)))),
        ("file:a:b", Condition("file", Text(("a:b",)))),
        ("score:>=80%", Condition("score", Interval(low=0.8))),
        ("score:<0.5", Condition("score", Interval(high=0.5, excludes_high=True))),
        ("run:3..5", Condition("run", Interval(3, 5))),
    ],
    ids=str,
)
def test_a_query_is_read_as(query: str, tree: Node) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize(
    ("query", "at", "sentence"),
    [
        ("landmark:a contry:b", 11, "contry is not a key. Did you mean 'country'?"),
        ("xyz:b", 0, "xyz is not a key. The keys are landmark, country"),
        ("landmark: a", 9, "'landmark:' has no value. Write it without a space"),
        ('landmark:""', 9, "'landmark:' has no value."),
        ("city:New York", 9, "This has no key. Write landmark:York, or quotation marks around a value with spaces"),
        ("city:a or city:b", 7, "Write OR in capitals."),
        ('city:a city:"b', 7, "A quotation mark is not closed"),
        ("city:a OR", 9, "A condition is missing at the end."),
        ("city:a AND OR city:b", 11, "A condition is missing before OR."),
        ("(city:a", 7, "A closing bracket is missing."),
        ("city:a)", 6, "There is no open bracket that this one closes."),
        ("()", 1, "A condition is missing before )."),
        ("score:high", 6, "Write a comparison or a range"),
        ("score:0.8", 6, "Write a comparison or a range"),
        ("score:nan", 6, "Write a comparison or a range"),
        ("score:>=80", 6, "Write a comparison or a range"),
        ("city:a -has:gps", 7, "Write NOT has:gps"),
        ("city:a city:\ud800", 12, "half a character"),
        ("city:" + "a" * MOST_CHARACTERS, MOST_CHARACTERS, "A query has at most 20000 characters."),
        ("run:0", 4, "Write a number, a comparison or a range"),
        ("taken:2024-13", 6, "Write a day, a comparison or a range"),
        ("taken:2024..2023", 6, "The range ends before it begins."),
        ("taken:9999", 6, "There is no later day."),
        ("near:48.86,2.29", 5, "Write latitude, longitude and radius"),
        ("near:98.86,2.29,5km", 5, "A latitude is -90 to 90"),
        ("status:nonee", 7, "Did you mean 'none'?"),
        ("has:wings", 4, "Write gps."),
        (" ".join(["city:a"] * (MOST_CONDITIONS + 1)), 7 * MOST_CONDITIONS, "A query has at most"),
        ("(" * 10_000 + "city:a", MOST_BRACKETS, "A query has at most"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_error_points_at_the_mistake(query: str, at: int, sentence: str) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        parse(query)
    assert raised.value.at == at
    assert sentence in str(raised.value)


def test_an_error_points_below_wide_letters_and_control_characters() -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        parse("landmark:東京\x1b contry:x")
    query, pointer = str(raised.value).splitlines()[1:]
    assert query == "    landmark:東京\\x1b contry:x"
    assert pointer == " " * (len(query) + 2 - len("contry:x")) + "^"


def test_an_error_shows_no_control_characters_and_only_what_is_around_the_mistake() -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        parse("city:a " * 100 + "\x1b[31m " + "city:b " * 10)
    sentence, query, pointer = str(raised.value).splitlines()
    assert "Write landmark:\\x1b[31m," in sentence
    assert query == "    " + ("city:a " * 100)[-100:] + "\\x1b[31m " + ("city:b " * 20)[:70]
    assert pointer == " " * 104 + "^"

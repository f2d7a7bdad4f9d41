"""What a terminal sends is split into keys, pasted text and replies."""

from __future__ import annotations

import pytest

from tagger.cli.review.keys import Event, Key, KeyParser, Paste, Reply
from tagger.cli.review.text import columns_of, cut, cut_start

ALL = "aé城\r\x1b[A\x1bOB\x7f\x1b[200~two\nlines\x1b[201~\x1b[?62;4c\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[15~?"
EVENTS: list[Event] = [
    *(Key(name) for name in ("a", "é", "城", "enter", "up", "down", "backspace")),
    Paste("two\nlines"),
    Reply("\x1b[?62;4c"),
    Reply("\x1b_Gi=31;OK\x1b\\"),
    Reply("\x1b[6;20;10t"),
    Key("?"),  # F5 means nothing
]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_events_are_the_same_however_the_bytes_arrive(size: int) -> None:
    parser, data = KeyParser("utf-8"), ALL.encode()
    events = [event for start in range(0, len(data), size) for event in parser.feed(data[start : start + size])]
    assert (events, parser.is_waiting) == (EVENTS, False)


def test_escape_is_a_key_once_nothing_follows() -> None:
    parser = KeyParser("utf-8")
    assert (parser.feed(b"\x1b"), parser.is_waiting) == ([], True)
    assert (parser.flush(), parser.is_waiting) == ([Key("escape")], False)
    assert parser.feed(b"\x1b\x1b[A") == [Key("escape"), Key("up")]


def test_texts_are_cut_to_columns_not_letters() -> None:
    assert (columns_of("城a"), columns_of("e\N{COMBINING ACUTE ACCENT}")) == (3, 1)
    assert (cut("長城長城", 5), cut("abc", 3), cut("abcd", 3), cut("abc", 0)) == ("長城…", "abc", "ab…", "")
    assert cut_start("/a/long/photo.jpg", 10) == "…photo.jpg"

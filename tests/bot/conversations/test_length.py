"""Texts are cut to what a message may show, and stay valid HTML."""

from __future__ import annotations

import pytest

pytest.importorskip("telegram", reason="the extra 'bot' is not installed")

from tagger.bot.render.length import shorten


@pytest.mark.parametrize(
    ("html", "limit", "short"),
    [
        ("short", 5, "short"),
        ("too long", 5, "too…"),
        ("<b>bold</b>", 4, "<b>bold</b>"),
        ("<b>bold</b>", 3, "<b>bo…</b>"),
        ('<b>a<a href="https://x.org/?a=b">link</a></b> and more', 4, '<b>a<a href="https://x.org/?a=b">li…</a></b>'),
        ("1 &lt; 2 &amp; 3", 7, "1 &lt; 2…"),
        ("&lt;&lt;&lt;", 3, "&lt;&lt;&lt;"),
        ("&lt;&lt;&lt;", 2, "&lt;…"),
        ("🏛🏛", 4, "🏛🏛"),
        ("🏛🏛", 3, "🏛…"),
    ],
)
def test_html_is_cut_by_what_it_shows(html: str, limit: int, short: str) -> None:
    assert shorten(html, limit) == short

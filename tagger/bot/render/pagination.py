"""A long list as a message with buttons to page.

The one rule: a page says which it is, and a page that no longer exists shows the nearest that does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from tagger.bot.transport.message import Button, Keyboard

PER_PAGE = 8


def page(
    heading: str, lines: Sequence[tuple[str, str]], number: int, data: str, *, per_page: int = PER_PAGE
) -> tuple[str, Keyboard]:
    """One page of lines below a heading.

    Args:
        lines: the group that each belongs to, which is said before the first of it on a page, and its text, as HTML.
        number: from 0.
        data: what a paging button's data begins with; the page's number follows.
    """
    pages = max(1, -(-len(lines) // per_page))
    number = min(max(number, 0), pages - 1)
    shown = lines[number * per_page : (number + 1) * per_page]
    text = "\n".join([heading, "", *_grouped(shown)])
    if pages == 1:
        return text, ()
    buttons = []
    if number > 0:
        buttons.append(Button("◀", f"{data}:{number - 1}"))
    if number < pages - 1:
        buttons.append(Button("▶", f"{data}:{number + 1}"))
    return f"{text}\n\n{number + 1}/{pages}", (tuple(buttons),)


def _grouped(lines: Sequence[tuple[str, str]]) -> Iterator[str]:
    last = ""
    for group, text in lines:
        yield text if group == last else f"<b>{escape(group)}</b>: {text}"
        last = group

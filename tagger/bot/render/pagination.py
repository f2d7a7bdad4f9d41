"""A long list as a message with buttons to turn pages."""

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
        heading: HTML.
        lines: for each its group, which is shown before the group's first line on a page, and its HTML.
        number: the page, from 0; if there are fewer, the last one is shown.
        data: a button's data, without the page number that is appended.
        per_page: lines on a page.

    Returns:
        The message's HTML and its buttons.
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

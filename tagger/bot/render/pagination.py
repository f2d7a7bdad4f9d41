"""A long list as a message with buttons to turn pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from tagger.bot.render.length import shorten
from tagger.bot.transport.message import Button, Keyboard

PER_PAGE = 8
MAX_PAGE, MAX_LINE = 3000, 500  # characters of HTML; what is around the lines must fit as well


def page(
    heading: str, lines: Sequence[tuple[str, str]], number: int, data: str, *, per_page: int = PER_PAGE
) -> tuple[str, Keyboard]:
    """One page of lines below a heading.

    Args:
        heading: HTML.
        lines: for each its group, which is shown before the group's first line on a page, and its HTML.
        number: the page, from 0; if there are fewer, the last one is shown.
        data: a button's data, without the page number that is appended.
        per_page: the most lines on a page; there are fewer if they are long.

    Returns:
        The message's HTML and its buttons.
    """
    pages = _pages([(group, shorten(line, MAX_LINE)) for group, line in lines], per_page)
    number = min(max(number, 0), len(pages) - 1)
    text = "\n".join([heading, "", *_grouped(pages[number])])
    if len(pages) == 1:
        return text, ()
    buttons = []
    if number > 0:
        buttons.append(Button("◀", f"{data}:{number - 1}"))
    if number < len(pages) - 1:
        buttons.append(Button("▶", f"{data}:{number + 1}"))
    return f"{text}\n\n{number + 1}/{len(pages)}", (tuple(buttons),)


def _pages(lines: Sequence[tuple[str, str]], per_page: int) -> list[list[tuple[str, str]]]:
    pages: list[list[tuple[str, str]]] = [[]]
    left = MAX_PAGE
    for line in lines:
        length = sum(map(len, line))
        if pages[-1] and (len(pages[-1]) == per_page or length > left):
            pages.append([])
            left = MAX_PAGE
        pages[-1].append(line)
        left -= length
    return pages


def _grouped(lines: Sequence[tuple[str, str]]) -> Iterator[str]:
    last = ""
    for group, text in lines:
        yield text if group == last else f"<b>{escape(group)}</b>: {text}"
        last = group

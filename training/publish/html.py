"""A self-contained HTML page: nothing is loaded from anywhere, and it reads well by day and by night.

The one rule: text becomes HTML here and nowhere else, escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from string import Template

PAGE = Template("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; --ink: #1d1d1f; --soft: #6b6b70; --line: #dcdce0; --ground: #fff;
  --train: #4c78a8; --val: #e0a030; --test: #54a24b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8ea; --soft: #9a9aa0; --line: #38383c; --ground: #161618; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1.2rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p { max-width: 44rem; } .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: left; padding: .2rem .9rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: middle;
  overflow-wrap: break-word; }
th { color: var(--soft); font-weight: 600; } .number { text-align: right; white-space: nowrap; }
.bar { display: flex; height: .7rem; min-width: 12rem; } .bar i { display: block; height: 100%; }
.train { background: var(--train); } .val { background: var(--val); } .test { background: var(--test); }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: .9rem; }
figure { margin: 0; } figcaption { font-size: .85rem; } .row { display: flex; gap: .3rem; height: 6rem; }
.row img { height: 100%; min-width: 0; flex: 0 1 auto; object-fit: cover; border-radius: 3px; }
.good { border-left: 4px solid var(--test); padding-left: .8rem; }
.scroll { overflow-x: auto; } .tiles { display: grid; gap: .8rem;
  grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr)); margin: 1.2rem 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: .6rem .9rem; font-size: .85rem; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.3; white-space: nowrap; }
.tile span { color: var(--soft); }
.drawing { max-width: 46rem; margin: .8rem 0; } .drawing svg { width: 100%; height: auto; }
.drawing figcaption { color: var(--soft); max-width: 44rem; }
pre { overflow-x: auto; font-size: .82rem; line-height: 1.4; border: 1px solid var(--line); padding: .8rem; }
code { font-size: .9em; } summary { cursor: pointer; }
</style>
<h1>$title</h1>
$body
</html>
""")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Cell = Html | str | int | float


def page(title: str, sections: Iterable[str]) -> str:
    """The whole document.

    Args:
        sections: HTML, made by the functions below.
    """
    return PAGE.substitute(title=escape(title), body="\n".join(sections))


def heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, style: str = "") -> str:
    return f'<p class="{escape(style)}">{escape(text)}</p>'


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A header that begins with # stands over numbers; a cell that is HTML already stays what it is."""
    sides = [_side(name) for name in header]
    head = "".join(f"<th{side}>{escape(name.strip('#'))}</th>" for name, side in zip(header, sides, strict=True))
    lines = (f"<tr>{''.join(_cell(cell, side) for cell, side in zip(row, sides, strict=True))}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>\n' + "\n".join(lines) + "</table></div>"


def bar(parts: Sequence[tuple[str, float]]) -> Html:
    """One bar of several colours.

    Args:
        parts: of each the style (``train``, ``val``, ``test``) and its share of the full width, together at most 1.
    """
    pieces = (f'<i class="{escape(style)}" style="width:{100 * share:.1f}%"></i>' for style, share in parts)
    return Html(f'<div class="bar">{"".join(pieces)}</div>')


def folded(title: str, content: str) -> str:
    """Something long that opens on a click."""
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def figure(images: Iterable[str], caption: str) -> Html:
    """Photos in a row.

    Args:
        images: data URIs.
    """
    shown = "".join(f'<img src="{escape(uri)}" alt="{escape(caption)}">' for uri in images)
    return Html(f'<figure><div class="row">{shown}</div><figcaption>{escape(caption)}</figcaption></figure>')


def sheet(figures: Iterable[Html]) -> str:
    return f'<div class="sheet">{"".join(figures)}</div>'


def tiles(entries: Iterable[tuple[str, str, str]]) -> str:
    """The figures that matter most, large.

    Args:
        entries: of each its value, what it counts, and a remark.
    """
    boxes = (
        f'<div class="tile"><b>{escape(value)}</b>{escape(name)}<br><span>{escape(remark)}</span></div>'
        for value, name, remark in entries
    )
    return f'<div class="tiles">{"".join(boxes)}</div>'


def drawing(svg: str, caption: str) -> str:
    """A plot with the sentence that says how to read it.

    Args:
        svg: an SVG element.
    """
    return f'<figure class="drawing">{svg}<figcaption>{escape(caption)}</figcaption></figure>'


def code(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _side(name: str) -> str:
    return ' class="number"' if name.startswith("#") else ""


def _cell(cell: Cell, side: str) -> str:
    if isinstance(cell, Html):
        return f"<td>{cell}</td>"
    return f"<td{side}>{escape(cell) if isinstance(cell, str) else format(cell, ',')}</td>"

"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from training.publish.tables import Table


def markdown(table: Table) -> str:
    """The table without its title and note; columns of numbers are aligned to the right."""
    header = [name.removeprefix("#") for name in table.header]
    rule = ["---:" if name.startswith("#") else "---" for name in table.header]
    return "\n".join(_line(row) for row in (header, rule, *table.rows))


def _line(cells: Sequence[str]) -> str:
    safe = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return "| " + " | ".join(safe) + " |"

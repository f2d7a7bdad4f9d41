"""What the tests of all catalogues need."""

from __future__ import annotations

import string
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po


def catalogue(room: Path, code: str) -> Catalog:
    """The texts of a room in a language."""
    with (room / "locales" / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

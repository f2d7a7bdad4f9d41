"""Texts that harm no program that reads them: spreadsheets, XML parsers and programs that show XML."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from html import escape
from urllib.parse import quote

from tagger.core.text import printable
from tagger.export.rows import ExportRow

FULL_WIDTH = ("EQUALS SIGN", "PLUS SIGN", "HYPHEN-MINUS", "COMMERCIAL AT")  # some spreadsheets accept them too
FORMULA = ("=", "+", "-", "@", *(unicodedata.lookup(f"FULLWIDTH {name}") for name in FULL_WIDTH))
SUSPICIOUS = frozenset((" ", *FORMULA))  # spreadsheets ignore spaces; other white space is not printable


def as_cell(text: str) -> str:
    """A text in one line that no spreadsheet takes for a formula: with an apostrophe before one.

    Source:
        OWASP, "CSV Injection".
    """
    if text.isprintable() and text[:1] not in SUSPICIOUS:
        return text
    text = printable(text)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def xml_text(text: str) -> str:
    """Escape a text for XML, with visible escapes for characters that XML forbids.

    Source:
        XML 1.0, section 2.2. What is not printable includes all that is forbidden.
    """
    return escape(printable(text))


def file_uri(path: str) -> str:
    """The URI of a file; any name survives in it."""
    return f"file://{quote(os.fsencode(path))}"


def file_name(path: str) -> str:
    """The last part of a path, printable."""
    return printable(os.path.basename(path))


def decimal(degrees: float) -> str:
    """Degrees to a centimetre, never with an exponent, which XML Schema's decimals do not have."""
    return f"{degrees:.7f}"


def title(row: ExportRow) -> str:
    """The landmark of a row, or what there is instead."""
    return row.name or ("could not be read" if row.status == "failed" else "no known landmark")


def summary(row: ExportRow) -> str:
    """What a row says, in one line for people."""
    place = ", ".join(filter(None, (row.city, row.country)))
    by = "by a person" if row.source == "person" else f"{row.score:.1%}" if row.score is not None else ""
    taken = f"taken {row.taken_at:%Y-%m-%d %H:%M}" if row.taken_at else ""
    where = "position of the landmark" if row.position_from == "landmark" else ""
    return "; ".join(filter(None, (file_name(row.path), place, by, taken, where)))


def facts(row: ExportRow) -> Iterator[tuple[str, str]]:
    """The values of a row that are known, with their names."""
    for name, value in row._asdict().items():
        if isinstance(value, datetime):
            yield name, value.isoformat()
        elif value is not None:
            yield name, json.dumps(value) if isinstance(value, dict) else str(value)

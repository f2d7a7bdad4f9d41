"""Print rows as JSON lines or CSV for programs, or as lines for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import Any

import click

from tagger.core.errors import TaggerError
from tagger.core.text import printable, printable_lines


def print_json(rows: Iterable[Any]) -> None:
    """Print one object per line, in ASCII, so that undecodable file names survive as ``\\udcXX``.

    Args:
        rows: dataclasses or dicts.
    """
    import json
    from dataclasses import asdict

    for row in rows:
        click.echo(json.dumps(row if isinstance(row, dict) else asdict(row), default=_json_value))


def print_csv(rows: Iterable[Any], *row_types: type[Any]) -> None:
    """Print a header with the columns of all types of rows, then a line for each row."""
    import csv
    import io
    from dataclasses import asdict, fields

    line = io.StringIO()
    columns = list(dict.fromkeys(field.name for row_type in row_types for field in fields(row_type)))
    writer = csv.DictWriter(line, columns, lineterminator="")
    for values in chain([dict(zip(columns, columns, strict=True))], map(asdict, rows)):
        writer.writerow({name: _csv_value(value) for name, value in values.items()})
        click.echo(line.getvalue())
        line.seek(line.truncate(0))


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines without control characters; note an empty listing on stderr."""
    is_empty = True
    for line in lines:
        is_empty = False
        click.echo(printable_lines(line), err=err)
    if is_empty:
        click.echo("Nothing found.", err=True)


def _csv_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        import json

        return json.dumps(value)
    if isinstance(value, tuple):
        return " ".join(map(printable, value))
    return printable(value) if isinstance(value, str) else value


def _json_value(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TaggerError(f"{type(value).__name__} has no JSON form")

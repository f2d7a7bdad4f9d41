"""Write decisions into a CSV, and read them from one."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from db.rows import DecisionRow
from tagger.core.errors import DecisionsError
from tagger.core.private import private

COLUMNS = tuple(field.name for field in fields(DecisionRow))
NEEDED = ("sha256", "verdict", "landmark")  # also enough for `python -m training prepare --decisions`
VERDICTS = ("shows", "not", "none")
UNTIMED = datetime(1970, 1, 1, tzinfo=UTC)  # of a decision without a time: whatever was decided here outranks it


def write_csv(path: Path, rows: Iterable[DecisionRow]) -> int:
    """Write decisions with all their columns, and return the number of rows; the file is replaced once it is complete.

    Raises:
        DecisionsError: the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with open(part, "w", encoding="utf-8", newline="", opener=private) as file:
            count = write_rows(file, rows)
        part.replace(path)
    except OSError as error:
        raise DecisionsError(f"{path} cannot be written ({error.strerror or error}).") from error
    return count


def write_rows(file: TextIO, rows: Iterable[DecisionRow]) -> int:
    """`write_csv` into an open file."""
    writer, count = csv.writer(file, lineterminator="\n"), 0
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(value) for value in astuple(row)])
        count += 1
    return count


def read_csv(path: Path, who: str) -> Iterator[DecisionRow]:
    """Read decisions, from a file with all columns or with the needed ones alone.

    Args:
        path: of the file.
        who: the person whose decisions they are, if the file does not say.

    Raises:
        DecisionsError: the file cannot be read, or a row is invalid; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in NEEDED if name not in (reader.fieldnames or ())]:
                raise DecisionsError(f"{path} has no column {missing[0]!r}. Its first line needs {','.join(NEEDED)}.")
            for row in reader:
                yield _parsed(row, f"{path}, line {reader.line_num}", who)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DecisionsError(f"{path} cannot be read as a CSV of decisions ({error}).") from error


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def _parsed(row: Mapping[str, str | None], place: str, who: str) -> DecisionRow:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    sha256, verdict, landmark = cells["sha256"].lower(), cells["verdict"], cells["landmark"]
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise DecisionsError(f"{place}: sha256 {sha256!r} is not 64 hexadecimal digits.")
    if verdict not in VERDICTS or (verdict == "none") == bool(landmark):
        raise DecisionsError(f"{place}: the verdict is shows or not, with a landmark's id, or none, without one.")
    try:
        decided_at, revoked_at = (_moment(cells[name]) for name in ("decided_at", "revoked_at"))
        answer_id = int(cells["answer_id"] or 0)
    except ValueError as error:
        raise DecisionsError(f"{place}: {error}.") from error
    return DecisionRow(
        sha256,
        cells["picture"] or None,
        verdict,  # type: ignore[arg-type]  # one of VERDICTS
        landmark or None,
        cells["who"] or who,
        cells["source"] or "csv",
        decided_at or UNTIMED,
        revoked_at,
        cells["is_trusted"] != "no",
        answer_id,
        cells["counts"] != "no",
    )


def _moment(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)

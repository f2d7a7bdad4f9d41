"""Write decisions into a CSV, and read them from one."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, fields
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from db.rows import DecisionRow
from tagger.core.errors import DecisionsError
from tagger.core.private import private

COLUMNS = tuple(field.name for field in fields(DecisionRow))
NEEDED = ("sha256", "verdict", "landmark")  # also enough for `python -m training prepare --decisions`
VERDICTS = ("shows", "not", "none")
DELIMITERS = ",;\t"
LARGEST_ID = 2**63 - 1
CLOCKS_DIFFER = timedelta(days=1)
UNTIMED = datetime(1970, 1, 1, tzinfo=UTC)  # of a decision without a time: whatever was decided here outranks it


def write_csv(path: Path, rows: Iterable[DecisionRow]) -> int:
    """Write decisions with all their columns, and return the number of rows; the file is replaced once it is complete.

    Raises:
        DecisionsError: the file cannot be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    is_file = target.is_file() or not target.exists()  # and a pipe or a device is not replaced
    part = target.with_name(f"{target.name}.part") if is_file else target
    try:
        with open(part, "w", encoding="utf-8", newline="", opener=private) as file:
            count = write_rows(file, rows)
        if is_file:
            part.replace(target)
    except OSError as error:
        if is_file:
            with suppress(OSError):
                part.unlink()
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

    Between columns there are commas, or what spreadsheets write instead: semicolons or tabs.

    Args:
        path: of the file.
        who: the person whose decisions they are, if the file does not say.

    Raises:
        DecisionsError: the file cannot be read, or a row is invalid; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            reader = csv.DictReader(chain([header], file), delimiter=max(DELIMITERS, key=header.count))
            reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
            if missing := [name for name in NEEDED if name not in reader.fieldnames]:
                raise DecisionsError(f"{path} has no column {missing[0]!r}. Its first line needs {','.join(NEEDED)}.")
            for row in reader:
                yield _parsed(row, f"{path}, line {reader.line_num}", who)
    except OSError as error:
        raise DecisionsError(f"{path} cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise DecisionsError(f"{path} is not a CSV in UTF-8.") from error
    except csv.Error as error:
        raise DecisionsError(f"{path} is not a CSV of decisions ({error}).") from error


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
        if not 0 <= answer_id <= LARGEST_ID:
            raise ValueError(f"there is no answer {answer_id}")
    except (OverflowError, ValueError) as error:
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
        cells["is_trusted"].lower() != "no",
        answer_id,
        cells["counts"].lower() != "no",
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > datetime.now(UTC) + CLOCKS_DIFFER:
        raise ValueError(f"{text} is in the future, so nobody could decide otherwise")
    return moment

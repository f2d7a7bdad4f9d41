"""What people decided, folded into the labels.

The one rule: a decision outranks a folder's label. The file is a CSV with a header and the columns

    sha256      of the photo's bytes, in hex
    verdict     shows: it shows this landmark; not: it does not show this one; none: it shows no landmark at all
    landmark    the landmark's id; empty for "none"

and, if you like, others such as decided_at and who, which are not read here. Of several rows on one photo and landmark
the last one counts; "none" takes back every "shows" before it, and the reverse.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from tagger.core.text import did_you_mean
from training.data.audit import Found, LeftOut, Photo
from training.data.manifest import DataError

COLUMNS = ("sha256", "verdict", "landmark")
VERDICTS = ("shows", "not", "none")
CHANGES = ("as labelled", "relabelled", "now a negative", "left out")
DECIDED = "decided"  # the kind of a negative that a person made one

Verdict = Literal["shows", "not", "none"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One row; `landmark` is empty for "none", `line` is the file's."""

    sha256: str
    verdict: Verdict
    landmark: str
    line: int


@dataclass(frozen=True, slots=True)
class Decided:
    """The photos as people see them, and what that changed.

    Args:
        counts: photos by what became of them (CHANGES), and contents that were decided on but are not in the data.
    """

    photos: list[Photo]
    left_out: list[LeftOut]
    counts: dict[str, int]


def load_decisions(path: Path) -> list[Decision]:
    """Read the file.

    Raises:
        DataError: it cannot be read, or a row makes no sense; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
                raise DataError(f"{path} has no column {missing[0]!r}. Its first line must be {','.join(COLUMNS)}.")
            return [_parsed(row, f"{path}, line {reader.line_num}", reader.line_num) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a CSV of decisions ({error}).") from error


def _parsed(row: Mapping[str, str | None], place: str, line: int) -> Decision:
    sha256, verdict, landmark = ((row[name] or "").strip() for name in COLUMNS)
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise DataError(f"{place}: sha256 {sha256!r} is not 64 hexadecimal digits.")
    if verdict not in VERDICTS:
        raise DataError(f"{place}: verdict {verdict!r} is none of {', '.join(VERDICTS)}.")
    if (verdict == "none") == bool(landmark):
        wanted = "no landmark" if landmark else "a landmark's id"
        raise DataError(f"{place}: the verdict {verdict!r} goes with {wanted}.")
    return Decision(sha256.lower(), cast(Verdict, verdict), landmark, line)


def decide(photos: Sequence[Photo], decisions: Iterable[Decision]) -> Decided:
    """The photos with the labels that people gave them.

    Where a photo is decided to show several landmarks, its own label stays if it is one of them, else the last counts.

    Raises:
        DataError: a decision about one of the photos names a landmark that the data does not have; names the nearest.
    """
    rows: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        rows[decision.sha256].append(decision)
    known = {photo.found.landmark for photo in photos if photo.found.landmark}
    contents = {photo.sha256 for photo in photos}
    for row in (row for sha256 in rows.keys() & contents for row in rows[sha256]):
        if row.landmark and row.landmark not in known:
            raise DataError(_unknown(row, known))
    decided = [(photo, _label(photo.found, _standing(rows[photo.sha256]))) for photo in photos if photo.sha256 in rows]
    changed = {photo.found.path: found for photo, found in decided}
    counts = Counter(_change(photo.found, found) for photo, found in decided)
    return Decided(
        [replace(photo, found=found) for photo in photos if (found := changed.get(photo.found.path, photo.found))],
        [
            LeftOut(photo.found.path, f"decided not to show {photo.found.label}")
            for photo, found in decided
            if not found
        ],
        {name: counts[name] for name in CHANGES} | {"not in the data": len(rows.keys() - contents)},
    )


def _standing(rows: Iterable[Decision]) -> dict[str, Verdict]:
    """What still holds, the last word last: a verdict for each landmark, and under "" that it shows none."""
    standing: dict[str, Verdict] = {}
    for row in rows:
        taken_back = {"none": "shows", "shows": "none"}.get(row.verdict)
        standing = {name: v for name, v in standing.items() if name != row.landmark and v != taken_back}
        standing[row.landmark] = row.verdict
    return standing


def _label(found: Found, standing: Mapping[str, Verdict]) -> Found | None:
    """The photo's place with the decided label; None where nobody knows any more what it shows."""
    shown = [name for name, verdict in standing.items() if verdict == "shows"]
    if shown:
        return replace(found, role="landmark", label=found.label if found.landmark in shown else shown[-1])
    if "" in standing:
        return replace(found, role="negative", label=DECIDED) if found.landmark else found
    return None if found.landmark and standing.get(found.landmark) == "not" else found


def _change(was: Found, now: Found | None) -> str:
    if now is None:
        return "left out"
    if now == was:
        return "as labelled"
    return "relabelled" if now.landmark else "now a negative"


def _unknown(row: Decision, known: Iterable[str]) -> str:
    hint = did_you_mean(row.landmark, known)
    return f"The decisions' line {row.line} names the landmark {row.landmark!r}, which the photos do not have.{hint}"

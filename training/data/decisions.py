"""Apply people's decisions to the labels.

The one rule: a decision outranks a folder's label. The file is a CSV with a header and the columns

    sha256      of the photo's bytes, in hex
    verdict     shows: it shows this landmark; not: it does not show this one; none: it shows no landmark at all
    landmark    the landmark's id; empty for "none"

`tagger decisions export` writes more columns. Of those only `counts` is read: a row with "no" is a vote, or was taken
back or overruled. If several rows name the same photo and landmark, the last one counts; "none" revokes every "shows"
before it, and "shows" revokes a "none".
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
from training.data.audit import LabelledFile, LeftOut, Photo
from training.data.manifest import DataError

COLUMNS = ("sha256", "verdict", "landmark")
VERDICTS = ("shows", "not", "none")
OUTCOMES = ("as labelled", "relabelled", "now a negative", "left out")
DECIDED = "decided"  # the kind of a photo that a person declared a negative
REVOKES = {"none": "shows", "shows": "none"}

Verdict = Literal["shows", "not", "none"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of the file; `landmark` is empty for "none"."""

    sha256: str
    verdict: Verdict
    landmark: str
    line: int


@dataclass(frozen=True, slots=True)
class Decided:
    """The photos as people labelled them.

    Args:
        left_out: photos whose label is wrong and whose correct label is unknown.
        counts: photos by OUTCOMES, and decided photos that are not in the data.
    """

    photos: list[Photo]
    left_out: list[LeftOut]
    counts: dict[str, int]


def load_decisions(path: Path) -> list[Decision]:
    """Read the file.

    Raises:
        DataError: it cannot be read or a row is invalid; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
                raise DataError(f"{path} has no column {missing[0]!r}. Its first line must be {','.join(COLUMNS)}.")
            rows = (row for row in reader if row.get("counts") != "no")
            return [_parse(row, f"{path}, line {reader.line_num}", reader.line_num) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a CSV of decisions ({error}).") from error


def _parse(row: Mapping[str, str | None], place: str, line: int) -> Decision:
    sha256, verdict, landmark = ((row[name] or "").strip() for name in COLUMNS)
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise DataError(f"{place}: sha256 {sha256!r} is not 64 hexadecimal digits.")
    if verdict not in VERDICTS:
        raise DataError(f"{place}: verdict {verdict!r} is not one of {', '.join(VERDICTS)}.")
    if (verdict == "none") == bool(landmark):
        expected = "an empty landmark" if landmark else "a landmark's id"
        raise DataError(f"{place}: the verdict {verdict!r} needs {expected}.")
    return Decision(sha256.lower(), cast(Verdict, verdict), landmark, line)


def apply_decisions(photos: Sequence[Photo], decisions: Iterable[Decision]) -> Decided:
    """Give the photos the labels that people decided.

    A photo that people say shows several landmarks keeps its label if that is one of them, else it gets the last one.

    Raises:
        DataError: a decision about one of the photos names a landmark that the data does not have; names the nearest.
    """
    rows: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        rows[decision.sha256].append(decision)
    contents = {photo.sha256 for photo in photos}
    _check_landmarks(photos, [row for sha256 in rows.keys() & contents for row in rows[sha256]])

    kept, left_out = [], []
    counts: Counter[str] = Counter()
    for photo in photos:
        file = _relabelled(photo.file, _in_force(rows[photo.sha256])) if photo.sha256 in rows else photo.file
        if photo.sha256 in rows:
            counts[_outcome(photo.file, file)] += 1
        if file is None:
            left_out.append(LeftOut(photo.file.path, f"decided not to show {photo.file.label}"))
        else:
            kept.append(replace(photo, file=file))
    unknown = {"not in the data": len(rows.keys() - contents)}
    return Decided(kept, left_out, {name: counts[name] for name in OUTCOMES} | unknown)


def _check_landmarks(photos: Iterable[Photo], decisions: Iterable[Decision]) -> None:
    landmarks = {photo.file.landmark for photo in photos if photo.file.landmark}
    for decision in decisions:
        if decision.landmark and decision.landmark not in landmarks:
            raise DataError(
                f"Line {decision.line} of the decisions names the landmark {decision.landmark!r}, which is not in the "
                f"data.{did_you_mean(decision.landmark, landmarks)}"
            )


def _in_force(decisions: Iterable[Decision]) -> dict[str, Verdict]:
    """The verdicts that no later one revoked, in order, by landmark; "none" has an empty name."""
    verdicts: dict[str, Verdict] = {}
    for decision in decisions:
        revoked = REVOKES.get(decision.verdict)
        verdicts = {name: v for name, v in verdicts.items() if name != decision.landmark and v != revoked}
        verdicts[decision.landmark] = decision.verdict
    return verdicts


def _relabelled(file: LabelledFile, verdicts: Mapping[str, Verdict]) -> LabelledFile | None:
    """The file with the decided label; None if all that is known is what the photo does not show."""
    shown = [name for name, verdict in verdicts.items() if verdict == "shows"]
    if shown:
        return replace(file, role="landmark", label=file.label if file.landmark in shown else shown[-1])
    if "" in verdicts:
        return replace(file, role="negative", label=DECIDED) if file.landmark else file
    return None if file.landmark and verdicts.get(file.landmark) == "not" else file


def _outcome(before: LabelledFile, after: LabelledFile | None) -> str:
    if after is None:
        return "left out"
    if after == before:
        return "as labelled"
    return "relabelled" if after.landmark else "now a negative"

"""The manifest: which photo belongs to which split, one CSV row per photo.

The one rule: no content and no near-duplicate of it is in two splits, and nothing trains on a manifest before that was
checked.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from tagger.core.errors import TaggerError
from tagger.core.text import counted

SPLITS = ("train", "val", "test")

Split = Literal["train", "val", "test"]
Role = Literal["landmark", "negative"]


class DataError(TaggerError):
    """The photos are invalid, or a split leaks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One labelled photo.

    Args:
        path: of the file; in the CSV a relative path starts at the manifest's folder.
        sha256: of the file's bytes.
        label: the landmark's id, or the kind of a negative.
        group: shared by near-duplicates, whatever their labels; empty if there are none.
        width: px, upright.
        height: px, upright.
        source: the collection that the photo came from; empty if unknown.
    """

    path: Path
    sha256: str
    split: Split
    role: Role
    label: str
    group: str
    width: int
    height: int
    source: str = ""

    @property
    def landmark(self) -> str | None:
        """The landmark's id; None for a photo that shows none."""
        return self.label if self.role == "landmark" else None


def load_manifest(manifest: Path, *, path_column: str = "path") -> list[Entry]:
    """Read a manifest; the paths it returns are absolute.

    Args:
        path_column: the column of the photos' paths.

    Raises:
        DataError: the file is missing or invalid; names the row and the column.
    """
    names = {entry.name: entry.name for entry in fields(Entry)} | {"path": path_column}
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = [{name: row[column] for name, column in names.items()} for row in csv.DictReader(file)]
        entries = TypeAdapter(list[Entry]).validate_python(rows)
    except OSError as error:
        raise DataError(f"{manifest} cannot be read ({error.strerror}).") from error
    except KeyError as error:
        raise DataError(f"{manifest} has no column {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(f"{manifest}, row {first['loc'][0]}: {first['loc'][-1]}: {first['msg']}") from error
    root = manifest.parent.resolve()
    return [replace(entry, path=root / entry.path) for entry in entries]


def write_manifest(manifest: Path, entries: Iterable[Entry]) -> None:
    """Write a manifest; photos below its folder get relative paths, so that they can move together."""
    manifest.parent.mkdir(parents=True, exist_ok=True)
    root = manifest.parent.resolve()
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [entry.name for entry in fields(Entry)])
        writer.writeheader()
        for entry in entries:
            path = entry.path.relative_to(root) if entry.path.is_relative_to(root) else entry.path
            writer.writerow(asdict(entry) | {"path": path.as_posix()})


def check_leaks(entries: Iterable[Entry]) -> None:
    """Check that no photo or near-duplicate is in two splits.

    Raises:
        DataError: a group or a content is in two splits; names the first.
    """
    splits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        splits["content", entry.sha256].add(entry.split)
        if entry.group:
            splits["group of near-duplicates", entry.group].add(entry.split)
    for (kind, name), where in splits.items():
        if len(where) > 1:
            raise DataError(f"The {kind} {name!r} is in {' and '.join(sorted(where))}. Move all of it to one split.")


def content_sha256(entries: Iterable[Entry]) -> str:
    """A hash of contents, splits and labels, whatever the photos' paths and order."""
    lines = sorted(f"{entry.sha256} {entry.split} {entry.role} {entry.label}\n" for entry in entries)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def summary(entries: Sequence[Entry]) -> str:
    """How many photos are in each split, one line each."""
    counts = Counter(f"{entry.split} {entry.role}" for entry in entries)
    classes = len({entry.landmark for entry in entries} - {None})
    lines = [f"{s:5} {counts[f'{s} landmark']:6} landmark photos {counts[f'{s} negative']:6} negatives" for s in SPLITS]
    return "\n".join([*lines, f"{counted(classes, 'landmark')}, no photo or near-duplicate in two splits"])

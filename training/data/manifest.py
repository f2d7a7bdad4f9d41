"""The manifest: which photo belongs to which split, one CSV row a photo.

The one rule: no content, and no near-duplicate of one, is on both sides of a split; nothing trains on a manifest that
was not checked for it.
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

SPLITS = ("train", "val", "test")

Split = Literal["train", "val", "test"]
Role = Literal["landmark", "negative"]


class DataError(TaggerError):
    """The photos are not what they should be, or a split leaks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One labelled photo.

    Args:
        path: of the file; in the CSV a relative one starts at the manifest's folder.
        sha256: of the file's bytes.
        label: the landmark's id, or the kind of a negative.
        group: near-duplicates share it, of whatever label; empty where there is none.
        width: px, upright.
        height: px, upright.
        source: the collection that the photo came from; empty where unknown.
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
        """The landmark's id, None for a photo that shows none of them."""
        return self.label if self.role == "landmark" else None


def load_manifest(manifest: Path, *, path_column: str = "path") -> list[Entry]:
    """Read a manifest; every path comes back absolute.

    Raises:
        DataError: it is not there or not a manifest; names the row and the column.
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
    """Write a manifest; a photo below its folder gets a relative path, so that both can move together."""
    manifest.parent.mkdir(parents=True, exist_ok=True)
    root = manifest.parent.resolve()
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [entry.name for entry in fields(Entry)])
        writer.writeheader()
        for entry in entries:
            path = entry.path.relative_to(root) if entry.path.is_relative_to(root) else entry.path
            writer.writerow(asdict(entry) | {"path": path.as_posix()})


def check_leaks(entries: Iterable[Entry]) -> None:
    """Refuse a manifest in which the test could be answered from memory.

    Raises:
        DataError: names the first group or content that is in two splits.
    """
    splits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        splits["content", entry.sha256].add(entry.split)
        if entry.group:
            splits["group of near-duplicates", entry.group].add(entry.split)
    for (kind, name), found in splits.items():
        if len(found) > 1:
            raise DataError(f"The {kind} {name!r} is in {' and '.join(sorted(found))}. Move all of it to one split.")


def content_sha256(entries: Iterable[Entry]) -> str:
    """Of contents, splits and labels: the same wherever the photos lie and however they are sorted."""
    lines = sorted(f"{entry.sha256} {entry.split} {entry.role} {entry.label}\n" for entry in entries)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def summary(entries: Sequence[Entry]) -> str:
    """How many photos are in each split, one line each."""
    counts = Counter(f"{entry.split} {entry.role}" for entry in entries)
    classes = len({entry.landmark for entry in entries} - {None})
    lines = [f"{s:5} {counts[f'{s} landmark']:6} landmark photos {counts[f'{s} negative']:6} negatives" for s in SPLITS]
    return "\n".join([*lines, f"{classes} landmarks, no photo or near-duplicate in two splits"])

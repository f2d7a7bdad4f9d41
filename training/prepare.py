"""Step 0: which photo belongs to which split, checked.

The one rule: no photo, and no near-duplicate of one, is on both sides of a split. The folder's own `manifest.csv`
(columns file, split, role, label, group, sha256) is only believed after its files were read.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from tagger.errors import ConfigError, FolderNotFound, TaggerError

DATA_VARIABLE = "LANDMARK_DATA"
MANIFEST = "manifest.csv"
SPLITS = ("train", "val", "test")

Split = Literal["train", "val", "test"]


class DataError(TaggerError):
    """The photos are not what their manifest says, or a split leaks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One labelled photo.

    Args:
        path: relative to the folder of photos.
        label: the landmark's id, or the kind of a negative.
        group: near-duplicates share it.
    """

    path: str
    sha256: str
    split: Split
    role: Literal["landmark", "negative"]
    label: str
    group: str

    @property
    def landmark(self) -> str | None:
        """The landmark's id, None for a photo that shows none of them."""
        return self.label if self.role == "landmark" else None


def photo_folder() -> Path:
    """The folder of photos that LANDMARK_DATA names.

    Raises:
        ConfigError: the variable is not set.
        FolderNotFound: it names no folder.
    """
    named = os.environ.get(DATA_VARIABLE)
    if not named:
        raise ConfigError(f"{DATA_VARIABLE} is not set. Name the folder that holds {MANIFEST} and the photos in it.")
    if not Path(named).is_dir():
        raise FolderNotFound(named)
    return Path(named)


def prepare(photos: Path, manifest: Path) -> list[Entry]:
    """Verify every photo and write the run's own manifest.

    Raises:
        DataError: a photo is missing or altered, or a group or a content is in two splits.
    """
    entries = load_described(photos)
    for entry in entries:
        _verify(photos, entry)
    check_leaks(entries)
    manifest.parent.mkdir(parents=True, exist_ok=True)
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [entry.name for entry in fields(Entry)])
        writer.writeheader()
        writer.writerows(asdict(entry) for entry in entries)
    return entries


def load_described(photos: Path) -> list[Entry]:
    """What the folder of photos says about itself, unverified.

    Raises:
        DataError: it has no manifest or a strange one.
    """
    return _parsed(photos / MANIFEST, "file")


def load_manifest(manifest: Path) -> list[Entry]:
    """What `prepare` wrote.

    Raises:
        DataError: it is not there or not a manifest.
    """
    return _parsed(manifest, "path")


def check_leaks(entries: Iterable[Entry]) -> None:
    """Refuse a manifest in which the test could be answered from memory.

    Raises:
        DataError: names the first group or content that is in two splits.
    """
    splits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        splits["content", entry.sha256].add(entry.split)
        if entry.group:
            splits[f"group of {entry.role} {entry.landmark or ''}".strip(), entry.group].add(entry.split)
    for (kind, name), found in splits.items():
        if len(found) > 1:
            raise DataError(f"The {kind} {name!r} is in {' and '.join(sorted(found))}. Move all of it to one split.")


def summary(entries: Sequence[Entry]) -> str:
    """How many photos are in each split, one line each."""
    counts = Counter(f"{entry.split} {entry.role}" for entry in entries)
    classes = len({entry.landmark for entry in entries} - {None})
    lines = [f"{s:5} {counts[f'{s} landmark']:6} landmark photos {counts[f'{s} negative']:6} negatives" for s in SPLITS]
    return "\n".join([*lines, f"{classes} landmarks, no photo or near-duplicate in two splits"])


def _parsed(path: Path, path_column: str) -> list[Entry]:
    names = {entry.name: entry.name for entry in fields(Entry)} | {"path": path_column}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{name: row[column] for name, column in names.items()} for row in csv.DictReader(file)]
        return TypeAdapter(list[Entry]).validate_python(rows)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from error
    except KeyError as error:
        raise DataError(f"{path} has no column {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(f"{path}, row {first['loc'][0]}: {first['loc'][-1]}: {first['msg']}") from error


def _verify(photos: Path, entry: Entry) -> None:
    path = photos / entry.path
    if not path.is_file():
        raise DataError(f"{path} is in the manifest but not in the folder.")
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256:
        raise DataError(f"{path} is not the photo that the manifest describes (sha256 differs).")

"""A folder of photos that describes itself in a `manifest.csv`, as the one that LANDMARK_DATA names does.

The one rule: what it says is believed only after every file was read and its splits were compared.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tagger.core.errors import ConfigError, FolderNotFound
from training.data.audit import SAME_LANDMARK_BITS, Found, LeftOut, Photo, near_duplicates
from training.data.manifest import DataError, Entry, load_manifest
from training.data.split import grouped

DATA_VARIABLE = "LANDMARK_DATA"
MANIFEST = "manifest.csv"

# Its groups may have been made from larger originals, and a hash of a reduced copy differs by a bit: in LANDMARK_DATA
# the only two photos of one landmark at 9 bits on two sides are no copies (one pagoda from two places).
DESCRIBED_BITS = SAME_LANDMARK_BITS - 1


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


def load_manifest_folder(folder: Path) -> list[Entry]:
    """What the folder says about itself, unverified: columns file, split, role, label, group, width, height, sha256
    and source. Its groups are counted for each label alone; here their names say so.

    Raises:
        DataError: it has no manifest or a strange one.
    """
    entries = load_manifest(folder / MANIFEST, path_column="file")
    return [replace(entry, group=f"{entry.label} {entry.group}" if entry.group else "") for entry in entries]


def found_in(entries: Sequence[Entry]) -> list[Found]:
    """The described files, to be read."""
    return [Found(e.path, e.role, e.label, e.split, e.group, e.source) for e in entries]


def check_manifest_folder(entries: Sequence[Entry], photos: Sequence[Photo], left_out: Sequence[LeftOut]) -> None:
    """Compare what was read with what the folder says.

    Raises:
        DataError: a photo is missing, unreadable or altered, or near-duplicates are in two splits; names them.
    """
    for lost in left_out:
        problem = (
            "is in the manifest but not in the folder" if not lost.path.exists() else f"cannot be read ({lost.reason})"
        )
        raise DataError(f"{lost.path} {problem}. Get the folder again, or take the row out of its {MANIFEST}.")
    described: Mapping[Path, Entry] = {entry.path: entry for entry in entries}
    for photo in photos:
        if photo.sha256 != described[photo.found.path].sha256:
            raise DataError(f"{photo.found.path} is not the photo that the manifest describes (sha256 differs).")
    for group in grouped(near_duplicates(photos, DESCRIBED_BITS)):
        first = photos[group[0]].found
        for index in group:
            if (other := photos[index].found).split != first.split:
                raise DataError(
                    f"{first.path} ({first.split}) and {other.path} ({other.split}) are near-duplicates. "
                    "Move all of their group to one split."
                )

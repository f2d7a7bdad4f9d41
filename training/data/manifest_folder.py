"""A folder of photos with its own `manifest.csv`, such as the one that LANDMARK_DATA names.

Its manifest is trusted only after every file has been read and the splits have been compared.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tagger.core.errors import ConfigError, FolderNotFound
from training.data.audit import SAME_LANDMARK_BITS, LabelledFile, LeftOut, Photo, near_duplicate_groups
from training.data.manifest import DataError, Entry, load_manifest
from training.data.split import group_indices

DATA_VARIABLE = "LANDMARK_DATA"
MANIFEST = "manifest.csv"

# One bit less than elsewhere: the source may have grouped larger originals, whose hashes differ by a bit from those of
# reduced copies. In LANDMARK_DATA only one pair of photos of a landmark is 9 bits apart and in two splits, and they are
# not copies (one pagoda from two places).
MANIFEST_FOLDER_BITS = SAME_LANDMARK_BITS - 1


def data_folder() -> Path:
    """The folder of photos that LANDMARK_DATA names.

    Raises:
        ConfigError: the variable is not set.
        FolderNotFound: there is no such folder.
    """
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        raise ConfigError(f"{DATA_VARIABLE} is not set. Name the folder that contains the photos and their {MANIFEST}.")
    if not Path(folder).is_dir():
        raise FolderNotFound(folder)
    return Path(folder)


def load_manifest_folder(folder: Path) -> list[Entry]:
    """Read the folder's manifest, without checking it.

    Its columns are file, split, role, label, group, width, height, sha256 and source. It numbers groups within each
    label; here the label becomes part of a group's name.

    Raises:
        DataError: there is no manifest, or it is invalid.
    """
    entries = load_manifest(folder / MANIFEST, path_column="file")
    return [replace(entry, group=f"{entry.label} {entry.group}" if entry.group else "") for entry in entries]


def labelled_files(entries: Sequence[Entry]) -> list[LabelledFile]:
    """The manifest's files, to be read."""
    return [LabelledFile(e.path, e.role, e.label, e.split, e.group, e.source) for e in entries]


def check_manifest_folder(entries: Sequence[Entry], photos: Sequence[Photo], left_out: Sequence[LeftOut]) -> None:
    """Compare the files with the manifest.

    Raises:
        DataError: a photo is missing, unreadable or altered, or near-duplicates are in two splits; names them.
    """
    for lost in left_out:
        is_missing = not lost.path.exists()
        problem = "is in the manifest but not in the folder" if is_missing else f"cannot be read ({lost.reason})"
        raise DataError(f"{lost.path} {problem}. Get the folder again, or remove the row from its {MANIFEST}.")
    expected = {entry.path: entry.sha256 for entry in entries}
    for photo in photos:
        if photo.sha256 != expected[photo.file.path]:
            raise DataError(f"{photo.file.path} is not the photo that the manifest describes (sha256 differs).")
    for group in group_indices(near_duplicate_groups(photos, MANIFEST_FOLDER_BITS)):
        first, *others = (photos[index].file for index in group)
        for other in others:
            if other.split != first.split:
                raise DataError(
                    f"{first.path} ({first.split}) and {other.path} ({other.split}) are near-duplicates. "
                    "Move all of their group to one split."
                )

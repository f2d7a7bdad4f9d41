"""Labels from folders: `FOLDER/Eiffel Tower/…`, or `FOLDER/train/Eiffel Tower/…` beside `FOLDER/test/Eiffel Tower/…`.

`training.data.folder_names` turns the folders' names into labels. A folder `none` or `negatives` contains photos that
show no known landmark; folders inside it name their kinds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tagger.image.formats import SUFFIXES
from training.data.audit import LabelledFile
from training.data.folder_names import FolderLabel, folder_labels, slug
from training.data.manifest import DataError, Split

OTHER = "other"  # the kind of negatives that are not in a folder of their kind
SPLIT_FOLDERS: Mapping[str, Split] = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}

EXPECTED = (
    "Expected one folder for each landmark with photos in it (FOLDER/Eiffel Tower/1.jpg), or these below train/ and "
    "test/ (FOLDER/train/Eiffel Tower/1.jpg)."
)


def list_image_folder(folder: Path) -> list[LabelledFile]:
    """Every image file, by path; hidden files and names that begin with two underscores are ignored.

    Raises:
        DataError: the folder has another layout, a name yields no label, or two names yield the same one.
    """
    if not folder.is_dir():
        raise DataError(f"{str(folder)!r} is not a folder. {EXPECTED}")
    files = [file for split, child, label in _label_folders(folder) for file in _files_of_label(child, label.id, split)]
    if not any(file.role == "landmark" for file in files):
        raise DataError(f"{folder} contains no photos of landmarks: {_content(folder)}. {EXPECTED}")
    return files


def landmark_names(folder: Path) -> dict[str, str]:
    """The name of each landmark whose photos are in a folder, by its id."""
    return {label.id: label.name for _, _, label in _label_folders(folder) if label.id}


def _label_folders(folder: Path) -> Iterator[tuple[Split | None, Path, FolderLabel]]:
    """Each folder of photos with its split, if it has one, and its label."""
    for split, root in _split_folders(folder.resolve()):
        children = _subfolders(root)
        labels = folder_labels(child.name for child in children)
        for child in children:
            yield split, child, labels[child.name]


def _split_folders(folder: Path) -> Iterator[tuple[Split | None, Path]]:
    """The folders that contain the labels' folders, with their split: train/ and so on if there is a train/."""
    children = _subfolders(folder)
    if not any(child.name == "train" for child in children):
        yield None, folder
        return
    for child in children:
        if child.name not in SPLIT_FOLDERS:
            raise DataError(f"{folder} has a folder 'train', but also {child.name!r}, which is not a split. {EXPECTED}")
    for child in children:
        yield SPLIT_FOLDERS[child.name], child


def _files_of_label(folder: Path, label: str, split: Split | None) -> Iterator[LabelledFile]:
    """The photos of one label's folder, at every depth; without a label they are negatives, by their first folder."""
    for path in _image_files(folder):
        if label:
            yield LabelledFile(path, "landmark", label, split)
        else:
            inner = path.relative_to(folder).parts
            yield LabelledFile(path, "negative", (slug(inner[0]) if len(inner) > 1 else "") or OTHER, split)


def _image_files(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_junk(name))
        for name in sorted(files):
            if not _is_junk(name) and name.lower().endswith(SUFFIXES):
                yield Path(root, name)


def _subfolders(folder: Path) -> list[Path]:
    return [child for child in sorted(folder.iterdir()) if child.is_dir() and not _is_junk(child.name)]


def _is_junk(name: str) -> bool:
    """Hidden files, and what macOS adds to archives."""
    return name.startswith((".", "__"))


def _content(folder: Path) -> str:
    names = sorted(child.name + "/" * child.is_dir() for child in folder.iterdir())
    return "it is empty" if not names else "it contains " + ", ".join(names[:5]) + (", …" if len(names) > 5 else "")

"""Labels from folders: `FOLDER/Eiffel Tower/…`, or `FOLDER/train/Eiffel Tower/…` beside `FOLDER/test/Eiffel Tower/…`.

The one rule: a label is the folder's name in plain small letters, and two names that become one label are an error,
never one class. A folder `none` or `negatives` holds photos that show no landmark, by kind in folders of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tagger.core.text import slug
from tagger.image.formats import has_image_suffix
from training.data.audit import Found
from training.data.manifest import DataError, Role, Split

NEGATIVES = ("none", "negatives")
OTHER = "other"  # the kind of negatives that lie in no folder of their own
SPLIT_FOLDERS: Mapping[str, Split] = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
NUMBERED = re.compile(r"\d+\.(?=.)")  # as in 09.Golden_Gate_Bridge

EXPECTED = (
    "Expected one folder for each landmark with photos in it (FOLDER/Eiffel Tower/1.jpg), or these below train/ and "
    "test/ (FOLDER/train/Eiffel Tower/1.jpg)."
)


def found_below(folder: Path) -> list[Found]:
    """Every file with an image's name, by path; hidden files and what begins with two underscores are passed over.

    Raises:
        DataError: the folder is not laid out so, or a name makes no label, or two make one.
    """
    if not folder.is_dir():
        raise DataError(f"{str(folder)!r} is no folder. {EXPECTED}")
    found: list[Found] = []
    for split, root in _roots(folder.resolve()):
        inner = [child for child in sorted(root.iterdir()) if child.is_dir() and not _is_junk(child.name)]
        names = labels(child.name for child in inner)
        for child in inner:
            found += _labelled(child, names[child.name], split)
    if not any(one.role == "landmark" for one in found):
        raise DataError(f"{folder} holds no photos of landmarks: {_shown(folder)}. {EXPECTED}")
    return found


def labels(names: Iterable[str]) -> dict[str, str]:
    """The label of each folder's name; numbers before them (``09.``) go where every name has one.

    Raises:
        DataError: a name has no letters that a label could keep, or two become one label.
    """
    names = list(names)
    landmarks = [name for name in names if name.casefold() not in NEGATIVES]
    cut = all(NUMBERED.match(name) for name in landmarks)
    result = {name: slug(NUMBERED.sub("", name, count=1) if cut else name) for name in landmarks}
    first: dict[str, str] = {}
    for name, made in result.items():
        if not made:
            raise DataError(f"The folder {name!r} makes no label. Give it a name with letters from a to z or digits.")
        if first.setdefault(made, name) != name:
            raise DataError(f"The folders {first[made]!r} and {name!r} both mean {made!r}. Rename one, or join them.")
    return result | {name: "" for name in names if name not in result}


def _roots(folder: Path) -> Iterator[tuple[Split | None, Path]]:
    """The folders that hold the labels' folders; below train/ and its like where there is a train/."""
    inner = [child for child in sorted(folder.iterdir()) if child.is_dir() and not _is_junk(child.name)]
    is_split = {child.name: child.name in SPLIT_FOLDERS for child in inner}
    if not is_split.get("train"):
        yield None, folder
        return
    if not all(is_split.values()):
        strange = next(name for name, known in is_split.items() if not known)
        raise DataError(f"{folder} has a folder 'train', but also {strange!r}, which is no split. {EXPECTED}")
    for child in inner:
        yield SPLIT_FOLDERS[child.name], child


def _labelled(folder: Path, made: str, split: Split | None) -> Iterator[Found]:
    """The photos of one label's folder, at every depth; of negatives the first folder is the kind."""
    for path in _images(folder):
        inner = path.relative_to(folder).parts
        kind = (slug(inner[0]) if len(inner) > 1 else "") or OTHER
        role: Role = "landmark" if made else "negative"
        yield Found(path, role, made or kind, split)


def _images(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_junk(name))
        for name in sorted(files):
            if not _is_junk(name) and has_image_suffix(name):
                yield Path(root, name)


def _is_junk(name: str) -> bool:
    """Hidden, or what archives of a Mac carry beside the photos."""
    return name.startswith((".", "__"))


def _shown(folder: Path) -> str:
    names = sorted(child.name + "/" * child.is_dir() for child in folder.iterdir())
    return "it is empty" if not names else "it holds " + ", ".join(names[:5]) + (", …" if len(names) > 5 else "")

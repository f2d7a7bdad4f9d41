"""The landmarks that folders are named after: an id in plain letters, and the name as it is written.

Ids of names in other scripts are transliterated, so "Кремль" has the id ``kreml`` and keeps its name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from anyascii import anyascii

from training.data.manifest import DataError

NEGATIVES = ("none", "negatives")
NUMBER_PREFIX = re.compile(r"\d+\.(?=.)")  # as in 09.Golden_Gate_Bridge


class FolderLabel(NamedTuple):
    """What a folder's name says about its photos; both fields are empty for negatives.

    Attributes:
        id: of the landmark, e.g. ``eiffel_tower``.
        name: of the landmark, e.g. ``Eiffel Tower``.
    """

    id: str
    name: str


def folder_labels(folders: Iterable[str]) -> dict[str, FolderLabel]:
    """The label of each folder; number prefixes (``09.``) are dropped if every name has one.

    Raises:
        DataError: a name has no letter and no digit, or two names give the same id.
    """
    folders = list(folders)
    landmarks = [folder for folder in folders if folder.casefold() not in NEGATIVES]
    all_numbered = all(NUMBER_PREFIX.match(folder) for folder in landmarks)
    labels: dict[str, FolderLabel] = {}
    first: dict[str, str] = {}
    for folder in landmarks:
        name = NUMBER_PREFIX.sub("", folder, count=1) if all_numbered else folder
        label = labels[folder] = FolderLabel(slug(name), _written(name))
        if not label.id:
            raise DataError(f"The folder name {folder!r} gives no label. Use a name with letters or digits.")
        if first.setdefault(label.id, folder) != folder:
            raise DataError(
                f"The folders {first[label.id]!r} and {folder!r} both give the id {label.id!r}. "
                "Rename one, or merge them."
            )
    return labels | {folder: FolderLabel("", "") for folder in folders if folder not in labels}


def slug(text: str) -> str:
    """A name as a key: ``Château d'If`` becomes ``chateau_dif``; empty if it has no letter and no digit."""
    letters = anyascii(unicodedata.normalize("NFKC", text)).replace("'", "")
    return "_".join(re.findall(r"[a-z0-9]+", letters.lower()))


def _written(folder: str) -> str:
    """A folder's name as people write it. macOS decomposes letters in the names of files (NFD)."""
    name = " ".join(unicodedata.normalize("NFC", folder).replace("_", " ").split())
    return name.title() if name.islower() else name

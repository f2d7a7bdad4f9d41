"""Which files and folders a scan selects: by globs, and without the folders of programs and devices."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tagger.core.run_options import SKIP_FOLDERS
from tagger.image.formats import SUFFIXES

NO_MEDIA = ".nomedia"
IMMICH = ".immich"  # a file that Immich puts into each of its folders
IMMICH_CACHES = ("thumbs", "encoded-video", "profile", "backups")
# How the names of libraries of Photos, iPhoto and Aperture end; old ones of iPhoto have no suffix.
PHOTO_LIBRARIES = (".photoslibrary", ".photolibrary", ".aplibrary", ".migratedphotolibrary", "iphoto library")
ORIGINALS = ("originals", "masters")  # the only folders in such a library that hold a person's own files


@dataclass(frozen=True, slots=True)
class Globs:
    """Globs that select files and folders.

    A pattern with a slash is matched against the path below the scanned folder, one without against the name alone.
    `*` also matches slashes. Case counts, except in `skip_folders`.
    """

    include: Sequence[str] = ()  # only files that match one of these; empty means all
    exclude: Sequence[str] = ()  # no file or folder that matches one of these
    skip_folders: Sequence[str] = SKIP_FOLDERS  # no folder that matches one of these

    @property
    def selects_all_files(self) -> bool:
        return not (self.include or self.exclude)

    def includes_file(self, relative: str, name: str) -> bool:
        if self.include and not _matches(self.include, relative, name):
            return False
        return not (self.exclude and _matches(self.exclude, relative, name))

    def selects(self, relative: str) -> bool:
        """Whether `include` and `exclude` select a file, given by its path below the scanned folder."""
        *folders, name = relative.split("/")
        above = ["/".join(folders[:depth]) for depth in range(1, len(folders) + 1)]
        is_excluded = self.exclude and any(_matches(self.exclude, folder, os.path.basename(folder)) for folder in above)
        return not is_excluded and self.includes_file(relative, name)

    def includes_folder(self, relative: str, name: str) -> bool:
        if self.exclude and _matches(self.exclude, relative, name):
            return False
        return not (self.skip_folders and _matches(self.skip_folders, relative.lower(), name.lower(), is_folded=True))


def is_photo_library(folder: str) -> bool:
    """Whether a folder is a library of Apple's Photos, iPhoto or Aperture."""
    return folder.lower().endswith(PHOTO_LIBRARIES)


def is_original(name: str) -> bool:
    """Whether a folder in a photo library has the originals; the others have previews and edited copies."""
    return name.lower() in ORIGINALS


def is_marked(folder: str, names: Iterable[str]) -> bool:
    """Whether a file in a folder says to leave the folder, and everything below it, alone.

    Args:
        folder: its path.
        names: its entries, or those that begin with a dot.
    """
    return NO_MEDIA in names or (os.path.basename(folder) in IMMICH_CACHES and IMMICH in names)


def would_find(root: str, path: str, globs: Globs) -> bool:
    """Whether a scan of a root would find a file below it, links apart."""
    *folders, name = os.path.relpath(path, root).split(os.sep)
    if any(part.startswith(".") for part in (*folders, name)) or not name.lower().endswith(SUFFIXES):
        return False
    relative, parent = "", root
    for folder in folders:
        if not _would_enter(parent, folder, relative, globs):
            return False
        relative, parent = f"{relative}{folder}/", os.path.join(parent, folder)
    return not is_photo_library(parent) and not _has_mark(parent) and globs.includes_file(relative + name, name)


def _would_enter(parent: str, folder: str, relative: str, globs: Globs) -> bool:
    if is_photo_library(parent) and not is_original(folder):
        return False
    return globs.includes_folder(relative + folder, folder) and not _has_mark(parent)


def _has_mark(folder: str) -> bool:
    return is_marked(folder, [name for name in (NO_MEDIA, IMMICH) if os.path.lexists(os.path.join(folder, name))])


def _matches(patterns: Sequence[str], relative: str, name: str, *, is_folded: bool = False) -> bool:
    by_name, by_path = _compiled(tuple(patterns), is_folded)
    return bool((by_name and by_name.match(name)) or (by_path and by_path.match(relative)))


@lru_cache(maxsize=16)
def _compiled(patterns: tuple[str, ...], is_folded: bool) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """One expression for the patterns without a slash, and one for those with one."""
    folded = [pattern.lower() if is_folded else pattern for pattern in patterns]
    by_name = [fnmatch.translate(pattern) for pattern in folded if "/" not in pattern]
    by_path = [fnmatch.translate(pattern) for pattern in folded if "/" in pattern]
    return tuple(re.compile("|".join(group)) if group else None for group in (by_name, by_path))  # type: ignore[return-value]

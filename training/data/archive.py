"""Check and unpack the course's archive of landmark photos.

The one rule: an archive is not trusted. Nothing is written before every entry's name, kind and size is checked, only
images below train/ and test/ are unpacked, and no entry can be written outside its folder.
"""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from tagger.core.text import counted
from tagger.image.formats import SUFFIXES
from training.data.manifest import DataError

# 50 landmarks of the Google Landmarks Dataset v2, as Udacity's course publishes them.
COURSE_URL = "https://udacity-dlnfd.s3-us-west-1.amazonaws.com/datasets/landmark_images.zip"

MAX_FILES = 200_000
MAX_FILE_BYTES = 100_000_000
MAX_BYTES = 50_000_000_000
MAX_RATIO = 100  # photos are compressed already; only a zip bomb grows like this
SMALL_BYTES = 1_000_000  # so does a small blank picture

SPLITS = ("train", "test")
UNSAFE = re.compile(r"\\|\0|^[A-Za-z]:")  # separators and drives of other systems
LAYOUT = "train/NN.Name/ and test/NN.Name/ with the same names, perhaps below one folder"


def extract(archive: Path, to: Path) -> Path:
    """Unpack the photos into `to`/train and `to`/test, except those that exist already.

    Returns:
        `to`, which then contains only the photos of this archive.

    Raises:
        DataError: the archive is damaged, hostile, or does not have the course's layout. Nothing is written then,
            unless the damage shows only while unpacking.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            _check_sizes(archive, entries)
            photos = _photos(archive, _images(archive, entries))
            _check_target(to, photos)
            for path, entry in tqdm(photos.items(), desc="unpacking", unit=" photos", disable=None):
                _unpack(opened, entry, to / path)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(f"{archive} is not a complete zip archive ({error}). Delete and download it again.") from error
    except (NotImplementedError, RuntimeError) as error:  # an unknown compression; a password
        raise DataError(f"{archive} cannot be unpacked ({error}). Unpack it yourself and use --folder.") from error
    except OSError as error:
        raise DataError(f"{archive} cannot be unpacked into {to} ({error}). Check both paths and the disk.") from error
    return to


def _check_sizes(archive: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse what would fill the disk; zipfile never reads more of an entry than the size that it declares."""
    if len(entries) > MAX_FILES:
        raise DataError(f"{archive} has {len(entries):,} entries; more than {MAX_FILES:,} are not unpacked.")
    for entry in entries:
        if entry.file_size > MAX_FILE_BYTES:
            raise DataError(
                f"{archive}: {entry.filename!r} would take {entry.file_size:,} bytes. Nothing was unpacked."
            )
        if entry.file_size > max(SMALL_BYTES, MAX_RATIO * entry.compress_size):
            raise DataError(
                f"{archive}: {entry.filename!r} would grow more than {MAX_RATIO} times, which no photo does. "
                "Nothing was unpacked."
            )
    if (total := sum(entry.file_size for entry in entries)) > MAX_BYTES:
        raise DataError(f"{archive} would take {total:,} bytes; more than {MAX_BYTES:,} are not unpacked.")


def _images(archive: Path, entries: Iterable[zipfile.ZipInfo]) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The images by their path; the name of every entry is checked, images or not."""
    images: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for entry in entries:
        path = _safe_path(archive, entry)
        is_junk = any(part.startswith((".", "__")) for part in path.parts)
        if entry.is_dir() or is_junk or not path.name.lower().endswith(SUFFIXES):
            continue
        if path in images:
            raise DataError(f"{archive} has two entries named {entry.filename!r}. Nothing was unpacked.")
        images[path] = entry
    return images


def _safe_path(archive: Path, entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or UNSAFE.search(entry.filename) or not path.parts:
        raise DataError(f"{archive}: {entry.filename!r} would be written outside its folder. Nothing was unpacked.")
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise DataError(f"{archive}: {entry.filename!r} is a link or a device, not a file. Nothing was unpacked.")
    return path


def _photos(archive: Path, images: Mapping[PurePosixPath, zipfile.ZipInfo]) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The images of the course's layout, by their path from train/ or test/ on; others are ignored."""
    tops = {path.parts[:at] for path in images for at in (0, 1) if path.parts[at : at + 1] in (("train",), ("test",))}
    top = min(tops, key=lambda parts: (len(parts), parts), default=())
    below = {path: PurePosixPath(*path.parts[len(top) :]) for path in images if path.parts[: len(top)] == top}
    photos = {inner: images[path] for path, inner in below.items() if len(inner.parts) > 2 and inner.parts[0] in SPLITS}
    train, test = ({path.parts[1] for path in photos if path.parts[0] == split} for split in SPLITS)
    if train and train == test:
        return photos
    found = f"{counted(len(train), 'folder')} in train/ and {len(test)} in test/"
    if odd := sorted(train ^ test):
        found += f", {odd[0]!r} in only one of them"
    elif images:
        found = repr(str(min(images)))
    raise DataError(f"{archive} does not have the layout of the course's archive. Expected {LAYOUT}; found {found}.")


def _check_target(to: Path, photos: Iterable[PurePosixPath]) -> None:
    """Refuse a folder with other photos, which would count as this archive's."""
    expected = {to / path for path in photos}
    for file in (path for split in SPLITS for path in (to / split).rglob("*")):
        if file.is_file() and file not in expected and file.name.lower().endswith(SUFFIXES):
            raise DataError(f"{file} exists and is not from this archive. Choose another folder with --to.")


def _unpack(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Write one photo atomically; zipfile verifies its checksum while reading."""
    if target.is_file() and target.stat().st_size == entry.file_size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    with opened.open(entry) as source, part.open("wb") as file:
        shutil.copyfileobj(source, file)
    part.replace(target)

"""A folder of photos on the disk, and what a scan of it should find."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.drawn import encoded
from tests.library.sequences.reference import Stamps

SIZE_BYTES, MTIME_NS = 2000, 10**18  # of every file: only the ctime tells a replaced one
BROKEN = b"no photo".ljust(SIZE_BYTES)
ROOT_NAMES = ("one", "two", "three")  # two of them are there at a time
FOLDERS = [(root, folder) for root in (0, 1) for folder in ("", "in", "skip")]
PATHS = [(root, os.path.join(folder, name)) for root, folder in FOLDERS for name in ("a.png", "skip.png")]

Place = tuple[int, str]  # which root, and a path below it


class Disk:
    """Two roots with photos; their names change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roots = list(ROOT_NAMES[:2])
        self.contents: dict[str, bytes] = {}  # some file with each picture
        self.pictures: dict[str, str] = {}  # by sha256
        for name in self.roots:
            self.root(name).mkdir(parents=True)

    def root(self, name: str) -> Path:
        return self.folder / name

    def path(self, place: Place) -> Path:
        return self.root(self.roots[place[0]]) / place[1]

    def existing(self, pick: int) -> Path | None:
        """Any of the files."""
        files = sorted(self.folder.glob("*/**/*.png"))
        return files[pick % len(files)] if files else None

    def write(self, path: Path, data: bytes) -> None:
        """Write a file whose size and modification time are those of every other file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        before = stamps_of(path) if path.exists() else None
        while not path.exists() or stamps_of(path) == before:  # the clock of the file system is coarse
            path.write_bytes(data)
            os.utime(path, ns=(MTIME_NS, MTIME_NS))
        assert path.stat().st_size == SIZE_BYTES

    def rename(self, path: Path, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        path.replace(to)

    def rename_root(self, number: int) -> str:
        """Give a root the free name, and return its old one."""
        old, new = self.roots[number], next(name for name in ROOT_NAMES if name not in self.roots)
        self.root(old).rename(self.root(new))
        self.roots[number] = new
        return old

    def scan(self, root: Path, *, without_skipped: bool) -> dict[str, tuple[str, Stamps]]:
        """Picture and stamps of the files in a folder, in the order of a scan, by path."""
        found: dict[str, tuple[str, Stamps]] = {}
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not (without_skipped and name.startswith("skip")))
            for name in sorted(names):
                if not (without_skipped and name.startswith("skip")):
                    path = os.path.join(folder, name)
                    found[path] = (self.picture(Path(path).read_bytes()), stamps_of(path))
        return found

    def picture(self, data: bytes) -> str:
        """The name of a file's picture."""
        sha256 = hashlib.sha256(data).hexdigest()
        name = sha256 if data == BROKEN else hashlib.sha256(pixels(data)).hexdigest()
        self.contents.setdefault(name, data)
        self.pictures[sha256] = name
        return name


def photo(shade: tuple[int, int, int], number: int, comment: int) -> bytes:
    """A photo of one shade; a number is in a pixel, a comment in its metadata alone."""
    image = Image.new("RGB", (40, 40), shade)
    image.putpixel((0, 0), (number, 0, 0))

    def with_text(length: int) -> bytes:
        text = PngInfo()
        text.add_text("Comment", f"{comment}".ljust(length))
        return encoded(image, "PNG", pnginfo=text)

    return with_text(SIZE_BYTES - len(with_text(1)) + 1)


def stamps_of(path: str | Path) -> Stamps:
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def with_comment(data: bytes, comment: int) -> bytes:
    """The same picture with another comment; what is no picture stays as it is."""
    if data == BROKEN:
        return data
    *_, red, green, blue = pixels(data)
    return photo((red, green, blue), pixels(data)[0], comment)


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").tobytes()

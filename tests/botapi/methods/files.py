"""Files that people and the bot sent. Equal bytes have the same file_unique_id, but different file_ids."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from tests.botapi.methods.errors import ApiError, bad_request

DOWNLOAD_LIMIT = 20 * 1024 * 1024  # bytes; getFile refuses more
PHOTO_SIDE = 1280  # px, what an app scales a photo to
THUMBNAIL_SIDES = (90, 320, 800)  # px
UNREADABLE_SIZE = (1280, 960)  # px, said of a photo that no decoder opens

Json = dict[str, Any]


@dataclass(slots=True)
class StoredFile:
    file_id: str
    unique_id: str
    folder: str
    extension: str
    size: int
    content: bytes | Callable[[], bytes]
    path: str | None = None  # where it can be downloaded, once getFile was asked

    def read(self) -> bytes:
        if not isinstance(self.content, bytes):
            self.content = self.content()
        return self.content

    @property
    def json(self) -> Json:
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": self.size}


class Files:
    """All files by id and by path. A file may claim a larger size than its content, to stand for a huge one."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._numbers = itertools.count(1)

    def add(self, content: bytes, folder: str, extension: str, size: int | None = None) -> StoredFile:
        return self._store(content, _unique(content), folder, extension, len(content) if size is None else size)

    def _store(
        self, content: bytes | Callable[[], bytes], unique: str, folder: str, extension: str, size: int
    ) -> StoredFile:
        file_id = f"AgACAgIAAxkBAAI{next(self._numbers):06}{unique}"
        stored = StoredFile(file_id, unique, folder, extension, size, content)
        self._by_id[file_id] = stored
        return stored

    def get(self, file_id: str) -> StoredFile:
        if file_id not in self._by_id:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        return self._by_id[file_id]

    def link(self, file_id: str) -> Json:
        """The answer to getFile: the file, with a path that can be downloaded from now on."""
        stored = self.get(file_id)
        if not isinstance(stored.content, bytes):  # a thumbnail, drawn now
            stored.size = len(stored.read())
        if stored.size > DOWNLOAD_LIMIT:
            raise bad_request("file is too big")
        if stored.path is None:
            stored.path = f"{stored.folder}/file_{next(self._numbers)}.{stored.extension}"
        self._by_path[stored.path] = stored
        return stored.json | {"file_path": stored.path}

    def open(self, path: str) -> bytes:
        if path not in self._by_path:
            raise ApiError(404, "Not Found")
        return self._by_path[path].read()

    def expire_links(self) -> None:
        """Invalidate all paths, as happens to each an hour after getFile; file ids stay valid."""
        self._by_path.clear()

    def photo(self, content: bytes) -> list[Json]:
        """The sizes of a photo, the largest last. Like an app, this sends at most 1280 px and no EXIF data."""
        content, (width, height) = _as_sent(content)
        full = self.add(content, "photos", "jpg")
        sides = [side for side in THUMBNAIL_SIDES if side < max(width, height)]
        largest = full.json | {"width": width, "height": height}
        return [*(self._thumbnail(full, (width, height), side) for side in sides), largest]

    def _thumbnail(self, full: StoredFile, size: tuple[int, int], side: int) -> Json:
        """A thumbnail, drawn only when it is downloaded; so the optional file_size is left out."""
        unique = f"{full.unique_id[:-3]}{side:03x}"
        stored = self._store(lambda: _thumbnail(full.read(), side), unique, "thumbnails", "jpg", 0)
        width, height = (max(1, round(length * side / max(size))) for length in size)
        return {"file_id": stored.file_id, "file_unique_id": unique, "width": width, "height": height}


def _unique(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()[:15]).decode()


def _as_sent(content: bytes) -> tuple[bytes, tuple[int, int]]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.format == "JPEG" and max(image.size) <= PHOTO_SIDE and not image.getexif():
                return content, image.size
        scaled = _scaled(content, PHOTO_SIDE)
        with Image.open(io.BytesIO(scaled)) as image:
            return scaled, image.size
    except (UnidentifiedImageError, OSError):
        return content, UNREADABLE_SIZE


def _thumbnail(content: bytes, side: int) -> bytes:
    """A smaller copy, or the bytes themselves if no decoder opens them."""
    try:
        return _scaled(content, side)
    except (UnidentifiedImageError, OSError):
        return content


def _scaled(content: bytes, side: int) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((side, side))
    buffer = io.BytesIO()
    upright.save(buffer, "JPEG", quality=87)
    return buffer.getvalue()

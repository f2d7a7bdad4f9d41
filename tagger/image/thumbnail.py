"""Small copies of photos, without metadata: for HTML pages, and for the gallery."""

from __future__ import annotations

import base64
import io
import os
import secrets
from pathlib import Path

from PIL import Image

from tagger.core.errors import PhotoError
from tagger.core.run_options import Limits
from tagger.image.decode import decode
from tagger.image.source import open_source

SIDE_PX = 320  # sharp at half this size on a phone
QUALITY = 70  # about 15 kB

WEBP_QUALITY = 78
WEBP_EFFORT = 3  # of 6; more takes twice as long for a few percent


def webp(image: Image.Image, side_px: int) -> bytes:
    """A copy of an upright image with at most this long side, as WebP."""
    image.thumbnail((side_px, side_px))
    file = io.BytesIO()
    image.save(file, "WEBP", quality=WEBP_QUALITY, method=WEBP_EFFORT)
    return file.getvalue()


def copy_file(folder: str | os.PathLike[str], kind: str, sha256: str) -> Path:
    """Where the copy of a photo is kept in a folder.

    Args:
        folder: of all copies.
        kind: the copy's, such as thumbnail.
        sha256: identifies the photo.
    """
    return Path(folder) / kind / sha256[:2] / f"{sha256}.webp"


def keep_copy(file: Path, copy: bytes) -> None:
    """Write a copy; its file is complete as soon as it has its name."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    draft.write_bytes(copy)
    draft.replace(file)


def data_uri(path: str, side_px: int = SIDE_PX) -> str | None:
    """Encode the upright photo as a small JPEG in a data URI; None if it cannot be read."""
    limits = Limits()
    try:
        with open_source(path, limits) as source:
            image = decode(source.content, min_side_px=side_px, max_pixels=limits.max_pixels).image
    except PhotoError:
        return None
    image.thumbnail((side_px, side_px))
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.getvalue()).decode('ascii')}"

"""From a file's bytes to an upright RGB image, or a `PhotoError` that says why not.

The one rule: a broken photo never becomes a wrong answer. Everything Pillow raises is translated here.
"""

from __future__ import annotations

import io
import math
import os
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from tagger.core.errors import PhotoError
from tagger.core.types import PhotoInfo, Position
from tagger.image.orientation import TURNED, upright

KINDS = {
    "not_found": "the file vanished before it was read",
    "permission": "the file may not be read",
    "not_a_file": "a folder or a device that carries an image's name",
    "empty": "the file holds no bytes",
    "unsupported": "no image format that is known here (HEIC needs the extra 'heif')",
    "too_large": "more bytes or pixels than the limits allow",
    "truncated": "the file ends before the image does",
    "corrupt": "the image data contradicts itself",
    "io_error": "the disk or network drive failed while reading",
    "timed_out": "decoding took longer than the limit",
    "decoder_crashed": "the process that decoded it died, or made no sense",
    "engine_failed": "the model has no answer to it, though it has to others",
    "process_died": "several runs died while it was in work",
}

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")  # JPEG includes MPO, which some phones write
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")

MAGIC = (  # offset and bytes by which a file says what it is
    (0, b"\xff\xd8\xff"), (0, b"\x89PNG"), (0, b"GIF8"), (0, b"II*\0"), (0, b"MM\0*"), (8, b"WEBP"), (8, b"avif"),
)  # fmt: skip
ENDS_EARLY = ("truncated", "unexpected end", "ends early", "not enough")
EXIF_DATE = "%Y:%m:%d %H:%M:%S"  # EXIF 2.32, section 4.6.5

# Pillow's own limit warns at 89 and raises at 179 megapixels, for the whole process; `max_pixels` takes its place.
Image.MAX_IMAGE_PIXELS = None
PngImagePlugin.MAX_TEXT_CHUNK = 100_000_000  # bytes; a long comment in a PNG is no reason to refuse the photo
# Broken metadata beside a sound image (a bad EXIF entry, a palette's transparency in bytes) is no news to anybody.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(frozen=True, slots=True)
class Decoded:
    """An upright RGB image, perhaps smaller than its file says; `info` keeps the file's own size."""

    image: Image.Image
    info: PhotoInfo


def read(path: str, max_bytes: int) -> bytes:
    """The bytes of a file.

    Raises:
        PhotoError: kinds not_found, permission, not_a_file, empty, too_large, io_error.
    """
    try:
        with open(path, "rb", opener=_without_blocking) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise PhotoError("not_a_file", "it is a device or a pipe, not a file")
            if status.st_size > max_bytes:
                raise PhotoError("too_large", f"{status.st_size:,} bytes; the limit max_file_bytes is {max_bytes:,}")
            data = file.read()
    except FileNotFoundError as error:
        raise PhotoError("not_found", "the file is no longer there") from error
    except PermissionError as error:
        raise PhotoError("permission", "no permission to read it") from error
    except IsADirectoryError as error:
        raise _of_folder(path) from error
    except OSError as error:
        raise PhotoError("io_error", f"reading failed: {error.strerror or error}") from error
    if not data:
        raise PhotoError("empty", "the file is empty")
    return data


def _of_folder(path: str) -> PhotoError:
    """A scan passes a folder that it could not list on like a file, so that this says why."""
    try:
        os.scandir(path).close()
    except OSError as error:
        return PhotoError("io_error", f"the folder cannot be listed: {error.strerror or error}")
    return PhotoError("not_a_file", "it is a folder with an image's name")


def _without_blocking(path: str, flags: int) -> int:
    """Opens a named pipe at once instead of waiting for its other end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def decode(data: bytes, *, min_side_px: int, max_pixels: int) -> Decoded:
    """Decode one photo.

    Args:
        data: a whole file.
        min_side_px: JPEGs are decoded at a fraction (1/2, 1/4, 1/8) of their size as long as the short
            side keeps this many pixels: measured at 2.3 ms against 7.3 ms for 800×600 px.
        max_pixels: a photo that needs more of them in memory is refused before memory is taken for it.

    Returns:
        The first frame, turned as EXIF says, on white where it is transparent, 8 bits a channel.

    Raises:
        PhotoError: kinds unsupported, too_large, truncated, corrupt.
    """
    image = _open(data)
    width, height = image.size
    file_format = str(image.format)
    image.draft("RGB", _draft_size(width, height, min_side_px))
    held = (width, height) if image.info.get("progressive") else image.size  # libjpeg holds a progressive one whole
    if held[0] * held[1] > max_pixels:
        raise PhotoError("too_large", f"{width}×{height} pixels; the limit max_pixels is {max_pixels:,}")
    photo = upright_rgb(image, min_side_px)
    exif = _exif(image)
    size = (height, width) if exif.get(ExifTags.Base.Orientation) in TURNED else (width, height)
    info = PhotoInfo(*size, file_format, _taken_at(exif))
    at = _position(exif)
    return Decoded(photo, replace(info, lat=at.lat, lon=at.lon) if at else info)


def position(data: bytes) -> Position | None:
    """Where a photo says that it was taken; None where it does not say, or nothing that can be."""
    try:
        return _position(_exif(_open(data)))
    except PhotoError:
        return None


def _position(exif: Image.Exif) -> Position | None:
    try:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef) == "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef) == "W")
    except Exception:  # a photo without sound coordinates is still a photo
        return None
    is_nowhere = (lat, lon) == (0, 0) or not (abs(lat) <= 90 and abs(lon) <= 180)  # 0, 0: a receiver without a fix
    return None if is_nowhere else Position(lat, lon)


def upright_rgb(image: Image.Image, min_side_px: int) -> Image.Image:
    """An opened image, turned as its EXIF says, on white where it is transparent, 8 bits a channel.

    Args:
        min_side_px: a much larger image is first reduced by a whole factor that leaves twice this short side.

    Raises:
        PhotoError: kinds too_large, truncated, corrupt.
    """
    try:
        image.load()
        return upright(image, _exif(image).get(ExifTags.Base.Orientation, 1), min_side_px)
    except MemoryError as error:
        raise PhotoError("too_large", f"{image.width}×{image.height} pixels do not fit into memory") from error
    except Exception as error:  # whatever a codec raises on hostile bytes, it is this photo's failure
        raise _translated(error) from error


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=_formats(data))
    except UnidentifiedImageError as error:
        if any(data[at : at + len(magic)] == magic for at, magic in MAGIC):
            raise PhotoError("truncated", "the file ends before the image begins, or its header is damaged") from error
        hint = "; HEIC photos need the extra 'heif'" if data[8:12] in HEIF_BRANDS else ""
        raise PhotoError("unsupported", f"not an image of a known format{hint}") from error
    except Exception as error:
        if data[:4] == b"RIFF" and len(data) < 8 + int.from_bytes(data[4:8], "little"):  # WebP tells its own length
            raise PhotoError("truncated", "the file ends before the image does") from error
        raise _translated(error) from error


def _formats(data: bytes) -> tuple[str, ...]:
    """Pillow's readers to try: HEIF only for its own brands, so that its package loads only then."""
    if data[8:12] not in HEIF_BRANDS:
        return FORMATS
    try:
        import pillow_heif
    except ImportError:
        return FORMATS
    pillow_heif.register_heif_opener()
    return (*FORMATS, "HEIF")


def _translated(error: Exception) -> PhotoError:
    text = str(error) or type(error).__name__
    if any(word in text.lower() for word in ENDS_EARLY) or isinstance(error, EOFError):
        return PhotoError("truncated", f"the file ends before the image does ({text})")
    return PhotoError("corrupt", f"the image data is damaged ({text})")


def _draft_size(width: int, height: int, min_side_px: int) -> tuple[int, int]:
    """The smallest (width, height) whose short side still has `min_side_px`."""
    scale = min_side_px / max(1, min(width, height))
    return (math.ceil(width * scale), math.ceil(height * scale))


def _exif(image: Image.Image) -> Image.Exif:
    """The metadata; none where it is broken, since the photo beside it may be sound."""
    try:
        return image.getexif()
    except Exception:  # Pillow parses lazily and raises many things
        return Image.Exif()


def _degrees(parts: Sequence[Any], is_negative: bool) -> float:
    """From EXIF's degrees, minutes and seconds, EXIF 2.32, section 4.6.6."""
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if is_negative else value


def _taken_at(exif: Image.Exif) -> datetime | None:
    """The moment of exposure by the camera's clock; None where EXIF has none or an impossible one."""
    try:
        details = exif.get_ifd(ExifTags.IFD.Exif)
        text = details.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
        return datetime.strptime(str(text).strip("\0 "), EXIF_DATE)
    except Exception:  # a photo without a sound date is still a photo
        return None

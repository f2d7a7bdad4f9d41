"""Open a photo like `Image.open`, but without Pillow's process-wide limit on pixels."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from typing import IO

from PIL import Image

from tagger.core.errors import PhotoError
from tagger.core.extras import install_command
from tagger.image.codecs import jxl
from tagger.image.formats import SUFFIXES_BY_FORMAT, begins_like_an_image, is_heif
from tagger.image.limits import check_webp

Opener = Callable[[IO[bytes], str], Image.Image]

HEADER_BYTES = 16
ENDS_EARLY = ("truncated", "unexpected end", "ends early", "not enough")
OUT_OF_MEMORY = ("out of memory", "memory allocation", "bad_alloc", "cannot allocate")


def open_photo(data: bytes, max_pixels: int) -> Image.Image:
    """Open a photo without decoding its pixels, except a JPEG XL and some TIFFs.

    Args:
        data: a whole file.
        max_pixels: limits the memory of those that are decoded.

    Raises:
        PhotoError: kinds unsupported, truncated, corrupt, too_large.
    """
    check_webp(data, max_pixels)
    try:
        for opener in _openers(data, max_pixels):
            with suppress(SyntaxError, IndexError, TypeError, struct.error):  # another format, or a damaged header
                return opener(io.BytesIO(data), "")
    except PhotoError:
        raise
    except Exception as error:
        raise photo_error(error) from error
    if begins_like_an_image(data):
        raise PhotoError("truncated", "the file ends before the image begins, or its header is damaged")
    lacks_heif = is_heif(data) and find_spec("pillow_heif") is None
    hint = f"; HEIC photos need the extra 'heif': {install_command('heif')}" if lacks_heif else ""
    raise PhotoError("unsupported", f"not an image of a known format{hint}")


def open_large_tiff(file: IO[bytes], max_pixels: int) -> Image.Image:
    """Open a TIFF so that only what is being decoded is in memory.

    Raises:
        PhotoError: as `open_photo`.
    """
    from tagger.image.codecs.tiff import open_tiff

    try:
        return open_tiff(file, "", max_pixels)
    except (SyntaxError, IndexError, TypeError, struct.error) as error:
        raise PhotoError("truncated", "the file ends before the image begins, or its header is damaged") from error
    except Exception as error:
        raise photo_error(error) from error


def _openers(data: bytes, max_pixels: int) -> Iterator[Opener]:
    """The readers for a file with this beginning; Pillow's modules are loaded on demand."""
    if jxl.is_jxl(data):
        yield lambda _file, _name: jxl.open_jxl(data, max_pixels)
    Image.preinit()
    for name in SUFFIXES_BY_FORMAT:
        if name == "HEIF":
            continue
        if name not in Image.OPEN:
            Image.init()
        opener, accepts = Image.OPEN[name]
        if accepts is None or accepts(data[:HEADER_BYTES].ljust(HEADER_BYTES, b"\0")) is True:  # some need all of it
            if name == "TIFF":
                from tagger.image.codecs.tiff import open_tiff

                yield partial(open_tiff, max_pixels=max_pixels)
            else:
                yield opener
    if is_heif(data):
        with suppress(ImportError):
            from pillow_heif import HeifImageFile

            yield HeifImageFile


def photo_error(error: Exception) -> PhotoError:
    """Translate a codec's error."""
    if isinstance(error, PhotoError):
        return error
    text = str(error) or type(error).__name__
    if isinstance(error, Image.DecompressionBombError):
        return PhotoError("too_large", text)
    if isinstance(error, MemoryError) or any(words in text.lower() for words in OUT_OF_MEMORY):
        return PhotoError("too_large", f"it does not fit into memory ({text})")
    if any(word in text.lower() for word in ENDS_EARLY) or isinstance(error, EOFError):
        return PhotoError("truncated", f"the file ends before the image does ({text})")
    return PhotoError("corrupt", f"the image data is damaged ({text})")

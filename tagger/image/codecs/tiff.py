"""TIFFs that Pillow does not read, or reads wrongly: deep, float, planar, min-is-white, with odd extra samples."""

from __future__ import annotations

import io
import math
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from tagger.core.errors import PhotoError
from tagger.image.depth import eight_bits
from tagger.image.limits import check_bytes

if TYPE_CHECKING:
    from tifffile import TiffPage

SUBFILE_TYPE, REDUCED = 254, 1  # a page that is a thumbnail of another one
BITS_PER_SAMPLE, PHOTOMETRIC, ORIENTATION, PLANAR, COLOUR_MAP = 258, 262, 274, 284, 320
MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK = 0, 1, 2, 3, 5
COLOURS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, CMYK: 4}  # samples that are no extra ones
MODES = {1: "L", 3: "RGB", 4: "CMYK"}
ALPHA_MODES = {(1, 1): "La", (1, 2): "LA", (3, 1): "RGBa", (3, 2): "RGBA"}  # by colours and kind of the extra sample


def open_tiff(file: IO[bytes], name: str, max_pixels: int) -> Image.Image:
    """Open a TIFF like Pillow, or read it here if Pillow would not read it correctly.

    Args:
        max_pixels: limits the memory of what is read here, see `tagger.image.limits`.

    Raises:
        SyntaxError: it is not a TIFF.
        PhotoError: kinds unsupported, truncated, too_large.
    """
    try:
        image = TiffImageFile(file, name)
        _seek_picture(image)
    except (SyntaxError, KeyError):
        image = None
    if image is None or not _is_read_rightly(image):
        file.seek(0)
        return _read(file.read(), max_pixels)
    if ORIENTATION not in image.tag_v2:
        image.getexif()[ORIENTATION] = 1  # else Pillow would turn it by XMP's orientation, as viewers do not
    return image


def _seek_picture(image: TiffImageFile) -> None:
    """Go to the first page that is not a thumbnail; some programs write that one first."""
    try:
        while image.tag_v2.get(SUBFILE_TYPE, 0) & REDUCED:
            image.seek(image.tell() + 1)
    except EOFError:
        image.seek(0)


def _is_read_rightly(image: TiffImageFile) -> bool:
    tags = image.tag_v2
    bits = max(tags.get(BITS_PER_SAMPLE, (1,)))
    if bits <= 8:
        return image.mode != "P" or max(tags[COLOUR_MAP]) > 255
    is_negative = tags.get(PHOTOMETRIC) == MIN_IS_WHITE
    return bits == 16 and tags.get(PLANAR, 1) == 1 and not is_negative and image.mode not in ("I", "F")


def _read(data: bytes, max_pixels: int) -> Image.Image:
    from tifffile import TiffFile, TiffFileError

    try:
        with TiffFile(io.BytesIO(data)) as tiff:
            pages = (page.aspage() for page in tiff.pages)
            page = next((page for page in pages if not page.subfiletype & REDUCED), tiff.pages.first)
            _check(page, len(data), max_pixels)
            try:
                image = _image(page, page.asarray(maxworkers=1))
            except (ValueError, NotImplementedError) as error:  # a codec is missing
                raise PhotoError("unsupported", f"{_description(page)} cannot be read: {error}") from error
    except TiffFileError as error:
        raise SyntaxError(str(error)) from error
    image.format = "TIFF"
    image.info["exif"] = data  # EXIF is a TIFF
    return image


def _check(page: TiffPage, file_bytes: int, max_pixels: int) -> None:
    """Check the size and the place of the samples, and that their order is a known one.

    Raises:
        SyntaxError: its tags are damaged.
        PhotoError: kinds too_large, truncated, unsupported.
    """
    if not page.dataoffsets or not page.imagewidth:
        raise SyntaxError("damaged tags")
    check_bytes((page.imagewidth, page.imagelength), file_bytes + _needed_bytes(page), max_pixels)
    ends = map(sum, zip(page.dataoffsets, page.databytecounts, strict=True))
    if max(ends, default=0) > file_bytes:
        raise PhotoError("truncated", "the file ends before the image does")
    if page.photometric not in COLOURS or page.axes not in ("YX", "YXS", "SYX"):
        raise PhotoError("unsupported", f"{_description(page)} cannot be read")


def _needed_bytes(page: TiffPage) -> int:
    """The samples, a strip or tile three times while it is decoded, the samples in 8 bits, and Pillow's image."""
    itemsize = page.nbytes // max(1, page.size)
    strip = 0 if page.is_contiguous else math.prod(page.chunks) * itemsize
    image_bytes = (4 if page.samplesperpixel > 1 else 1) * page.imagewidth * page.imagelength
    return page.nbytes + 3 * strip + page.size + image_bytes


def _description(page: TiffPage) -> str:
    compression = getattr(page.compression, "name", page.compression)
    return f"a TIFF of {page.samplesperpixel} × {page.dtype or page.bitspersample} ({compression})"


def _image(page: TiffPage, samples: NDArray[Any]) -> Image.Image:
    """An image of 8-bit samples.

    Args:
        samples: (H, W), (H, W, S) or (S, H, W).
    """
    if samples.ndim == 2:
        samples = samples[..., None]
    elif page.axes == "SYX":
        samples = np.moveaxis(samples, 0, 2)  # (H, W, S)
    colours = COLOURS[page.photometric]
    extra = page.extrasamples[0] if page.extrasamples else 0
    mode = ALPHA_MODES.get((colours, extra), MODES[colours])
    if page.photometric == PALETTE and page.colormap is not None:
        return _from_palette(samples[..., 0], page.colormap)
    levels = eight_bits(samples[..., : Image.getmodebands(mode)])
    if page.photometric == MIN_IS_WHITE and samples.dtype.kind != "f":  # floats are written so without being meant so
        np.subtract(255, levels, out=levels)
    height, width = levels.shape[:2]
    return Image.frombytes(mode, (width, height), np.ascontiguousarray(levels).data)


def _from_palette(indices: NDArray[Any], palette: NDArray[Any]) -> Image.Image:
    """Look the colours up.

    Args:
        indices: (H, W).
        palette: (3, N), of 16 bits, or of 8 where a program misread the standard.
    """
    levels = palette >> 8 if palette.max() > 255 else palette
    return Image.fromarray(np.moveaxis(levels.astype(np.uint8)[:, indices], 0, 2))  # (H, W, 3)

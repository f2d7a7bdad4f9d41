"""Whether a file is whole, by what it says about itself: decoders silently fill what is missing with a colour.

The one rule: a half photo is refused, and a sound one never is.
"""

from __future__ import annotations

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from tagger.core.errors import PhotoError
from tagger.image.codecs import iso_media, jpeg, png, webp

CODESTREAM_START, CODESTREAM_END = b"\xff\x4f\xff\x51", b"\xff\xd9"  # of JPEG 2000


def mended(data: bytes) -> bytes:
    """A file in the form that its decoder reads best: without damage that affects no pixels.

    Raises:
        PhotoError: kinds truncated, corrupt; pixels are missing or damaged.
    """
    if data.startswith(jpeg.START):
        return jpeg.completed(data)
    if data.startswith(png.SIGNATURE):
        return png.cleaned(data)
    if webp.is_webp(data):
        return webp.mended(data)
    if iso_media.is_iso(data):
        iso_media.check(data)
    elif data.startswith(CODESTREAM_START) and CODESTREAM_END not in data:
        raise PhotoError("truncated", "the file ends before the image does")
    return data


def check_decoded(image: Image.Image, file: bytes, data: bytes) -> None:
    """Check that a decoded JPEG or WebP has all its rows, if that is in doubt.

    Args:
        image: decoded.
        file: the whole file.
        data: what `mended` made of it.

    Raises:
        PhotoError: kind truncated or corrupt.
    """
    if image.format == "WEBP":
        webp.check_decoded(data)
    if isinstance(image, JpegImageFile):
        scale = image.decoderconfig[0] if image.decoderconfig else 1
        if (data is not file or jpeg.ends_grey(image)) and not jpeg.is_whole(file, scale):
            raise PhotoError("truncated", "the file ends before the image does")
        jpeg.check_flat(data, scale)

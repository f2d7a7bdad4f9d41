"""A hash of what decides a file's pixels. Edited metadata leave it as it is.

The one rule: two files have one hash only if they decode to the same upright picture. So whatever is not understood has
no hash, and is identified by its bytes alone.

Counted: all coded data of the first picture, its transparency and its animation; tables, frames and headers; how the
colours are coded; and which side is up, by EXIF or by HEIC's own properties.

Not counted: EXIF otherwise, XMP, IPTC, texts, comments, thumbnails, resolution, and colour profiles, which no decoder
here applies. What stands behind a JPEG's picture (a film, a second picture) does not count either.

Different files have different hashes even if they look the same: a lossless recompression, another order of tables, and
other formats than JPEG, PNG, WebP, HEIC and AVIF, which have no hash.
"""

from __future__ import annotations

from collections.abc import Callable

from blake3 import blake3

from tagger.image.codecs import heif, jpeg, png, webp
from tagger.image.codecs.parts import PictureParts
from tagger.image.formats import is_avif, is_heif
from tagger.image.metadata.exif import stored_orientation

RULE = b"picture 1"  # other rules would need another name


def picture_hash(data: bytes) -> str | None:
    """The hash of a whole file's picture, 64 hexadecimal digits; None if the format has none, or the file is damaged.

    Measured at 0.5 ms for a JPEG of 12 megapixels in 5 MB: a quarter of its SHA-256, and 1.5 % of reading and decoding.
    """
    split = _format(data)
    if split is None:
        return None
    try:
        kind, parts, exif = split(data)
    except Exception:  # a stranger's file may contradict itself in any way
        return None
    digest = blake3(RULE)
    for part in (kind, b"%d" % stored_orientation(exif), *parts):
        digest.update(len(part).to_bytes(8, "big"))  # so that no byte moves from one part to the next
        digest.update(part)
    return digest.hexdigest()


def _format(data: bytes) -> Callable[[bytes], PictureParts] | None:
    if data.startswith(jpeg.START):
        return jpeg.picture_parts
    if data.startswith(png.SIGNATURE):
        return png.picture_parts
    if webp.is_webp(data):
        return webp.picture_parts
    return heif.picture_parts if is_heif(data) or is_avif(data) else None

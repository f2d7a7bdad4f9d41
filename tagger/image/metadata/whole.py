"""All metadata in a photo: to find its XMP in whatever form, and to see that an edit has changed nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image

from tagger.core.run_options import Limits
from tagger.image.codecs import jpeg, png
from tagger.image.metadata.exif import XMP_KEYS, parsed_exif
from tagger.image.metadata.xmp import PADDING
from tagger.image.opening import open_photo, photo_error

MAX_PIXELS = Limits().max_pixels
PARTS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop, ExifTags.IFD.IFD1)
PLACES = (*PARTS, ExifTags.Base.JpegIFOffset)  # tags that say where in the EXIF something is
FURTHER_PICTURES = b"MPF\0"  # in JPEG: the index of those behind the first one
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"  # in JPEG: the rest of a packet that is too long for a segment
STARTS = (b"http://ns.adobe.com/xap/1.0/\0", b"iTXtXML:com.adobe.xmp\0")  # of a packet in JPEG and PNG


@dataclass(frozen=True, slots=True)
class WholeMetadata:
    """What a photo says besides its pixels.

    Args:
        packet: its XMP without the padding around it; None if it has none.
        is_in_parts: there is more XMP than that.
        others: all the rest, by Pillow's names.
    """

    packet: bytes | None
    is_in_parts: bool
    others: Mapping[str, Any]

    def has_same_rest(self, other: WholeMetadata) -> bool:
        """Whether two photos differ in nothing but their XMP."""
        if self.others == other.others:
            return True
        rests = [{**one.others, "exif": _exif(one.others.get("exif", b""))} for one in (self, other)]
        return rests[0] == rests[1]


def read_whole(data: bytes) -> WholeMetadata:
    """Read all metadata of a whole file.

    Raises:
        PhotoError: it is no photo, or damaged.
    """
    image = open_photo(data, MAX_PIXELS)
    if image.format == "PNG":  # may have its metadata behind the pixels
        try:
            image.load()
        except Exception as error:  # codecs raise all kinds of errors
            raise photo_error(error) from error
    others: dict[str, Any] = {str(key): value for key, value in image.info.items()}
    packets = [packet for key in XMP_KEYS if (packet := others.pop(key, None)) is not None]
    others.pop("mpoffset", None)
    if (index := data.find(FURTHER_PICTURES)) >= 0:  # whose places count from there
        others["further pictures"] = len(data) - index
    end = _picture_end(data)
    others["behind the picture"] = data[end:]
    is_in_parts = EXTENSION in data or any(data.count(start, 0, end) > 1 for start in STARTS)
    if isinstance(comment := others.get("comment"), bytes):
        others["comment"] = comment.rstrip(b"\0")
    return WholeMetadata(_bytes(packets[0]) if packets else None, is_in_parts, others)


def _picture_end(data: bytes) -> int:
    if data.startswith(jpeg.START):
        return jpeg.picture_end(data)
    return png.picture_end(data) if data.startswith(png.SIGNATURE) else len(data)


def _bytes(packet: bytes | str) -> bytes:
    return (packet.encode() if isinstance(packet, str) else packet).strip(PADDING)


def _exif(data: bytes) -> dict[int, dict[int, Any]]:
    """The values in EXIF, whose order and places in the bytes mean nothing."""
    exif: Image.Exif = parsed_exif(data)
    parts = {0: dict(exif), **{int(part): exif.get_ifd(part) for part in PARTS}}
    return {part: {tag: value for tag, value in tags.items() if tag not in PLACES} for part, tags in parts.items()}

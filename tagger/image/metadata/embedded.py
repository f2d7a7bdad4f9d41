"""Read the keywords and places embedded in a photo, for a sidecar that will hide them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from PIL import ExifTags, Image, IptcImagePlugin

from tagger.core.run_options import Limits
from tagger.image.codecs import raw
from tagger.image.metadata.exif import read_exif
from tagger.image.metadata.photo_info import photo_info, with_file
from tagger.image.metadata.xmp import xmp_packet
from tagger.image.opening import open_photo, photo_error
from tagger.image.source import read

KEYWORDS = (2, 25)  # dataset of IPTC; IIM 4.2, section 6
PLACE = {"Location": (2, 92), "City": (2, 90), "Country": (2, 101), "CountryCode": (2, 100)}
CHARACTER_SET, UTF_8 = (1, 90), b"\x1b%G"
LIMITS = Limits()

Iptc = Mapping[tuple[int, int], bytes | list[bytes]]


@dataclass(frozen=True, slots=True)
class EmbeddedMetadata:
    """What a photo says about itself, apart from its sidecars.

    Args:
        packet: its XMP; None if it has none.
        keywords: those outside of the XMP: IPTC's, and those of Windows.
        place: IPTC's, by the names of XMP: Location, City, Country, CountryCode.
        has_position: whether its EXIF, its XMP or a .json of Google Takeout says where it was taken.
    """

    packet: bytes | None = None
    keywords: tuple[str, ...] = ()
    place: Mapping[str, str] = field(default_factory=dict)
    has_position: bool = False


def read_embedded(path: str, limits: Limits = LIMITS) -> EmbeddedMetadata:
    """Read a photo's own metadata.

    Raises:
        PhotoError: the photo cannot be read.
    """
    data = read(path, limits.max_file_bytes)
    image = open_photo(raw.preview(data) if raw.is_raw(data) else data, limits.max_pixels)
    if raw.is_raw(data):
        raw.add_exif(image, data)
    if image.format == "PNG":  # may have its metadata behind the pixels
        try:
            image.load()
        except Exception as error:  # codecs raise all kinds of errors
            raise photo_error(error) from error
    iptc = _iptc(image)
    return EmbeddedMetadata(
        xmp_packet(image),
        tuple(dict.fromkeys([*_texts(iptc, KEYWORDS), *_windows_keywords(image)])),
        {name: texts[0] for name, dataset in PLACE.items() if (texts := _texts(iptc, dataset))},
        with_file(photo_info(image, image.size), path).lat is not None,
    )


def _iptc(image: Image.Image) -> Iptc:
    with suppress(Exception):  # broken IPTC holds nothing that other programs read
        return IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]  # any image is allowed
    return {}


def _texts(iptc: Iptc, dataset: tuple[int, int]) -> list[str]:
    """The values of a dataset. Without a character set many programs write UTF-8, and others Latin-1."""
    values = iptc.get(dataset, [])
    is_utf_8 = iptc.get(CHARACTER_SET) == UTF_8
    texts = (_text(value, is_utf_8) for value in (values if isinstance(values, list) else [values]))
    return [text for text in texts if text]


def _text(value: bytes, is_utf_8: bool) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("utf-8", "replace") if is_utf_8 else value.decode("latin-1")
    return text.strip(" \0")


def _windows_keywords(image: Image.Image) -> list[str]:
    value = read_exif(image).get(ExifTags.Base.XPKeywords)
    text = bytes(value).decode("utf-16-le", "replace") if isinstance(value, bytes | tuple) else ""
    return [keyword for part in text.strip("\0").split(";") if (keyword := part.strip())]

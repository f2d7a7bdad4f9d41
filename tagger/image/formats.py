"""The supported image formats: suffixes and magic bytes."""

from __future__ import annotations

from itertools import chain

SUFFIXES_BY_FORMAT = {  # by Pillow's name for the format, the usual suffix first
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),  # MPO is several JPEGs in one file, as some phones write them
    "PNG": (".png",),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp",),
    "AVIF": (".avif",),
    "HEIF": (".heic", ".heif"),
}
SUFFIXES = tuple(chain.from_iterable(SUFFIXES_BY_FORMAT.values()))  # a photo: name.lower().endswith(SUFFIXES)
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
MAGIC = (  # offset and magic bytes
    (0, b"\xff\xd8\xff"), (0, b"\x89PNG"), (0, b"GIF8"), (0, b"II*\0"), (0, b"MM\0*"), (8, b"WEBP"), (8, b"avif"),
)  # fmt: skip


def usual_suffix(image_format: str | None) -> str:
    """The suffix for a file of Pillow's format, with its dot; a JPEG's for any other."""
    return SUFFIXES_BY_FORMAT.get(image_format or "", SUFFIXES)[0]


def is_heif(data: bytes) -> bool:
    """Whether a file may be HEIF; AVIF shares two of its brands."""
    return data[8:12] in HEIF_BRANDS


def begins_like_an_image(data: bytes) -> bool:
    """Whether a file's first bytes are those of a format above."""
    return any(data[at : at + len(magic)] == magic for at, magic in MAGIC)

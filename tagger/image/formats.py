"""The image formats that are read: their suffixes and magic bytes."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import chain

SUFFIXES_BY_FORMAT = {  # by Pillow's name for the format, the usual suffix first
    # MPO is several JPEGs in one file, as some phones write them
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jif", ".jfif", ".jfi", ".pjpeg", ".pjp", ".mpo"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp",),
    "DIB": (".dib",),  # a BMP without its first header
    "AVIF": (".avif", ".avifs"),
    "HEIF": (".heic", ".heif", ".hif", ".heics", ".heifs"),
    "JPEG2000": (".jp2", ".j2k", ".jpf", ".jpx", ".jpc", ".j2c"),
}
PHOTO_SUFFIXES = tuple(chain.from_iterable(SUFFIXES_BY_FORMAT.values()))
OPTIONAL_SUFFIXES = {  # by the module that reads them; without it they are passed over
    "pillow_jxl": (".jxl",),
    "rawpy": (
        ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".kdc", ".mef", ".mos",
        ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
    ),
}  # fmt: skip
SUFFIXES = PHOTO_SUFFIXES + tuple(
    chain.from_iterable(suffixes for module, suffixes in OPTIONAL_SUFFIXES.items() if find_spec(module))
)  # a photo: name.lower().endswith(SUFFIXES)
COMPANIONS = frozenset(  # what lies beside photos without being one: metadata, texts, databases
    (".json", ".xmp", ".aae", ".xml", ".txt", ".md", ".log", ".csv", ".html", ".ini", ".db", ".sqlite", ".lock")
)
NAMES = {  # as people know them, with the module that reads them if it is not Pillow; usual ones first
    "JPEG": "", "PNG": "", "WebP": "", "HEIC": "pillow_heif", "AVIF": "", "GIF": "", "TIFF": "", "BMP": "",
    "JPEG 2000": "", "JPEG XL": "pillow_jxl", "RAW": "rawpy",
}  # fmt: skip
MOST_SUFFIX_CHARS = 6  # more of them are a name with a dot in it

HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
MAGIC = (  # offset and magic bytes
    (0, b"\xff\xd8\xff"), (0, b"\x89PNG"), (0, b"GIF8"), (8, b"WEBP"), (8, b"avif"),
    (0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+"),
)  # fmt: skip


def readable_formats() -> list[str]:
    """The names of all formats that can be read here."""
    return [name for name, module in NAMES.items() if not module or find_spec(module)]


def usual_suffix(image_format: str | None) -> str:
    """The suffix for a file of Pillow's format, with its dot; a JPEG's for any other."""
    return SUFFIXES_BY_FORMAT.get(image_format or "", SUFFIXES)[0]


def passed_over_as(name: str) -> str | None:
    """The suffix under which a file that is passed over is counted; None for a photo's companions."""
    stem, dot, suffix = name.rpartition(".")
    if not (stem and dot and suffix.isalnum() and len(suffix) <= MOST_SUFFIX_CHARS):
        return "without a suffix"
    suffix = f".{suffix.lower()}"
    return None if suffix in COMPANIONS else suffix


def is_heif(data: bytes) -> bool:
    """Whether a file may be HEIF; AVIF shares two of its brands."""
    return data[8:12] in HEIF_BRANDS


def is_avif(data: bytes) -> bool:
    """Whether a file is AVIF by its first brand."""
    return data[8:12] == b"avif"


def begins_like_an_image(data: bytes) -> bool:
    """Whether a file's first bytes are those of a format above."""
    return any(data[at : at + len(magic)] == magic for at, magic in MAGIC)

"""Photos with EXIF in each format, and what is in them after a write."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.engine import Store
from tagger.export.xmp.embedding import packet_in
from tagger.export.xmp.packet import Packet
from tagger.export.xmp.properties import LISTS
from tagger.export.xmp.sidecars import Outcome
from tests.drawn import encoded
from tests.export.xmp.written import bag, sidecar
from tests.export.xmp.written import write as write_sidecars

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "heic": "HEIF", "avif": "AVIF"}
FOREIGN = sidecar(bag("dc:subject", "sea") + "<odd:thing>1</odd:thing><!-- a comment -->").encode()
needs_tools = pytest.mark.skipif(find_spec("exiv2") is None, reason="needs the extra embed")


def exif() -> Image.Exif:
    values = Image.Exif()
    values[0x010F], values[0x0132] = "Canon", "2020:01:01 10:00:00"
    values.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0a comment"
    values.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0)})
    return values


def picture(path: Path, **options: Any) -> Path:
    """A photo with EXIF and a pattern, in the format of its suffix."""
    if path.suffix in (".heic", ".avif"):
        pytest.importorskip("pillow_heif").register_heif_opener()
    image = Image.linear_gradient("L").resize((60, 40)).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(image, FORMATS[path.suffix[1:]], exif=exif(), **options))
    return path


def pixels(path: Path) -> bytes:
    with Image.open(path) as image:
        return image.convert("RGBA").tobytes()


def write(store: Store, **options: Any) -> list[Outcome]:
    return write_sidecars(store, naming="embedded", **options)


def lists(path: Path) -> dict[str, list[str]]:
    packet = Packet(packet_in(path.read_bytes()) or b"")
    return {str(item): packet.items(item) for item in LISTS}

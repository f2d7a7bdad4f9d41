"""The keywords and places that a photo carries in itself."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from PIL import Image

from tagger.core.errors import PhotoError
from tagger.image.metadata.embedded import EmbeddedMetadata, read_embedded
from tests.drawn import encoded, jpeg

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'


def iptc(*datasets: tuple[int, int, bytes]) -> bytes:
    """A JPEG with an APP13 segment of IPTC."""
    records = b"".join(struct.pack(">BBBH", 0x1C, *dataset[:2], len(dataset[2])) + dataset[2] for dataset in datasets)
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + b"\0" * (len(records) % 2)
    segment = b"Photoshop 3.0\0" + resource
    return jpeg()[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + jpeg()[2:]


def read(tmp_path: Path, content: bytes, name: str = "a.jpg") -> EmbeddedMetadata:
    (tmp_path / name).write_bytes(content)
    return read_embedded(str(tmp_path / name))


def test_a_plain_photo_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, jpeg()) == EmbeddedMetadata()


@pytest.mark.parametrize(
    ("written", "declared", "keyword"),
    [("Zoë".encode(), True, "Zoë"), ("Zoë".encode(), False, "Zoë"), ("Zoë".encode("latin-1"), False, "Zoë")],
)
def test_the_keywords_of_iptc(tmp_path: Path, written: bytes, declared: bool, keyword: str) -> None:
    character_set = [(1, 90, b"\x1b%G")] if declared else []
    photo = iptc(*character_set, (2, 25, written), (2, 25, b"sea"), (2, 25, b"sea"), (2, 25, b" \0"))
    assert read(tmp_path, photo).keywords == (keyword, "sea")


def test_the_place_of_iptc(tmp_path: Path) -> None:
    found = read(tmp_path, iptc((2, 90, b"Paris"), (2, 101, b"France"), (2, 100, b"FRA")))
    assert found.place == {"City": "Paris", "Country": "France", "CountryCode": "FRA"}


def test_the_keywords_of_windows(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x9C9E] = "sea; Zoë;\0".encode("utf-16-le")
    assert read(tmp_path, jpeg(exif=exif)).keywords == ("sea", "Zoë")


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_packet(tmp_path: Path, file_format: str) -> None:
    from PIL import PngImagePlugin, TiffImagePlugin

    options: dict[str, object] = {"xmp": XMP + b"  \n"}
    if file_format == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options = {"pnginfo": chunks}
    elif file_format == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[700] = XMP
        options = {"tiffinfo": tags}
    photo = encoded(Image.new("RGB", (20, 10)), file_format, **options)
    assert read(tmp_path, photo, f"a.{file_format.lower()}").packet == XMP


def test_a_position_in_exif_or_beside_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (47.0, 0.0, 0.0), 3: "E", 4: (8.0, 0.0, 0.0)}
    assert read(tmp_path, jpeg(exif=exif)).has_position
    (tmp_path / "b.jpg.json").write_text('{"geoData": {"latitude": 47.1, "longitude": 8.2}}')
    assert read(tmp_path, jpeg(), "b.jpg").has_position


def test_a_photo_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PhotoError):
        read(tmp_path, b"no photo")
    with pytest.raises(PhotoError, match="no such file"):
        read_embedded(str(tmp_path / "missing.jpg"))

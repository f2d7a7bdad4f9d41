"""XMP is read from every format that holds it, and hostile XML does no harm."""

from __future__ import annotations

import time

import pytest
from PIL import Image, PngImagePlugin

from tagger.core.types import PhotoInfo
from tagger.image.decode import decode
from tests.drawn import encoded

ATTRIBUTES = 'exif:GPSLatitude="43,43.38N" exif:GPSLongitude="10,23.76E" photoshop:DateCreated="2019-03-04T20:05:06"'
ELEMENTS = """
    <exif:GPSLatitude>43,43.38N</exif:GPSLatitude> <exif:GPSLongitude>10,23,45.6E</exif:GPSLongitude>
    <exif:DateTimeOriginal><rdf:Seq><rdf:li>2019-03-04T20:05:06+01:00</rdf:li></rdf:Seq></exif:DateTimeOriginal>
"""


def packet(attributes: str = "", elements: str = "", before: str = "") -> bytes:
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{before}
    <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"
      xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
      {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>{" " * 50}<?xpacket end="w"?>\0""".encode()


def info(xmp: bytes, file_format: str = "JPEG") -> PhotoInfo:
    options: dict[str, object] = {"xmp": xmp}
    if file_format == "PNG":
        options = {"pnginfo": PngImagePlugin.PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))  # type: ignore[attr-defined]
    if file_format == "TIFF":
        options = {"tiffinfo": {700: xmp}}
    data = encoded(Image.new("RGB", (64, 48)), file_format, **options)
    return decode(data, min_side_px=16, max_pixels=10_000).info


def of(found: PhotoInfo) -> tuple[str | None, str, float | None, float | None]:
    place = (found.lat and round(found.lat, 3), found.lon and round(found.lon, 3))
    return found.taken_at.isoformat() if found.taken_at else None, found.taken_from, *place


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("written", [{"attributes": ATTRIBUTES}, {"elements": ELEMENTS}])
def test_date_and_place_are_read_from_every_format(file_format: str, written: dict[str, str]) -> None:
    assert of(info(packet(**written), file_format)) == ("2019-03-04T20:05:06", "xmp", 43.723, 10.396)


def test_the_exposure_comes_before_other_dates_and_edits_do_not_count() -> None:
    dates = 'xmp:ModifyDate="2021-01-02" xmp:CreateDate="2020-01-02" exif:DateTimeOriginal="2019-03-04"'
    assert info(packet(dates)).taken_at == info(packet('exif:DateTimeOriginal="2019-03-04"')).taken_at
    assert info(packet('xmp:ModifyDate="2021-01-02"')).taken_at is None


def test_a_void_position_and_one_without_direction_are_none() -> None:
    assert info(packet(ATTRIBUTES + ' exif:GPSStatus="V"')).lat is None
    assert info(packet('exif:GPSLatitude="43,43.38" exif:GPSLongitude="10,23.76"')).lat is None


def test_what_belongs_to_another_thing_in_the_packet_does_not_count() -> None:
    nested = f"<xmp:Thumbnails><rdf:Description {ATTRIBUTES}/></xmp:Thumbnails>{'<a>' * 3}{'</a>' * 3}"
    assert of(info(packet(elements=nested))) == (None, "exif", None, None)


def test_a_packet_that_ends_early_counts_as_far_as_it_goes() -> None:
    assert info(packet(ATTRIBUTES)[:-100]).taken_from == "xmp"


BOMB = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(letter)} '{f'&{chr(letter - 1)};' * 20}'>" for letter in range(ord("b"), ord("n"))
)


@pytest.mark.parametrize(
    "before", [BOMB + "]>", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>", "<!DOCTYPE x [<!ENTITY a SYSTEM '/dev/zero'>]>"]
)
def test_a_document_type_is_refused_before_anything_is_read(before: str) -> None:
    began = time.monotonic()
    assert info(packet(ATTRIBUTES, before=before)).taken_at is None
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("xmp", [b"", b"\0", b"rubbish", b"<?xml version='1.0' encoding='nonsense'?><a/>", b"<" * 9999])
def test_broken_xmp_does_not_spoil_a_sound_photo(xmp: bytes) -> None:
    assert info(xmp).taken_at is None

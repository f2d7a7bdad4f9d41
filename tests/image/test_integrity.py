"""A half photo is refused, whatever its decoder makes of it; what harms no pixel does not matter."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from tagger.core.errors import PhotoError
from tagger.image.decode import decode
from tests.drawn import encoded

HOLE = bytes(600)
ARITHMETIC_JPEG = base64.b85decode(  # 64 × 48 shades of grey; made by cjpeg -quality 40 -grayscale -arithmetic
    "|JeWF01!$>Nk#wx0RR9200961|JwjV02B@n5)Ta&5)cv>6%-gAG9exu93DL^E+jHZKuk+VKt@GST61DhRc%&9Mr4R(ZFhTtf`Lw8jhBplmUDiAeE-P+"
    "3kU!(06+l&5di<p00saM5C#9*00;pA002J#{{VP%yF%0_y&cjfP!rZ>CKl-%{{UPGBs_(jli;|jb$KkB$h!H(utj-d{C2Z21t_z&uM-lA@0<}r1><R8"
    "tu{f?gc(RLp*-@v0vQOUXa&&Z1)|h+-W4XroeBTh"
)
ALL = {"min_side_px": 80, "max_pixels": 10_000_000}


def noise(size: tuple[int, int] = (240, 160)) -> Image.Image:
    rows = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(rows)


def kind(data: bytes) -> str:
    try:
        decode(data, **ALL)
    except PhotoError as error:
        return error.kind
    return "sound"


def pixels(data: bytes) -> bytes:
    return decode(data, **ALL).image.tobytes()


def with_hole(data: bytes, share: float, hole: bytes = HOLE) -> bytes:
    at = int(len(data) * share)
    return data[:at] + hole + data[at + len(hole) :]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"optimize": True}])
def test_a_jpeg_without_its_end_marker_is_whole_if_all_rows_are_there(options: dict[str, bool]) -> None:
    data = encoded(noise(), "JPEG", **options)
    for cut in (data[:-2], data[:-1]):
        assert pixels(cut) == pixels(data)
    assert [kind(data[:-missing]) for missing in (400, len(data) // 2)] == ["truncated"] * 2


@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_half_jpeg_with_an_end_marker_is_truncated(options: dict[str, bool], share: float) -> None:
    data = encoded(noise(), "JPEG", **options)
    assert kind(data[: int(len(data) * share)] + b"\xff\xd9") == "truncated"


def test_a_grey_jpeg_whose_segments_contradict_themselves_is_no_crash() -> None:
    grey = encoded(Image.new("RGB", (64, 48), (128, 128, 128)), "JPEG")
    scan = grey.index(b"\xff\xda")
    assert kind(grey[:scan] + b"\0" + grey[scan:]) == "truncated"


def test_a_half_jpeg_of_inks_is_truncated() -> None:
    data = encoded(noise().convert("CMYK"), "JPEG")
    assert kind(data[: len(data) // 2] + b"\xff\xd9") == "truncated"


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_a_hole_in_the_place_of_pixels_is_damage(file_format: str, filler: bytes) -> None:
    data = encoded(noise(), file_format, quality=90)
    assert kind(with_hole(data, 0.5, filler * 600)) in ("corrupt", "truncated")
    assert kind(data[: len(data) // 2] + filler * (len(data) // 2)) == "truncated"


@pytest.mark.parametrize("file_format", ["WEBP", "GIF", "MPO"])
def test_the_first_picture_is_whole_though_a_later_one_is_cut_off(file_format: str) -> None:
    data = encoded(noise(), file_format, save_all=True, append_images=[noise().rotate(180)])
    assert kind(data[: int(len(data) * 0.8)]) == "sound"
    assert kind(data[: int(len(data) * 0.3)]) == "truncated"


def test_a_lossless_webp_may_hold_runs_of_zeros() -> None:
    shades = Image.linear_gradient("L").resize((2000, 1500)).convert("RGB")
    data = encoded(shades, "WEBP", lossless=True, quality=0, method=0)
    assert bytes(4096) in data
    assert kind(data) == "sound"


def test_a_webp_that_ends_behind_its_pixels_is_whole() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a long description " * 50
    data = encoded(noise(), "WEBP", exif=exif)
    at = data.index(b"EXIF")
    assert pixels(data[: at + 100]) == pixels(data[:at]) == pixels(data)


def test_a_jpeg_2000_that_ends_early_is_truncated() -> None:
    for options in ({}, {"no_jp2": True}):
        data = encoded(noise(), "JPEG2000", **options)
        assert [kind(data), kind(data[: len(data) // 2])] == ["sound", "truncated"]


def test_zeros_in_the_place_of_tiles_are_damage() -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra 'heif' is not installed")
    pillow_heif.register_heif_opener()
    data = encoded(noise(), "HEIF", quality=90)
    assert (kind(data), kind(with_hole(data, 0.5)), kind(data[:-100])) == ("sound", "corrupt", "truncated")


def test_a_hole_is_longer_than_a_flat_picture_even_where_zeros_mean_flat() -> None:
    mostly_flat = Image.new("RGB", (256, 256), "white")
    mostly_flat.paste(noise((64, 64)), (96, 96))
    data = encoded(mostly_flat, "JPEG", quality=60, optimize=True)
    assert kind(data) == "sound"
    at = len(data) // 2
    assert kind(data[:at] + bytes(4096) + data[at:]) == "corrupt"


def test_an_area_of_one_colour_is_no_damage() -> None:
    for colour in ("white", "grey", (128, 128, 128)):
        for options in ({}, {"optimize": True}, {"progressive": True}, {"progressive": True, "optimize": True}):
            assert kind(encoded(Image.new("RGB", (2400, 1600), colour), "JPEG", **options)) == "sound"
    for options in ({}, {"lossless": True}):
        assert kind(encoded(Image.new("RGB", (2400, 1600), "white"), "WEBP", **options)) == "sound"


def drawn(size: tuple[int, int] = (2000, 1400)) -> Image.Image:
    """A page that is mostly white, down to its last row."""
    page = Image.new("RGB", size, "white")
    ImageDraw.Draw(page).ellipse((500, 500, 1200, 900), fill="blue")
    return page


@pytest.mark.parametrize("options", [{"quality": 100, "method": 0}, {"lossless": True, "quality": 0, "method": 0}])
@pytest.mark.parametrize("at", [None, 0, 1100])
def test_runs_of_zeros_of_a_flat_webp_are_no_damage(options: dict[str, int], at: int | None) -> None:
    page = drawn()
    if at is not None:
        page.paste(noise((2000, 300)), (0, at))
    data = encoded(page, "WEBP", **options)
    assert HOLE in data
    assert kind(data) == "sound"


def test_zeros_in_the_place_of_a_lossless_webps_pixels_are_damage() -> None:
    shades = Image.linear_gradient("L").resize((1200, 800)).convert("RGB")
    photo = Image.blend(shades, noise((1200, 800)), 0.2)
    data = encoded(photo, "WEBP", lossless=True)
    half = len(data) // 2
    assert kind(data) == "sound"
    assert kind(data[:half] + bytes(len(data) - half)) in ("corrupt", "truncated")


def test_zeros_in_the_first_scan_of_a_progressive_jpeg_are_damage() -> None:
    page = Image.new("RGB", (2000, 1400), "white")
    page.paste(noise((1200, 900)), (400, 200))
    data = encoded(page, "JPEG", progressive=True)
    start = data.index(b"\xff\xda")
    at = (start + data.index(b"\xff\xc4", start)) // 2  # the next table follows the scan
    assert kind(data) == "sound"
    assert kind(data[:at] + HOLE + data[at + len(HOLE) :]) in ("corrupt", "truncated")


def test_a_large_arithmetic_jpeg_is_read() -> None:
    start = ARITHMETIC_JPEG.index(b"\xff\xda")
    comment = b"\xff\xfe" + struct.pack(">H", 65_400) + bytes(65_398)  # so that Pillow's first 64 kB end in the scan
    large = ARITHMETIC_JPEG[:start] + comment + ARITHMETIC_JPEG[start:]
    assert pixels(large) == pixels(ARITHMETIC_JPEG)
    assert kind(large[:-50]) == "truncated"


def test_zeros_before_and_behind_the_pixels_are_no_damage() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a" + "\0" * 2000 + "z"
    for file_format in ("JPEG", "WEBP", "AVIF"):
        data = encoded(noise(), file_format, exif=exif)
        assert HOLE in data
        assert kind(data) == "sound"
    assert kind(encoded(noise(), "JPEG") + bytes(4096)) == "sound"


def test_what_a_camera_writes_behind_the_boxes_is_no_damage() -> None:
    data = encoded(noise(), "AVIF")
    assert kind(data + b"\xff\xff\xff\xffSEFT" + b"trailer" * 9) == "sound"


@pytest.mark.parametrize("size", [0, 1])
def test_a_box_to_the_end_of_the_file_and_one_of_64_bits_are_read(size: int) -> None:
    data = encoded(noise(), "AVIF")
    at = data.index(b"mdat") - 4
    if size == 0:
        whole = data[:at] + bytes(4) + data[at + 4 :]
        assert kind(whole[:-200]) == "truncated"
    else:
        whole = data[:at] + struct.pack(">I4sQ", 1, b"mdat", len(data) - at + 8) + data[at + 8 :]
        whole = moved(whole, by=8)
    assert kind(whole) == "sound"


def moved(avif: bytes, by: int) -> bytes:
    """The same file with its only item that many bytes further behind."""
    at = avif.index(b"iloc") + 18  # kind, version, sizes, count; the item's id, file and count of extents
    (offset,) = struct.unpack(">I", avif[at : at + 4])
    return avif[:at] + struct.pack(">I", offset + by) + avif[at + 4 :]


def chunk(kind: bytes, body: bytes, *, is_sound: bool = True) -> bytes:
    checksum = zlib.crc32(kind + body) ^ (not is_sound)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def with_chunk(png: bytes, extra: bytes) -> bytes:
    return png[:33] + extra + png[33:]  # behind the header


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"tEXt", b"Comment\0hello", is_sound=False),
        chunk(b"zTXt", b"Comment\0\1what"),
        chunk(b"zTXt", b"Comment\0\0not zlib"),
        chunk(b"iTXt", b"Comment"),
        chunk(b"cHRM", bytes(7)),
        chunk(b"pHYs", bytes(3)),
        chunk(b"sRGB", b""),
        chunk(b"gAMA", b"\0"),
        chunk(b"iCCP", b"name\0\7"),
        chunk(b"tRNS", b"\0"),
        chunk(b"acTL", b"\0"),
        chunk(b"eXIf", b"rubbish"),
    ],
    ids=lambda extra: extra[4:8].decode(),
)
def test_a_broken_chunk_without_pixels_harms_no_png(extra: bytes) -> None:
    data = encoded(noise(), "PNG")
    assert pixels(with_chunk(data, extra)) == pixels(data)


def test_a_wrong_checksum_of_pixels_is_damage() -> None:
    data = encoded(noise(), "PNG")
    at = data.index(b"IDAT")
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    assert kind(data[:end] + b"what" + data[end + 4 :]) == "corrupt"


def test_a_wrong_checksum_of_the_last_chunk_is_no_damage() -> None:
    data = encoded(noise(), "PNG")
    assert pixels(data[:-4] + b"what") == pixels(data)


def test_a_png_without_its_last_chunk_is_whole() -> None:
    data = encoded(noise(), "PNG")
    assert pixels(data[:-12]) == pixels(data)


def test_a_short_text_is_kept_and_a_long_one_is_not() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Creation Time", "2014:06:07", zip=True)
    texts.add_text("story", "once upon a time " * 200_000, zip=True)
    assert kind(encoded(noise(), "PNG", pnginfo=texts)) == "sound"

"""RAW photos are read by their preview, and never by their thumbnail."""

from __future__ import annotations

import struct
import sys
from collections.abc import Mapping

import pytest
from PIL import Image

from tagger.core.errors import PhotoError
from tagger.image.decode import Decoded, decode
from tests.drawn import encoded

SHORT, LONG, BYTE, TEXT = 3, 4, 1, 2
FORMATS = {SHORT: "H", LONG: "I", BYTE: "B"}
SENSOR = struct.pack("<H", 1000) * 64 * 48
Tags = Mapping[int, tuple[int, list[int] | bytes]]


def directory(tags: Tags, start: int) -> bytes:
    """A TIFF's directory that lies at an offset, with its values behind it."""
    rows, values = b"", b""
    for tag, (kind, value) in sorted(tags.items()):
        packed = value if isinstance(value, bytes) else struct.pack(f"<{len(value)}{FORMATS[kind]}", *value)
        rows += struct.pack("<HHI", tag, kind, len(value))
        if len(packed) <= 4:
            rows += packed.ljust(4, b"\0")
        else:
            rows += struct.pack("<I", start + 6 + 12 * len(tags) + len(values))
            values += packed + b"\0" * (len(packed) % 2)
    return struct.pack("<H", len(tags)) + rows + bytes(4) + values


def dng(preview: Image.Image, orientation: int = 1) -> bytes:
    """A DNG of grey sensor values, with a preview beside them."""
    jpeg = encoded(preview, "JPEG", quality=95)
    width, height = preview.size

    def first(sensor: int, at: int) -> bytes:
        sizes: Tags = {
            254: (LONG, [1]), 256: (LONG, [width]), 257: (LONG, [height]), 258: (SHORT, [8, 8, 8]), 259: (SHORT, [7]),
            262: (SHORT, [6]), 273: (LONG, [at]), 274: (SHORT, [orientation]), 277: (SHORT, [3]), 278: (LONG, [height]),
            279: (LONG, [len(jpeg)]), 330: (LONG, [sensor]),
        }  # fmt: skip
        names: Tags = {
            271: (TEXT, b"Camera\0"), 272: (TEXT, b"One\0"), 306: (TEXT, b"2014:06:07 08:09:10\0"),
            50706: (BYTE, [1, 4, 0, 0]), 50708: (TEXT, b"Camera One\0"),
        }  # fmt: skip
        return directory({**sizes, **names}, 8)

    def second(start: int, at: int) -> bytes:
        sensor: Tags = {
            254: (LONG, [0]), 256: (LONG, [64]), 257: (LONG, [48]), 258: (SHORT, [16]), 259: (SHORT, [1]),
            262: (SHORT, [32803]), 273: (LONG, [at]), 277: (SHORT, [1]), 278: (LONG, [48]), 279: (LONG, [len(SENSOR)]),
            33421: (SHORT, [2, 2]), 33422: (BYTE, [0, 1, 1, 2]), 50710: (BYTE, [0, 1, 2]), 50711: (SHORT, [1]),
        }  # fmt: skip
        return directory(sensor, start)

    sensor = 8 + len(first(0, 0))
    values = sensor + len(second(sensor, 0))
    return b"II*\0\x08\0\0\0" + first(sensor, values + len(SENSOR)) + second(sensor, values) + SENSOR + jpeg


def red_and_blue() -> Image.Image:
    image = Image.new("RGB", (400, 300), (220, 20, 20))
    image.paste((20, 20, 220), (0, 0, 200, 300))
    return image


def decoded(data: bytes) -> Decoded:
    return decode(data, min_side_px=150, max_pixels=10**7)


def test_a_raw_photo_is_read_by_its_preview_and_its_own_metadata() -> None:
    pytest.importorskip("rawpy", reason="the extra 'raw' is not installed")
    result = decoded(dng(red_and_blue(), orientation=6))
    assert (result.info.width, result.info.height, str(result.info.taken_at)) == (300, 400, "2014-06-07 08:09:10")
    top, bottom = (result.image.getpixel((75, row)) for row in (20, result.image.height - 20))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[2] > 200 > top[0]
    assert bottom[0] > 200 > bottom[2]


def test_a_raw_photo_without_the_extra_says_which_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(PhotoError, match="RAW photos need the extra 'raw'") as caught:
        decoded(dng(red_and_blue()))
    assert caught.value.kind == "unsupported"


def test_a_raw_photo_that_ends_early_is_no_answer() -> None:
    pytest.importorskip("rawpy", reason="the extra 'raw' is not installed")
    data = dng(red_and_blue())
    for length in (20, 300, len(data) - 2000):
        with pytest.raises(PhotoError) as caught:
            decoded(data[:length])
        assert caught.value.kind in ("truncated", "corrupt")


def test_a_raw_photo_that_libraw_does_not_know_is_explained_in_words() -> None:
    pytest.importorskip("rawpy", reason="the extra 'raw' is not installed")
    with pytest.raises(PhotoError, match=r"\(Unsupported file format or not RAW file\)"):
        decoded(b"II*\0\x10\0\0\0CR\x02\0" + bytes(5000))


def test_jpeg_xl_is_read_upright_after_its_size_was_asked() -> None:
    pytest.importorskip("pillow_jxl", reason="the extra 'jxl' is not installed")
    for options in ({}, {"use_container": True}):
        data = encoded(red_and_blue(), "JXL", **options)
        assert decoded(data).info.format == "JXL"
        with pytest.raises(PhotoError, match="400×300") as caught:
            decode(data, min_side_px=150, max_pixels=100_000)
        assert caught.value.kind == "too_large"
        with pytest.raises(PhotoError) as caught:
            decoded(data[: len(data) // 2])
        assert caught.value.kind in ("truncated", "corrupt")


def test_the_codec_has_turned_a_jpeg_xl() -> None:
    pytest.importorskip("pillow_jxl", reason="the extra 'jxl' is not installed")
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decoded(encoded(red_and_blue(), "JXL", exif=exif.tobytes())).info.width == 400


def test_jpeg_xl_without_the_extra_says_which_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_jxl.JpegXLImagePlugin", None)
    with pytest.raises(PhotoError, match="JPEG XL needs the extra 'jxl'") as caught:
        decoded(b"\xff\x0a\x10\x10" + bytes(60))
    assert caught.value.kind == "unsupported"

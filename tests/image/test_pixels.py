"""Depth, colour and orientation are read as other programs read them."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin
from tifffile import TiffWriter, imwrite

from tagger.core.errors import PhotoError
from tagger.image.decode import decode
from tests.drawn import encoded

XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
DEEP = [np.uint16, np.int16, np.uint32, np.int32, np.float16, np.float32, np.float64]


def picture() -> NDArray[np.uint8]:
    """(80, 120, 3): a ramp to the right, one downwards, and one along the diagonal."""
    rows, columns = np.mgrid[0:80, 0:120]
    return np.stack([columns * 2, rows * 3, rows + columns], axis=2).astype(np.uint8)


def grey() -> NDArray[np.uint8]:
    return picture()[..., 0]


def tiff(samples: NDArray[Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    imwrite(buffer, samples, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> NDArray[np.int_]:
    return np.asarray(decode(data, min_side_px=80, max_pixels=10**7).image).astype(int)


def deep(samples: NDArray[np.uint8], dtype: type[np.generic]) -> NDArray[Any]:
    """The same picture over the whole range of a type."""
    if np.issubdtype(dtype, np.floating):
        return (samples / 255).astype(dtype)
    top = np.iinfo(np.dtype(dtype).name).max
    return (samples.astype(np.float64) * (top / 255)).clip(0, top - 1).astype(dtype)


@pytest.mark.parametrize("dtype", DEEP)
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_samples_of_every_depth_keep_their_range(dtype: type[np.generic], byteorder: str, compression: str) -> None:
    options = {"byteorder": byteorder, "compression": compression}
    colours = pixels(tiff(deep(picture(), dtype), photometric="rgb", **options))
    assert np.abs(colours - picture()).max() <= 1
    black = pixels(tiff(deep(grey(), dtype), photometric="minisblack", **options))
    assert np.abs(black[..., 1] - grey()).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_white_may_be_the_smallest_value(dtype: type[np.generic], byteorder: str) -> None:
    data = tiff(deep(255 - grey(), dtype), photometric="miniswhite", byteorder=byteorder)
    assert np.abs(pixels(data)[..., 0] - grey()).max() <= 1


def test_integers_below_zero_are_the_dark_half() -> None:
    samples = (deep(grey(), np.uint16).astype(np.int32) - 2**15).astype(np.int16)
    assert np.abs(pixels(tiff(samples, photometric="minisblack"))[..., 0] - grey()).max() <= 1


def test_floats_may_go_to_255_and_highlights_above_1_do_not_darken_the_rest() -> None:
    wide = pixels(tiff(grey().astype(np.float32), photometric="minisblack"))
    assert np.abs(wide[..., 0] - grey()).max() <= 1
    highlights = deep(grey(), np.float32)
    highlights[:4, :4] = 9.0
    assert np.abs(pixels(tiff(highlights, photometric="minisblack"))[4:, :, 0] - grey()[4:]).max() <= 1


@pytest.mark.parametrize("extra", ["unspecified", "assocalpha", "unassalpha"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("photometric", ["rgb", "minisblack", "separated"])
def test_an_opaque_extra_sample_changes_nothing(extra: str, dtype: type[np.generic], photometric: str) -> None:
    samples = {"rgb": picture(), "minisblack": grey()[..., None], "separated": 255 - picture()}[photometric]
    if photometric == "separated":
        samples = np.dstack([samples, np.zeros_like(grey())])  # no black ink
    opaque = np.dstack([samples, np.full_like(grey(), 255)])
    top = np.iinfo(np.dtype(dtype).name).max
    data = tiff((opaque.astype(dtype) * (top // 255)).astype(dtype), photometric=photometric, extrasamples=[extra])
    expected = picture() if photometric != "minisblack" else np.dstack([grey()] * 3)
    assert np.abs(pixels(data) - expected).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_in_planes_are_read(dtype: type[np.generic]) -> None:
    planes = np.ascontiguousarray(np.moveaxis(deep(picture(), dtype), 2, 0))
    assert np.abs(pixels(tiff(planes, photometric="rgb", planarconfig="separate")) - picture()).max() <= 1


def test_a_palette_may_have_8_bits() -> None:
    palette = np.tile(np.arange(256, dtype=np.uint16), (3, 1))
    for colours in (palette, palette * 257):
        assert (pixels(tiff(grey(), photometric="palette", colormap=colours))[..., 0] == grey()).all()


def test_a_tiff_that_is_not_read_says_why() -> None:
    data = bytearray(tiff(deep(picture(), np.float32), photometric="rgb", compression="zlib"))
    at = data.index(struct.pack("<HHI", 259, 3, 1))  # the tag of the compression
    data[at + 8 : at + 10] = struct.pack("<H", 34887)
    with pytest.raises(PhotoError, match=r"a TIFF of 3 × float32 \(LERC\) cannot be read") as caught:
        pixels(bytes(data))
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_tiff_is_never_answered_from_its_thumbnail(dtype: type[np.generic]) -> None:
    file = io.BytesIO()
    with TiffWriter(file) as pages:
        pages.write(deep(255 - picture()[::4, ::4], dtype), photometric="rgb", subfiletype=1)
        pages.write(deep(picture(), dtype), photometric="rgb")
    assert np.abs(pixels(file.getvalue()) - picture()).max() <= 1
    file = io.BytesIO()
    with TiffWriter(file) as pages:
        pages.write(deep(picture(), dtype), photometric="rgb", subfiletype=1)
    assert np.abs(pixels(file.getvalue()) - picture()).max() <= 1


def test_a_deep_tiff_that_ends_early_is_truncated() -> None:
    data = tiff(deep(picture(), np.float32), photometric="rgb")
    with pytest.raises(PhotoError) as caught:
        pixels(data[: len(data) // 2])
    assert caught.value.kind == "truncated"


def test_a_bmp_whose_alpha_is_zero_everywhere_is_opaque() -> None:
    clear = Image.fromarray(np.dstack([picture(), np.zeros_like(grey())]))
    assert (pixels(encoded(clear, "BMP")) == picture()).all()


def exif(orientation: int, size: tuple[int, int] = (0, 0)) -> bytes:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x0100], made[0x0101] = size
    return made.tobytes()


@pytest.mark.parametrize("name", ["exif", "APP1"])
@pytest.mark.parametrize("behind", [b"", b"\0" * 40, b"junk"])
def test_exif_in_a_text_of_a_png_counts(name: str, behind: bytes) -> None:
    body = exif(3)
    digits = (body + behind).hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    texts = PngImagePlugin.PngInfo()
    texts.add_text(f"Raw profile type {name}", f"\n{name}\n{len(body):8}\n{lines}\n", zip=True)
    assert (pixels(encoded(Image.fromarray(picture()), "PNG", pnginfo=texts)) == picture()[::-1, ::-1]).all()


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("with_exif", [False, True])
def test_the_orientation_in_xmp_alone_turns_nothing(file_format: str, with_exif: bool) -> None:
    options: dict[str, Any] = {"xmp": XMP.encode()}
    if file_format == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", XMP)
        options = {"pnginfo": texts}
    if file_format == "TIFF":
        options = {"tiffinfo": {700: XMP.encode()}}
    elif with_exif:  # of another tag
        made = Image.Exif()
        made[0x010F] = "a camera"
        options["exif"] = made.tobytes()
    info = decode(encoded(Image.fromarray(picture()), file_format, **options), min_side_px=80, max_pixels=10**7)
    assert (info.image.size, info.info.width, info.info.height) == ((120, 80), 120, 80)


@pytest.mark.parametrize("entry", [b"\x01\0\x01\0\0\0\x03\0\0\0", b"\x02\0\x02\0\0\x003\0\0\0"], ids=["byte", "text"])
def test_an_orientation_of_a_wrong_type_counts(entry: bytes) -> None:
    made = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01" + entry + bytes(4)
    data = encoded(Image.fromarray(picture()), "WEBP", lossless=True, exif=made)
    assert (pixels(data) == picture()[::-1, ::-1]).all()


def test_a_bmp_without_its_first_header_is_read() -> None:
    assert (pixels(encoded(Image.fromarray(picture()), "DIB")) == picture()).all()


def test_exif_s_orientation_counts_beside_xmp_s() -> None:
    data = encoded(Image.fromarray(picture()), "WEBP", lossless=True, xmp=XMP.encode(), exif=exif(3))
    assert (pixels(data) == picture()[::-1, ::-1]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_orientation_of_a_tiff_counts_at_every_depth(dtype: type[np.generic]) -> None:
    data = tiff(deep(picture(), dtype), photometric="rgb", extratags=[(274, 3, 1, 6, True)])
    result = decode(data, min_side_px=80, max_pixels=10**7)
    assert (np.abs(np.asarray(result.image).astype(int) - np.rot90(picture(), -1)) <= 1).all()
    assert (result.info.width, result.info.height, result.info.format) == (80, 120, "TIFF")


def test_an_embedded_thumbnail_is_never_taken_for_the_photo() -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra 'heif' is not installed")
    pillow_heif.register_heif_opener()
    large = Image.fromarray(picture()).resize((1200, 800))
    result = decode(encoded(large, "HEIF", thumbnails=[256]), min_side_px=160, max_pixels=10**7)
    assert (result.info.width, result.info.height) == (1200, 800)
    assert result.image.size == (600, 400)

"""Every way a photo can be encoded comes out as the same upright RGB; every way it can be broken has a name."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, PngImagePlugin

from tagger.core.errors import PhotoError
from tagger.core.extras import install_command
from tagger.core.types import PASSING_KINDS
from tagger.image.decode import KINDS, decode
from tagger.image.source import read
from tests.drawn import bomb, encoded, jpeg

MANY = 10_000_000


def picture() -> Image.Image:
    """Left half red, right half blue, a green bar on top."""
    image = Image.new("RGB", (120, 80), (200, 20, 20))
    image.paste((20, 20, 200), (60, 0, 120, 80))
    image.paste((20, 200, 20), (0, 0, 120, 20))
    return image


def decoded(data: bytes, **options: int) -> Image.Image:
    return decode(data, **({"min_side_px": 80, "max_pixels": MANY} | options)).image


def failure(data: bytes, **options: int) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        decoded(data, **options)
    assert caught.value.kind in KINDS
    return caught.value


def difference(left: Image.Image, right: Image.Image) -> float:
    assert left.size == right.size
    assert (left.mode, right.mode) == ("RGB", "RGB")
    return float(np.abs(np.asarray(left, dtype=float) - np.asarray(right, dtype=float)).mean())


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_every_format_gives_the_picture(file_format: str) -> None:
    assert difference(decoded(encoded(picture(), file_format)), picture()) < 6


def test_heic_gives_the_picture() -> None:
    pillow_heif.register_heif_opener()
    assert difference(decoded(encoded(picture(), "HEIF", quality=95)), picture()) < 6


@pytest.mark.parametrize("mode", ["CMYK", "L", "LA", "P", "RGBA", "1", "YCbCr", "LAB"])
def test_every_colour_mode_becomes_rgb(mode: str) -> None:
    source = picture().convert("RGB").convert(mode) if mode != "LAB" else Image.new("LAB", (120, 80), (128, 128, 128))
    result = decoded(encoded(source, "TIFF"))
    assert (result.mode, result.size) == ("RGB", (120, 80))
    if mode in ("CMYK", "P", "RGBA", "YCbCr"):
        assert difference(result, picture()) < 30


def test_cmyk_jpeg_keeps_its_colours() -> None:
    assert difference(decoded(encoded(picture().convert("CMYK"), "JPEG", quality=95)), picture()) < 8


def test_sixteen_bit_grey_keeps_its_range() -> None:
    ramp = np.linspace(0, 65535, 80 * 120).reshape(80, 120)
    result = np.asarray(decoded(encoded(Image.fromarray(ramp.astype(np.uint16)), "PNG")))
    assert np.abs(result[..., 0] - ramp / 257).max() <= 1


def test_float_tiff_keeps_its_range() -> None:
    ramp = np.linspace(0, 1, 80 * 120, dtype=np.float32).reshape(80, 120)
    result = np.asarray(decoded(encoded(Image.fromarray(ramp), "TIFF")))
    assert np.abs(result[..., 0] - ramp * 255).max() <= 1


def test_transparency_lies_on_white() -> None:
    assert decoded(encoded(Image.new("RGBA", (90, 90), (0, 0, 0, 0)), "PNG")).getpixel((5, 5)) == (255, 255, 255)


def test_a_palette_with_a_transparent_colour_lies_on_white() -> None:
    clear = Image.new("P", (90, 90), 0)
    clear.putpalette([0, 0, 0, 255, 0, 0])
    assert decoded(encoded(clear, "PNG", transparency=0)).getpixel((5, 5)) == (255, 255, 255)


def test_only_the_first_frame_of_an_animation_counts() -> None:
    frames = encoded(picture(), "GIF", save_all=True, append_images=[Image.new("RGB", (120, 80), "white")])
    assert difference(decoded(frames), picture()) < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = picture().transpose(undo[orientation]) if orientation > 1 else picture()
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = decode(encoded(stored, "JPEG", exif=exif, quality=95), min_side_px=80, max_pixels=MANY)
    assert difference(result.image, picture()) < 6
    assert (result.info.width, result.info.height) == (120, 80)


def test_a_large_jpeg_is_decoded_at_a_fraction_that_still_holds_the_short_side() -> None:
    result = decode(jpeg(size=(1600, 1200)), min_side_px=256, max_pixels=MANY)
    assert result.image.size == (400, 300)
    assert (result.info.width, result.info.height, result.info.format) == (1600, 1200, "JPEG")


def test_the_date_of_exposure_is_read() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:05:17 18:30:01"
    info = decode(jpeg(exif=exif), min_side_px=16, max_pixels=MANY).info
    assert info.taken_at is not None
    assert info.taken_at.isoformat() == "2024-05-17T18:30:01"


def located(latitude: str, longitude: str, lat: tuple[float, ...], lon: tuple[float, ...]) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: latitude, 2: lat, 3: longitude, 4: lon})
    return jpeg(exif=exif)


def test_the_place_of_exposure_is_read() -> None:
    data = located("S", "W", (22.0, 57.0, 7.2), (43.0, 12.0, 38.4))
    info = decode(data, min_side_px=16, max_pixels=MANY).info
    assert info.lat == pytest.approx(-22.952)
    assert info.lon == pytest.approx(-43.210667)


@pytest.mark.parametrize(
    "data",
    [jpeg(), located("N", "E", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), located("N", "E", (91.0, 0.0, 0.0), (0.0, 0.0, 1.0))],
    ids=["none", "without a fix", "off the map"],
)
def test_an_impossible_place_is_no_place(data: bytes) -> None:
    info = decode(data, min_side_px=16, max_pixels=MANY).info
    assert (info.lat, info.lon) == (None, None)


@pytest.mark.parametrize("date", ["0000:00:00 00:00:00", "yesterday", ""])
def test_an_impossible_date_is_no_date(date: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = date
    assert decode(jpeg(exif=exif), min_side_px=16, max_pixels=MANY).info.taken_at is None


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"rubbish", b"Exif\0\0II*\0\x08\0\0\0\xff\xff garbage that ends early"])
def test_broken_exif_does_not_spoil_a_sound_photo(file_format: str, exif: bytes) -> None:
    data = encoded(picture(), file_format, exif=exif)
    assert decode(data, min_side_px=80, max_pixels=MANY).info.taken_at is None
    assert difference(decoded(data), picture()) < 6


def test_a_long_comment_does_not_spoil_a_sound_photo() -> None:
    comment = PngImagePlugin.PngInfo()
    comment.add_text("story", "once upon a time " * 200_000, zip=True)
    assert difference(decoded(encoded(picture(), "PNG", pnginfo=comment)), picture()) < 6


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "GIF"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_truncated_photo_is_said_to_be_truncated(file_format: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 120, 3), dtype=np.uint8))
    data = encoded(noise, file_format)
    assert failure(data[: int(len(data) * share)]).kind == "truncated"


def test_damaged_bytes_fail() -> None:
    data = bytearray(encoded(picture(), "PNG"))
    data[60:90] = b"\x13" * 30
    assert failure(bytes(data)).kind in ("corrupt", "truncated")


def test_text_is_no_photo() -> None:
    assert failure(b"Dear diary, today I saw the Eiffel Tower").kind == "unsupported"


def test_heic_without_its_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    message = failure(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64).message
    assert message.endswith(f"HEIC photos need the extra 'heif': {install_command('heif')}")


def test_a_bomb_is_refused_by_its_header_alone() -> None:
    error = failure(bomb(), max_pixels=MANY)
    assert error.kind == "too_large"
    assert "30000×30000" in error.message


def test_a_huge_jpeg_passes_because_it_is_held_at_a_fraction() -> None:
    large = jpeg(size=(8000, 5000))
    assert min(decoded(large, max_pixels=MANY).size) >= 2 * 80
    progressive = jpeg(size=(8000, 5000), progressive=True)
    assert failure(progressive, max_pixels=MANY).kind == "too_large"


HUGE = """
import resource, sys
from PIL import Image
from tests.drawn import encoded
from tagger.image.decode import decode
data = encoded(Image.new(sys.argv[1], (9000, 9000)), "PNG")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
decode(data, min_side_px=256, max_pixels=100_000_000)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / (9000 * 9000))
"""


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "I;16", "P"])
def test_a_huge_picture_is_decoded_with_few_bytes_a_pixel(mode: str) -> None:
    done = subprocess.run([sys.executable, "-c", HUGE, mode], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 10


@pytest.mark.parametrize("data", [b"hi\n", b"BM", b"II*\0", b"MM\0*\0", b"GIF8", b"RIFF", b"\xff\xd8\xff", b"\x89PNG"])
def test_a_file_of_a_few_bytes_is_no_image_whatever_they_are(data: bytes) -> None:
    with pytest.raises(PhotoError, match=r"not an image of a known format|ends before the image begins"):
        decode(data, min_side_px=64, max_pixels=MANY)


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(PhotoError, match="empty") as caught:
        read(str(tmp_path / "empty.jpg"), MANY)
    assert caught.value.kind == "empty"


def test_a_folder_a_pipe_and_a_vanished_file_each_have_their_kind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    kinds = []
    for name in ("folder.jpg", "pipe.jpg", "gone.jpg"):
        with pytest.raises(PhotoError) as caught:
            read(str(tmp_path / name), MANY)
        kinds.append(caught.value.kind)
    assert kinds == ["not_a_file", "not_a_file", "not_found"]


def test_a_folder_that_a_failing_drive_does_not_list_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_path: str) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "scandir", fails)
    with pytest.raises(PhotoError, match="cannot be listed: Input/output error") as caught:
        read(str(tmp_path), 1)
    assert caught.value.kind in PASSING_KINDS


def test_a_file_over_the_byte_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big.jpg").write_bytes(b"x" * 1001)
    with pytest.raises(PhotoError) as caught:
        read(str(tmp_path / "big.jpg"), 1000)
    assert caught.value.kind == "too_large"


def test_missing_permission_has_its_kind(
    public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    secret = public_folder / "secret.jpg"
    secret.write_bytes(jpeg())
    secret.chmod(0)
    with without_privileges(), pytest.raises(PhotoError) as caught:
        read(str(secret), MANY)
    assert caught.value.kind == "permission"

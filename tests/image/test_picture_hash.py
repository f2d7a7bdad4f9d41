"""The hash of a picture stays as it is while metadata change, and differs as soon as pixels may.

`SOUND=100000 python -m pytest tests/image/test_picture_hash.py -k damaged` tries as many damaged files.
"""

from __future__ import annotations

import io
import os
import random
import shutil
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tagger.core.errors import PhotoError
from tagger.image.decode import decode
from tagger.image.picture_hash import picture_hash
from tests.drawn import encoded

ORIENTATION = 0x0112
DAMAGED_FILES = int(os.environ.get("SOUND", "2000"))
DAY = "2020:01:01 10:00:00"
BY_PYTHON_EXIV2 = """
import sys, exiv2
image = exiv2.ImageFactory.open(sys.argv[1])
image.readMetadata()
image.xmpData()["Xmp.dc.subject"] = "x"
image.exifData()["Exif.Photo.UserComment"] = "x"
image.writeMetadata()
"""
EDITS = {
    "tags by exiftool": ["exiftool", "-q", "-overwrite_original", "-XMP:Subject=x", "-Artist=x", "-GPSLatitude=48"],
    "IPTC by exiftool": ["exiftool", "-q", "-overwrite_original", "-IPTC:Keywords=x", f"-DateTimeOriginal={DAY}"],
    "nothing left by exiftool": ["exiftool", "-q", "-overwrite_original", "-all="],
    "tags by exiv2": ["exiv2", "-M", "set Xmp.dc.subject x", "-M", "set Exif.Image.Artist x"],
    "nothing left by exiv2": ["exiv2", "-d", "a"],
    "IPTC by exiv2": ["exiv2", "-M", "set Iptc.Application2.Keywords x", "-M", "set Exif.GPSInfo.GPSLatitude 48/1"],
    "no profile by exiftool": ["exiftool", "-q", "-overwrite_original", "-ICC_Profile:all="],
    "tags by python-exiv2": [sys.executable, "-c", BY_PYTHON_EXIV2],
}
TURN = ["exiftool", "-q", "-overwrite_original", "-n", "-Orientation=6"]


@cache
def files() -> dict[str, bytes]:
    """A picture in each format, some of them transparent or animated, with metadata of several kinds."""
    noise = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((40, 30), Image.Resampling.BICUBIC)
    clear = image.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    known = {"exif": exif, "icc_profile": icc, "xmp": b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'}
    made = {
        "jpg": encoded(image, "JPEG", comment=b"x", **known),
        "progressive.jpg": encoded(image, "JPEG", progressive=True, **known),
        "cmyk.jpg": encoded(image.convert("CMYK"), "JPEG", **known),
        "rgb.jpg": encoded(image, "JPEG", keep_rgb=True, **known),
        "png": encoded(image, "PNG", **known),
        "clear.png": encoded(clear, "PNG", **known),
        "palette.png": encoded(image.convert("P"), "PNG", transparency=3),
        "webp": encoded(image, "WEBP"),
        "clear.webp": encoded(clear, "WEBP", **known),
        "lossless.webp": encoded(clear, "WEBP", lossless=True),
        "animated.webp": encoded(image, "WEBP", save_all=True, append_images=[image.rotate(90)]),
        "avif": encoded(image, "AVIF", **known),
        "clear.avif": encoded(clear, "AVIF", **known),
    }
    try:
        import pillow_heif
    except ImportError:
        return made
    pillow_heif.register_heif_opener()
    return made | {"heic": encoded(image, "HEIF", **known), "clear.heic": encoded(clear, "HEIF", **known)}


NAMES = list(files())


def pixels(data: bytes) -> bytes | None:
    """The upright picture; None if the file is refused."""
    try:
        image = decode(data, min_side_px=16, max_pixels=10**6).image
    except PhotoError:
        return None
    return b"%dx%d" % image.size + image.tobytes()


def edited(command: list[str], name: str, folder: Path) -> bytes:
    """A file after a program has edited its metadata; skips the test if it cannot."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    path = folder / f"photo.{name}"
    path.write_bytes(files()[name])
    run = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    if path.read_bytes() == files()[name]:
        pytest.skip(f"{command[0]} changes nothing in it: {run.stderr.strip()[:80]}")
    return path.read_bytes()


@pytest.mark.process
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", NAMES)
def test_another_program_edits_metadata_and_the_picture_is_the_same(name: str, edit: str, tmp_path: Path) -> None:
    new = edited(EDITS[edit], name, tmp_path)
    assert picture_hash(new) == picture_hash(files()[name]) is not None
    is_refused = pixels(new) is None and "avif" in name  # exiftool 12 leaves items without data, which libavif refuses
    assert is_refused or pixels(new) == pixels(files()[name])


@pytest.mark.process
@pytest.mark.parametrize("name", NAMES)
def test_a_turned_picture_is_another_one_unless_no_reader_turns_it(name: str, tmp_path: Path) -> None:
    new = edited(TURN, name, tmp_path)
    is_same = pixels(new) == pixels(files()[name])
    assert is_same is name.endswith(("heic", "avif"))
    assert (picture_hash(new) == picture_hash(files()[name])) is is_same


def test_no_two_pictures_have_one_hash() -> None:
    hashes = [picture_hash(data) for data in files().values()]
    assert len({*hashes, None}) == len(hashes) + 1


@pytest.mark.parametrize("name", NAMES)
def test_half_a_file_is_not_the_whole_one(name: str) -> None:
    whole = files()[name]
    hashes = {picture_hash(whole[: len(whole) * part // 100]) for part in range(20, 90, 7)}
    assert picture_hash(whole) not in hashes


@pytest.mark.slow
def test_damaged_files_with_the_same_hash_have_the_same_pixels() -> None:
    dice = random.Random(DAMAGED_FILES)
    known = {picture_hash(data): pixels(data) for data in files().values()}
    alike = 0
    for _ in range(DAMAGED_FILES):
        damaged = _damaged(files()[dice.choice(NAMES)], dice)
        if (found := picture_hash(damaged)) in known and (decoded := pixels(damaged)) is not None:
            alike += 1
            assert decoded == known[found]
    assert alike > DAMAGED_FILES / 100


def test_a_film_or_another_picture_behind_a_jpeg_does_not_count() -> None:
    image = files()["jpg"]
    mpf = b"\xff\xe2" + struct.pack(">H", 6) + b"MPF\0"
    for trailer in (b"ftypmp42 film", bytes(100), files()["png"]):
        assert picture_hash(image + trailer) == picture_hash(image)
    assert picture_hash(image[:2] + mpf + image[2:] + files()["progressive.jpg"]) == picture_hash(image)


def test_what_stands_between_the_scans_of_a_jpeg_counts() -> None:
    image = files()["progressive.jpg"]
    second = image.index(b"\xff\xda", image.index(b"\xff\xda") + 2)
    assert picture_hash(image[:second] + image[second:-2] + b"\xff\xd9") == picture_hash(image)
    assert picture_hash(image[:second] + b"\xff\xd9") != picture_hash(image)


def test_jfif_counts_only_where_it_decides_the_colours() -> None:
    for name, is_same in (("jpg", True), ("rgb.jpg", False)):
        image = files()[name]
        without = image.replace(b"\xff\xe0\x00\x10JFIF", b"\xff\xe0\x00\x10XFIF", 1)
        without = without if without != image else image[:2] + b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0" + image[2:]
        assert (picture_hash(without) == picture_hash(image)) is is_same
        assert (pixels(without) == pixels(image)) is is_same


def test_other_formats_and_nonsense_have_no_hash() -> None:
    image = Image.new("RGB", (8, 8))
    for data in (encoded(image, "GIF"), encoded(image, "TIFF"), encoded(image, "BMP"), b"", b"\xff\xd8\xff", b"RIFF"):
        assert picture_hash(data) is None


def test_the_orientation_is_read_as_when_the_picture_is_decoded() -> None:
    """Pillow falls back on XMP, which viewers do not; some programs write a text or a byte."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    turned = encoded(Image.open(io.BytesIO(files()["jpg"])), "JPEG", exif=exif)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><tiff:Orientation>8</tiff:Orientation></x:xmpmeta>'
    same = encoded(Image.open(io.BytesIO(files()["jpg"])), "JPEG", exif=exif, xmp=xmp)
    assert (picture_hash(same), pixels(same)) == (picture_hash(turned), pixels(turned))


def _damaged(data: bytes, dice: random.Random) -> bytes:
    """A file after random bytes were changed, removed, added or repeated, mostly near its beginning."""
    damaged = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 4])):
        at = dice.randrange(len(damaged) if dice.random() < 0.4 else min(len(damaged), 700))
        match dice.randrange(10):
            case 0:
                del damaged[at : at + dice.choice([1, 2, 8, 50])]
            case 1:
                damaged[at:at] = dice.randbytes(dice.choice([1, 2, 8]))
            case 2:
                start = dice.randrange(len(damaged))
                damaged[at:at] = damaged[start : start + dice.randrange(60)]
            case _:
                damaged[at] = dice.randrange(256)
    return bytes(damaged)

"""A large TIFF is decoded from its file, without a copy of the file in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.memory.bombs import MOST_MB, peak
from tagger.core.errors import PhotoError
from tagger.core.run_options import Limits
from tagger.core.types import Failed
from tagger.image.decode import decode
from tagger.image.loader import Content, InProcessLoader, LoadedPhoto, NeededPart, Part, always
from tagger.image.source import open_source
from tests.drawn import card, encoded, jpeg

SMALL = 1000


def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (90, 120, 3), dtype=np.uint8))


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def load(path: Path, needed_part: NeededPart = always) -> LoadedPhoto:
    return InProcessLoader(card().input, Limits()).load(str(path), needed_part)


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.image.source.LARGE_BYTES", SMALL)


@pytest.mark.parametrize(
    "options", [{}, {"exif": turned()}, {"compression": "tiff_lzw"}], ids=["plain", "turned", "compressed"]
)
def test_it_is_read_as_from_memory(options: dict[str, object], tmp_path: Path) -> None:
    data = encoded(picture(), "TIFF", **options)
    (tmp_path / "large.tif").write_bytes(data)
    expected = decode(data, min_side_px=16, max_pixels=10**8)
    with open_source(str(tmp_path / "large.tif"), Limits()) as source:
        assert isinstance(source.content, bytes) is ("compression" in options)
        result = decode(source.content, min_side_px=16, max_pixels=10**8)
    assert np.array_equal(np.asarray(result.image), np.asarray(expected.image))
    assert result.info == expected.info


def test_its_sha256_is_that_of_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large.tif").write_bytes(encoded(picture(), "TIFF"))
    from_file = load(tmp_path / "large.tif")
    monkeypatch.setattr("tagger.image.source.LARGE_BYTES", 10**9)
    assert from_file.sha256 == load(tmp_path / "large.tif").sha256


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_half_a_file_is_truncated(share: float, tmp_path: Path) -> None:
    data = encoded(picture(), "TIFF")
    (tmp_path / "half.tif").write_bytes(data[: int(len(data) * share)] + bytes(0))
    failure = load(tmp_path / "half.tif").failure
    assert failure is not None
    assert failure.kind == "truncated"


def test_a_file_that_changes_while_it_is_read_is_tried_again_later(tmp_path: Path) -> None:
    path = tmp_path / "large.tif"
    path.write_bytes(encoded(picture(), "TIFF"))

    def change(_content: Content) -> Part:
        path.write_bytes(path.read_bytes() + b"more")
        return "pixels"

    assert load(path, change).failure == Failed("io_error", "the file changed while it was read")


def test_another_file_that_does_not_fit_into_memory_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.jpg").open("wb") as file:
        file.write(jpeg())
        file.truncate(400_000_000)
    with pytest.raises(PhotoError) as caught, open_source(str(tmp_path / "large.jpg"), Limits()):
        pass
    assert caught.value.kind == "too_large"


@pytest.mark.slow
def test_its_bytes_are_not_in_memory(tmp_path: Path) -> None:
    Image.new("RGB", (8000, 7000), "red").save(tmp_path / "large.tif")
    megabytes, photo = peak(tmp_path / "large.tif")
    assert photo.failure is None
    assert megabytes < MOST_MB - 100

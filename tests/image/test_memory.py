"""No photo takes more memory than `max_pixels` allows: it is refused by its header, or decoded in bands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.memory.bombs import BOMBS, MOST_MB, peak
from tagger.core.errors import PhotoError
from tagger.core.run_options import Limits
from tagger.image.codec_memory import kept_coefficients, webp_size
from tagger.image.decode import decode
from tagger.image.decoder_pool import DecoderPool
from tagger.image.loader import always
from tests import bombs
from tests.drawn import card, encoded, jpeg, photos
from tests.image.conftest import PATIENCE_S

REFUSED_MB = 60


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_takes_much_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(BOMBS[name]())
    megabytes, photo = peak(tmp_path / name)
    is_refused = photo.failure is not None and photo.failure.kind == "too_large"
    assert megabytes < (REFUSED_MB if is_refused else MOST_MB)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: bombs.png(1, 50_000_000),
        lambda: bombs.png(50_000_000, 1),
        lambda: bombs.tiff(64, 64, strip_rows=1, tile_px=12_000),
        lambda: bombs.jpeg(9000, 9000),
        lambda: bombs.jpeg(9000, 9000, frame=0xC0),
        lambda: bombs.bmp(10_000, 9000),
        lambda: bombs.webp(6000, 6000),
        lambda: bombs.gif(65_535),
    ],
    ids=["thin", "wide", "tile", "progressive", "scans", "bmp", "webp", "gif"],
)
def test_a_bomb_is_too_large(draw: Callable[[], bytes]) -> None:
    with pytest.raises(PhotoError) as caught:
        decode(draw(), min_side_px=256, max_pixels=Limits().max_pixels)
    assert caught.value.kind == "too_large"


def test_a_larger_max_pixels_allows_more_memory() -> None:
    data = bombs.png(3000, 12_000)
    with pytest.raises(PhotoError, match="max_pixels is 36,000,000"):
        decode(data, min_side_px=1600, max_pixels=36_000_000)
    assert decode(data, min_side_px=1600, max_pixels=150_000_000).image.size == (3000, 12_000)


def test_what_estimates_overlook_fails_one_photo_by_the_hard_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import tagger.image.limits\ntagger.image.limits.needed_bytes = lambda *_: 0\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[2]}")
    (tmp_path / "thin.png").write_bytes(bombs.png(1, 50_000_000))
    megabytes, photo = peak(tmp_path / "thin.png")
    assert photo.failure is not None
    assert photo.failure.kind == "too_large"
    assert "memory" in photo.failure.message
    assert megabytes < MOST_MB


def test_a_photo_for_which_too_little_memory_is_left_gets_a_fresh_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import tagger.image.loader as loader\nheld, hash = [], loader.difference_hash\n"
        "loader.difference_hash = lambda image: held.append(b'x' * 50_000_000) or hash(image)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[2]}")
    (small,) = photos(tmp_path, 1)
    (tmp_path / "large.png").write_bytes(bombs.png(8500, 8500))
    with DecoderPool(card().input, Limits(), photos=1, timeout_s=PATIENCE_S) as decoders:
        assert decoders.load(str(small), always).failure is None
        (first,) = decoders.process_ids()
        assert decoders.load(str(tmp_path / "large.png"), always).failure is None
        (second,) = decoders.process_ids()
        assert decoders.load(str(small), always).failure is None
    assert first != second


def test_small_photos_still_load_after_one_without_memory(tmp_path: Path) -> None:
    (small,) = photos(tmp_path, 1)
    megabytes, photo = peak(small)
    assert photo.failure is None
    assert megabytes < REFUSED_MB


@pytest.mark.parametrize(
    ("options", "coefficients"),
    [
        ({}, 0),
        ({"progressive": True}, 1.5),
        ({"progressive": True, "subsampling": 0}, 3),
        ({"progressive": True, "subsampling": 1}, 2),
    ],
)
def test_libjpeg_keeps_the_coefficients_of_progressive_photos(options: dict[str, Any], coefficients: float) -> None:
    assert kept_coefficients(jpeg(**options)) == coefficients


def test_a_webp_s_size_is_read_from_its_three_kinds_of_header() -> None:
    image = Image.new("RGB", (300, 200), "red")
    clear = Image.new("RGBA", (300, 200), (255, 0, 0, 9))
    files = [encoded(image, "WEBP"), encoded(image, "WEBP", lossless=True), encoded(clear, "WEBP")]
    assert [file[12:16] for file in files] == [b"VP8 ", b"VP8L", b"VP8X"]
    assert [webp_size(file) for file in files] == [(300, 200)] * 3
    assert webp_size(jpeg()) is None


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16"])
def test_a_large_photo_looks_the_same_in_bands(mode: str) -> None:
    gradient = np.linspace(0, 255, 2600 * 2000 * 3).reshape(2600, 2000, 3).astype(np.uint8)
    source = Image.fromarray(gradient)
    if mode == "I;16":
        source = Image.fromarray(gradient[..., 0].astype(np.uint16) * 257)
    else:
        source = source.convert(mode, dither=Image.Dither.NONE)
    large = decode(encoded(source, "TIFF" if mode == "CMYK" else "PNG"), min_side_px=250, max_pixels=10**8).image
    small = source.convert("RGB") if mode != "I;16" else Image.fromarray(gradient[..., 0]).convert("RGB")
    assert large.size == (500, 650)
    expected = np.asarray(small.reduce(4), dtype=float)
    assert np.abs(np.asarray(large, dtype=float) - expected).max() <= 1


@pytest.mark.parametrize("image_format", ["WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_codecs_that_return_bytes_give_the_same_photo_in_bands(image_format: str, mode: str) -> None:
    if image_format == "HEIF":
        pytest.importorskip("pillow_heif", reason="the extra 'heif' is not installed").register_heif_opener()
    columns = np.linspace(0, 255, 2101).astype(np.uint8)
    gradient = np.stack([np.tile(columns, (2100, 1)), np.full((2100, 2101), 90), np.full((2100, 2101), 200)], axis=-1)
    image = Image.fromarray(gradient.astype(np.uint8)).convert(mode)
    result = np.asarray(decode(encoded(image, image_format), min_side_px=250, max_pixels=10**8).image, dtype=float)
    expected = np.asarray(Image.fromarray(gradient.astype(np.uint8)).reduce(4), dtype=float)
    assert result.shape == (525, 526, 3)
    assert np.abs(result - expected).mean() < 4


@pytest.mark.parametrize("options", [{}, {"num_resolutions": 2}, {"num_resolutions": 1}])
def test_a_large_jpeg_2000_is_decoded_at_a_fraction_that_it_contains(options: dict[str, Any]) -> None:
    gradient = Image.linear_gradient("L").resize((2400, 2000)).convert("RGB")
    image = decode(encoded(gradient, "JPEG2000", **options), min_side_px=220, max_pixels=10**8).image
    assert image.size == (600, 500)
    expected = np.asarray(gradient.resize(image.size, Image.Resampling.BOX), dtype=float)
    assert np.abs(np.asarray(image, dtype=float) - expected).mean() < 2

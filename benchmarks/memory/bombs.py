"""What is the peak memory of a decoder process over bombs, and over photos of 100 megapixels?

Bombs are small files whose pixels take much memory. They are drawn; the names of other files may be added. Each file
gets its own process, so that its peak is the file's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.processes import print_table
from tagger.core.run_options import Limits
from tagger.core.types import InputContract
from tagger.image.decoder_pool import DecoderPool
from tagger.image.loader import LoadedPhoto, always
from tests import bombs

MOST_MB = 400
INTERVAL_S = 0.01
TIMEOUT_S = 300
CONTRACT = InputContract(size_px=256, resize_px=256, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
BOMBS: dict[str, Callable[[], bytes]] = {
    "thin.png": lambda: bombs.png(1, 99_999_999),
    "wide.png": lambda: bombs.png(25_000_000, 3),
    "strip.png": lambda: bombs.png(1023, 60_000),
    "rgba.png": lambda: bombs.png(9000, 9000, colour_type=6, bits=16),
    "palette.png": lambda: bombs.png(9999, 9999, colour_type=3),
    "grey16.png": lambda: bombs.png(9999, 9999, colour_type=0, bits=16),
    "interlaced.png": lambda: bombs.png(9000, 9000, interlaced=True),
    "exif.png": lambda: bombs.exif_bomb(60_000, 5_000_000),
    "tile.tif": lambda: bombs.tiff(64, 64, strip_rows=1, tile_px=16_000),
    "strip.tif": lambda: bombs.tiff(7000, 7000, strip_rows=7000),
    "thin.tif": lambda: bombs.tiff(1, 30_000_000, strip_rows=30_000_000),
    "rgb16.tif": lambda: bombs.tiff(9000, 9000, strip_rows=1, bits=16),
    "progressive.jpg": lambda: bombs.jpeg(65_500, 65_500),
    "scans.jpg": lambda: bombs.jpeg(65_500, 65_500, frame=0xC0),
    "baseline.jpg": lambda: bombs.jpeg(65_500, 65_500, frame=0xC0, components_a_scan=3),
    "rgb.bmp": lambda: bombs.bmp(10_000, 9999),
    "runs.bmp": lambda: bombs.bmp(9999, 9999, bits=8, compression=1),
    "screen.gif": lambda: bombs.gif(9999),
    "canvas.webp": lambda: bombs.webp(5200, 5200),
    "huge.webp": lambda: bombs.webp(16_383, 6000),
}
PHOTO_PX = (11_500, 8690)
PHOTOS: dict[str, dict[str, Any]] = {
    "100mp.jpg": {"quality": 85},
    "100mp_progressive.jpg": {"quality": 85, "progressive": True},
    "100mp.png": {"compress_level": 1},
    "100mp.tif": {},
    "100mp.webp": {"quality": 80, "method": 0},
    "100mp.avif": {"quality": 60, "speed": 10},
    "48mp.heic": {"quality": 50},  # as phones make them; encoding 100 megapixels takes minutes
}


def peak(path: Path, limits: Limits | None = None) -> tuple[float, LoadedPhoto]:
    """Load a photo in a new decoder process.

    Returns:
        The process's peak memory in 10^6 bytes, and the photo.
    """
    with DecoderPool(CONTRACT, limits or Limits(), photos=1, timeout_s=TIMEOUT_S) as decoders:
        decoders.wait_ready()
        (decoder,) = decoders.process_ids()
        peaks, is_done = [peak_mb(decoder)], threading.Event()

        def watch() -> None:  # a process that dies leaves nothing to read
            while not is_done.wait(INTERVAL_S):
                peaks.append(peak_mb(decoder))

        watching = threading.Thread(target=watch)
        watching.start()
        photo = decoders.load(str(path), always)
        peaks.append(peak_mb(decoder))
        is_done.set()
        watching.join()
    return max(peaks), photo


def peak_mb(process: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def drawn(folder: Path) -> Iterator[Path]:
    for name, draw in BOMBS.items():
        (folder / name).write_bytes(draw())
        yield folder / name
    blurred = np.random.default_rng(0).integers(0, 256, (87, 116, 3), dtype=np.uint8)
    photo = Image.fromarray(blurred).resize(PHOTO_PX, Image.Resampling.BICUBIC)
    for name, options in PHOTOS.items():
        if name.endswith(".heic"):
            import pillow_heif

            pillow_heif.register_heif_opener()
            photo = photo.resize((8064, 6048))
        photo.save(folder / name, **options)
        yield folder / name


def main(*files: str) -> int:
    rows, highest = [], 0.0
    with TemporaryDirectory() as folder:
        for path in [*drawn(Path(folder)), *map(Path, files)]:
            start = time.perf_counter()
            megabytes, photo = peak(path)
            answer = photo.failure.message if photo.failure else "decoded"
            rows.append((path.name, f"{megabytes:4.0f} MB  {time.perf_counter() - start:4.1f} s  {answer}"))
            highest = max(highest, megabytes)
    rows.append(("highest", f"{highest:4.0f} MB, at most {MOST_MB} wanted"))
    print_table(rows)
    return int(highest > MOST_MB)

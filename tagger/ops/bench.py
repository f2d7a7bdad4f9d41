"""How fast this machine tags photos, and what limits it.

Decoding and the model share the cores, so photos that take 1/d seconds of all cores to decode and 1/m in the model pass
at 1/(1/d + 1/m) per second at best. On a GPU they overlap, and the slower one is the bound.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from db.engine import open_store
from tagger.core.errors import PhotoError, TaggerError
from tagger.core.run_options import RunOptions
from tagger.core.types import Answer, NoLandmark
from tagger.image.decoder_pool import DecoderPool
from tagger.image.loader import InProcessLoader, always
from tagger.image.preprocess import Pixels
from tagger.image.source import read
from tagger.library.runner import LibraryRun
from tagger.model.predictor import Tagger

MODEL_SECONDS = 3.0
MODEL_PHOTOS = 512  # real photos, since how many need the second look depends on what they show
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Rates:
    """Photos per second, each figure measured alone on all cores."""

    photos: int  # how many were tagged end to end
    end_to_end: float  # a run into a fresh database, as `tagger tag` does it, the model already loaded
    decode: float  # reading, hashing, decoding and resizing
    model: float  # normalising and inference
    first_look: float | None  # fraction of the photos that the first look answers; None if the bundle has none
    shares_cores: bool  # whether the model runs on the cores that decode

    @property
    def bound(self) -> float:
        """The upper bound by decoding and model together."""
        return 1 / (1 / self.decode + 1 / self.model) if self.shares_cores else min(self.decode, self.model)

    @property
    def verdict(self) -> str:
        """How close the run is to the bound, and what limits it most."""
        slower = "decoding" if self.decode < self.model else "the model"
        return f"{self.end_to_end / self.bound:.0%} of the bound; limited mostly by {slower}"


def measure(tagger: Tagger, folder: str, paths: Sequence[str], k: int) -> Rates:
    """Measure the photos of a folder in three ways.

    Args:
        tagger: the model.
        folder: tagged end to end.
        paths: the photos below it, which are decoded.
        k: suggestions for each photo.
    """
    for path in paths:  # the first reading measures the disk
        with suppress(PhotoError):
            read(path, tagger.limits.max_file_bytes)
    pixels, decode = _decode_rate(tagger, paths)
    model, first_look = _model_rate(tagger, pixels, k)
    photos, end_to_end = _run_rate(tagger, folder, k)
    on_cpu = tagger.engine.info.device.startswith("CPU")
    return Rates(photos, end_to_end, decode, model, first_look, on_cpu)


def _decode_rate(tagger: Tagger, paths: Sequence[str]) -> tuple[list[Pixels], float]:
    """The rate, and photos for the model."""
    loader = InProcessLoader(tagger.bundle.card.input, tagger.limits)
    pixels: list[Pixels] = []
    start = time.perf_counter()
    with ThreadPoolExecutor(tagger.limits.threads) as pool:
        for photo in pool.map(lambda path: loader.load(path, always), paths):
            if photo.pixels is not None and len(pixels) < MODEL_PHOTOS:
                pixels.append(photo.pixels)
    rate = len(paths) / (time.perf_counter() - start)
    if not pixels:
        raise TaggerError(
            f"None of the {len(paths)} files is a readable photo. Name a folder with a few hundred photos."
        )
    return pixels, rate


def _model_rate(tagger: Tagger, pixels: list[Pixels], k: int) -> tuple[float, float | None]:
    """The rate, and the fraction of the answers that the first look gives."""
    photos, size = cycle(pixels), tagger.engine.batch_size
    tagger.infer(list(islice(photos, size)), k)
    answers: list[Answer] = []
    start = time.perf_counter()
    while (seconds := time.perf_counter() - start) < MODEL_SECONDS or len(answers) < len(pixels):
        answers += tagger.infer(list(islice(photos, size)), k)
    by_first = sum(isinstance(answer, NoLandmark) and answer.look == "first" for answer in answers)
    return len(answers) / seconds, by_first / len(answers) if tagger.first_look else None


def _run_rate(tagger: Tagger, folder: str, k: int) -> tuple[int, float]:
    decoders = DecoderPool(tagger.bundle.card.input, tagger.limits, photos=tagger.limits.threads, timeout_s=TIMEOUT_S)
    with decoders, TemporaryDirectory() as scratch, open_store(str(Path(scratch) / "bench.sqlite")) as store:
        decoders.wait_ready()  # in a run they begin while the model is loaded
        run = LibraryRun(
            store,
            tagger.bundle,
            [folder],
            lambda: tagger,
            RunOptions(k=k),
            open_decoders=lambda _photos: decoders,
        )
        start = time.perf_counter()
        photos = sum(1 for _ in run.results())
        return photos, photos / (time.perf_counter() - start)

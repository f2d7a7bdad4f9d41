"""What does it cost to decode photos in separate processes instead of threads?

Both tag the same photos with the same loaded model, in turns. The processes start while a run loads its model, so their
start is measured separately.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.photos import SMALL, enlarged, real_photos
from benchmarks.processes import print_table
from tagger.image.decoder_pool import DecoderPool
from tagger.image.loader import PhotoLoader
from tagger.model.predictor import Tagger, load

TIMEOUT_S = 60.0


def rate(tagger: Tagger, paths: Sequence[str], loader: PhotoLoader | None) -> float:
    start = time.perf_counter()
    statuses = [result.answer.status for result in tagger.tag(paths, loader=loader)]
    assert len(statuses) == len(paths)
    assert "failed" not in statuses
    return len(paths) / (time.perf_counter() - start)


def started(tagger: Tagger) -> tuple[DecoderPool, float]:
    """The processes, and their start time."""
    start = time.perf_counter()
    decoders = DecoderPool(tagger.bundle.card.input, tagger.limits, photos=tagger.limits.threads, timeout_s=TIMEOUT_S)
    decoders.wait_ready()
    return decoders, time.perf_counter() - start


def main(*, data: Path, photos: int = 400, turns: int = 5) -> None:
    with TemporaryDirectory() as place:
        paths = [*map(str, enlarged(real_photos(data), Path(place), photos, SMALL))]
        tagger = load()
        rate(tagger, paths[:50], None)
        decoders, start_s = started(tagger)
        with decoders:
            pairs = [(rate(tagger, paths, None), rate(tagger, paths, decoders)) for _ in range(turns)]
    threads, processes = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    ratio = statistics.median(there / here for here, there in pairs)
    print(f"{photos} photos of {SMALL[0]} x {SMALL[1]} px, {tagger.limits.threads} at a time")
    rows = [
        ("threads", f"{threads:7.1f} photos/s"),
        ("processes", f"{processes:7.1f} photos/s   {ratio:.2f} x, the median of {turns} turns"),
        ("their start", f"{start_s:7.2f} s, while the model is loaded"),
    ]
    print_table(rows)

"""Photos decoded in processes of their own, beside threads of one process: what the safety costs.

Both tag the same photos with the same loaded model, taking turns; only who decodes differs. The processes begin while
a run loads its model, so their start is told apart.

    LANDMARK_DATA=… python -m benchmarks.decoders [--photos 400] [--turns 5] [--size 800x600]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.setting import enlarged, real_photos, say_setting, table
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


def begun(tagger: Tagger) -> tuple[DecoderPool, float]:
    """The processes, and how long it took them to begin."""
    start = time.perf_counter()
    decoders = DecoderPool(tagger.bundle.card.input, tagger.limits, photos=tagger.limits.threads, timeout_s=TIMEOUT_S)
    decoders.wait_ready()
    return decoders, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--size", default="800x600")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    say_setting()
    with TemporaryDirectory() as place:
        paths = [*map(str, enlarged(real_photos(), Path(place), options.photos, (width, height)))]
        tagger = load()
        rate(tagger, paths[:50], None)
        decoders, start_s = begun(tagger)
        with decoders:
            pairs = [(rate(tagger, paths, None), rate(tagger, paths, decoders)) for _ in range(options.turns)]
    threads, processes = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    ratio = statistics.median(there / here for here, there in pairs)
    rows = [
        ("threads", f"{threads:7.1f} photos/s"),
        ("processes", f"{processes:7.1f} photos/s   {ratio:.2f} x, the median of {options.turns} turns"),
        ("their start", f"{start_s:7.2f} s, while the model is loaded"),
    ]
    print(f"{options.photos} photos of {options.size} px, {tagger.limits.threads} at a time\n" + "\n".join(table(rows)))


if __name__ == "__main__":
    main()

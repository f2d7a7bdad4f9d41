"""How many photos/s does an NVIDIA GPU tag: the model alone, end to end, and which share of the card's peak is that?

The model runs eagerly, as the engine runs it (fixed shapes in CUDA graphs, copies beside the work), and compiled by
`torch.compile`, which the engine does not use: it needs a C compiler, and a minute at each start. The peak is that of a
large product of matrices in the same precision on this card. End to end is `tagger tag`; decoding runs on the CPU. What
nvJPEG would decode is measured beside it: its pixels are not those of the CPU, so `tagger` does not use it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.photos import LARGE, SMALL, enlarged, real_photos
from benchmarks.processes import print_table
from tagger.model.engines.factory import has_nvidia_driver
from tagger.model.engines.torch import TorchEngine
from tagger.model.predictor import load
from tagger.ops.bench import measure

SECONDS = 3.0
MATRIX = 8192  # rows and columns; large enough for a card's full speed
K = 5


def rate(work: Callable[[], object], photos: int, seconds: float = SECONDS) -> float:
    """Photos/s of work on some photos, repeated; the first calls, which compile and capture, do not count."""
    for _ in range(3):
        work()
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        work()
        done += photos
    return done / spent


def flops_per_photo(forward: Callable[[torch.Tensor], torch.Tensor], pixels: torch.Tensor) -> float:
    """Floating-point operations of the network, two for a multiplication with its addition."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        forward(pixels)
    return float(counter.get_total_flops()) / len(pixels)


def peak_flops(dtype: torch.dtype, device: torch.device) -> float:
    """Operations per second of a large product of matrices."""
    left, right = (torch.ones(MATRIX, MATRIX, dtype=dtype, device=device) for _ in range(2))

    def multiply() -> None:
        for _ in range(10):
            left @ right
        torch.cuda.synchronize(device)

    return rate(multiply, 10) * 2 * MATRIX**3


def model_rates(engine: TorchEngine, size_px: int) -> list[tuple[str, float]]:
    """Photos/s in three ways; the pixels of the first and the last are on the card already."""
    device, size = engine._device, engine.batch_size
    photos = np.random.default_rng(0).integers(0, 256, (size, size_px, size_px, 3), dtype=np.uint8)
    on_card = torch.from_numpy(photos).to(device)
    compiled = torch.compile(engine._forward, mode="reduce-overhead", dynamic=False)

    def run(forward: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], None]:
        def work() -> None:
            with torch.inference_mode():
                forward(on_card)
            torch.cuda.synchronize(device)

        return work

    return [
        ("eager", rate(run(engine._forward), size)),
        ("the engine, copies included", rate(lambda: engine.logits(photos), size)),
        ("torch.compile", rate(run(compiled), size)),
    ]


def nvjpeg_rate(paths: Sequence[Path], device: torch.device, batch: int = 32) -> float:
    """Photos/s that TorchCodec decodes to full size, on a card by nvJPEG."""
    from torchcodec.decoders import decode_jpeg  # type: ignore[attr-defined]

    files = [path.read_bytes() for path in paths[:batch]]
    return rate(lambda: decode_jpeg(files, device=device), len(files))


def main(*, data: Path, small: int = 4000, large: int = 1000) -> int:
    if not (has_nvidia_driver() and torch.cuda.is_available()):
        print("There is no NVIDIA GPU here, or PyTorch cannot use it.", file=sys.stderr)
        return 1
    tagger = load(device="cuda")
    engine, size_px = tagger.engine, tagger.bundle.card.input.size_px
    assert isinstance(engine, TorchEngine)
    flops = flops_per_photo(engine._forward, torch.zeros((8, size_px, size_px, 3), dtype=torch.uint8).cuda())
    peak = peak_flops(engine._dtype, engine._device)
    print(f"{engine.info}, batches of {engine.batch_size}\n")
    rows = [("operations for a photo", f"{flops / 1e9:9.2f} G"), ("the card's peak", f"{peak / 1e12:9.1f} T/s")]
    for name, photos_per_s in model_rates(engine, size_px):
        rows.append((name, f"{photos_per_s:9.0f} photos/s  {photos_per_s * flops / peak:.1%} of the peak"))
    print_table(rows)
    for name, count, size in (("800 px", small, SMALL), ("12 MP", large, LARGE)):
        with TemporaryDirectory() as place:
            paths = enlarged(real_photos(data), Path(place), count, size)
            rates = measure(tagger, place, [str(path) for path in paths], K)
            nvjpeg = nvjpeg_rate(paths, engine._device)
        print(f"\n{name}, end to end {rates.end_to_end:.0f} photos/s")
        print(f"decoding {rates.decode:.0f} (nvJPEG {nvjpeg:.0f}), model {rates.model:.0f} photos/s")
        print(f"{rates.verdict}; {rates.end_to_end * flops / peak:.1%} of the card's peak")
    return 0

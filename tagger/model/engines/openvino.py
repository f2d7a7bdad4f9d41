"""OpenVINO: the default on a CPU.

Photos run one by one on one stream per core. On two cores that is as fast as any larger batch (EfficientNet-Lite0 at
224 px, bfloat16: 394 photos/s against 376 to 404). Only a small network gains from a few photos in a request, whose
scores do not depend on each other.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.core.errors import EngineFailed, EngineUnavailable
from tagger.core.problems import shortage
from tagger.core.run_options import CORES
from tagger.core.types import EngineInfo
from tagger.model.bundle import Bundle
from tagger.model.engines import Outputs
from tagger.model.engines.network_cache import NetworkCache
from tagger.model.engines.openvino_network import (
    Config,
    compile_network,
    core,
    cpu_property,
    openvino,
    processor,
    read_or_compile,
    what_failed,
)

__all__ = ["OpenVinoEngine", "core", "openvino"]  # import the runtime from here, without its telemetry

PHOTOS_PER_STREAM = 8  # enough to make the wait for a call's last photo short


class OpenVinoEngine:
    """A `tagger.model.engines.Engine` on the CPU."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        precision: str = "auto",
        cache_dir: Path | None = None,
        reason: str = "as requested",
        model: openvino.Model | None = None,
        photos_per_request: int = 1,
    ) -> None:
        """Compile the network for this CPU, or read what an earlier start compiled.

        Args:
            precision: auto, float32 or bfloat16. Auto takes bfloat16 if the processor supports it and the
                bundle's card allows it.
            cache_dir: where the compiled network is kept for the next start; None keeps nothing.
            model: the network, if not the one in the bundle's file; it is modified, and not kept.
            photos_per_request: more are faster for a small network, but the last request of a batch may be half empty.

        Raises:
            EngineUnavailable: this processor does not support the precision.
            BundleDamaged: the file is not a network, or not the one that the card describes.
            EngineFailed: OpenVINO cannot start or compile it.
        """
        threads = CORES
        precision = _precision(precision, allowed=bundle.card.bfloat16)
        config: Config = {
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "ENABLE_CPU_PINNING": False,  # the engines of several processes would all choose the same cores
        }
        cache = None if cache_dir is None or model else NetworkCache(cache_dir)
        asked = (bundle, photos_per_request, config)
        compiled = read_or_compile(*asked, cache) if cache else compile_network(*asked, model)
        self._lock = threading.Lock()  # a request has the photos of one call at a time
        self._slots = [_Slot(compiled) for _ in range(threads)]
        self._info = EngineInfo("openvino", f"CPU ({processor()}, {threads} threads)", precision, reason)

    @property
    def info(self) -> EngineInfo:
        return self._info

    @property
    def batch_size(self) -> int:
        return len(self._slots) * PHOTOS_PER_STREAM

    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.outputs(batch).logits

    def outputs(self, batch: NDArray[np.uint8]) -> Outputs:
        rows = [np.empty((len(batch), own.shape[1]), np.float32) for own in self._slots[0].rows]  # (N, width) each
        size = len(self._slots[0].photos)
        with self._lock:
            try:
                for number, start in enumerate(range(0, len(batch), size)):
                    slot = self._slots[number % len(self._slots)]
                    slot.collect(rows)
                    slot.start(batch[start : start + size], start)
                for slot in self._slots:
                    slot.collect(rows)
            except (RuntimeError, ValueError) as error:
                for slot in self._slots:
                    with suppress(RuntimeError):
                        slot.collect(rows)
                raise shortage(error) or EngineFailed(f"OpenVINO: {what_failed(error)}.") from error
        return Outputs(*rows)


class _Slot:
    """A request, for a few photos at a time; what it computes for places that no photo takes is never read.

    Its arrays are OpenVINO's own memory: handing over and fetching arrays by OpenVINO's Python costs far more than a
    copy. Nothing calls back, since a callback brings Python into OpenVINO's threads. Such a thread may still need the
    interpreter's lock after the wait, and aborts a process that is exiting.

    Attributes:
        photos: (B, H, W, 3).
        rows: (B, width) of each of the network's outputs: logits, and features if it gives them.
    """

    def __init__(self, compiled: openvino.CompiledModel) -> None:
        self._request = compiled.create_infer_request()
        self.photos = self._request.get_input_tensor().data
        self.rows = [self._request.get_output_tensor(number).data for number in range(len(compiled.outputs))]
        self._place: slice | None = None  # of the photos in progress

    def start(self, photos: NDArray[np.uint8], index: int) -> None:
        """Start with up to B photos, the first of which is at this index of the batch."""
        self.photos[: len(photos)] = photos
        self._request.start_async()
        self._place = slice(index, index + len(photos))

    def collect(self, rows: list[NDArray[np.float32]]) -> None:
        """Wait for the photos in progress, if there are any, and copy their outputs into the rows of a batch."""
        if self._place is None:
            return
        place, self._place = self._place, None
        self._request.wait()
        for row, own in zip(rows, self.rows, strict=True):
            row[place] = own[: place.stop - place.start]


def _precision(name: str, *, allowed: bool) -> str:
    able = "BF16" in cpu_property("OPTIMIZATION_CAPABILITIES")
    if name == "auto":
        return "bfloat16" if able and allowed else "float32"
    if name == "bfloat16" and not able:
        raise EngineUnavailable("This processor does not compute in bfloat16. Use --precision float32 or auto.")
    if name not in ("float32", "bfloat16"):
        raise EngineUnavailable(f"The openvino engine does not compute in {name}. Use float32, bfloat16 or auto.")
    return name

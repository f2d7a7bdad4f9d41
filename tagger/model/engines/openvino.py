"""OpenVINO: the default on a CPU.

Photos run one by one on one stream per core. On two cores that is as fast as any larger batch (EfficientNet-Lite0 at
224 px, bfloat16: 394 photos/s against 376 to 404), and a photo's scores cannot depend on other photos.
"""

from __future__ import annotations

import threading
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
    ) -> None:
        """Compile the network for this CPU, or read what an earlier start compiled.

        Args:
            precision: auto, float32 or bfloat16. Auto takes bfloat16 if the processor supports it and the
                bundle's card allows it.
            cache_dir: where the compiled network is kept for the next start; None keeps nothing.
            model: the network, if not the one in the bundle's file; it is modified, and not kept.

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
        }
        cache = None if cache_dir is None or model else NetworkCache(cache_dir)
        compiled = read_or_compile(bundle, config, cache) if cache else compile_network(bundle, config, model)
        self._lock = threading.Lock()  # the queue has one callback and one end
        self._requests = openvino.AsyncInferQueue(compiled, threads)
        # The width of each of the network's outputs: logits, and features if it gives them.
        self._widths = [output.partial_shape[1].get_length() for output in compiled.outputs]
        self._info = EngineInfo("openvino", f"CPU ({processor()}, {threads} threads)", precision, reason)

    @property
    def info(self) -> EngineInfo:
        return self._info

    @property
    def batch_size(self) -> int:
        return len(self._requests) * PHOTOS_PER_STREAM

    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.outputs(batch).logits

    def outputs(self, batch: NDArray[np.uint8]) -> Outputs:
        rows = [np.empty((len(batch), width), dtype=np.float32) for width in self._widths]  # (N, width) each
        running: dict[int, int] = {}  # the photo of each request
        try:
            with self._lock:
                for index in range(len(batch)):
                    request = self._requests.get_idle_request_id()  # the one that start_async takes
                    if request in running:
                        self._read(request, rows, running[request])
                    running[request] = index
                    self._requests.start_async({0: batch[index : index + 1]})  # (1, H, W, 3)
                self._requests.wait_all()
                for request, index in running.items():
                    self._read(request, rows, index)
        except RuntimeError as error:
            raise shortage(error) or EngineFailed(f"OpenVINO: {what_failed(error)}.") from error
        return Outputs(*rows)

    def _read(self, request: int, rows: list[NDArray[np.float32]], index: int) -> None:
        """Copy a request's results into the rows of a photo. A callback would bring Python into OpenVINO's threads.

        Such a thread may still need the interpreter's lock after `wait_all`, and aborts a process that is exiting.
        """
        for number, values in enumerate(rows):
            values[index] = self._requests[request].get_output_tensor(number).data[0]


def _precision(name: str, *, allowed: bool) -> str:
    able = "BF16" in cpu_property("OPTIMIZATION_CAPABILITIES")
    if name == "auto":
        return "bfloat16" if able and allowed else "float32"
    if name == "bfloat16" and not able:
        raise EngineUnavailable("This processor does not compute in bfloat16. Use --precision float32 or auto.")
    if name not in ("float32", "bfloat16"):
        raise EngineUnavailable(f"The openvino engine does not compute in {name}. Use float32, bfloat16 or auto.")
    return name

"""OpenVINO: the default on a CPU.

Photos run one by one on one stream per core. On two cores that is as fast as any larger batch (EfficientNet-Lite0 at
224 px, bfloat16: 394 photos/s against 376 to 404), and a photo's scores cannot depend on other photos.
"""

from __future__ import annotations

import sys
import threading
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# OpenVINO reports each import to a web analytics service, unless the package for it is missing.
_is_hidden = sys.modules.setdefault("openvino_telemetry", None) is None  # type: ignore[arg-type]
import openvino

if _is_hidden:
    del sys.modules["openvino_telemetry"]
from openvino.preprocess import PrePostProcessor

from tagger.core.errors import EngineFailed, EngineUnavailable
from tagger.core.run_options import CORES
from tagger.core.types import EngineInfo, InputContract
from tagger.model.bundle import Bundle
from tagger.model.card import ONNX_FILE

__all__ = ["OpenVinoEngine", "core", "openvino"]  # import the runtime from here, without its telemetry

PHOTOS_PER_STREAM = 8  # enough to make the wait for a call's last photo short


@cache
def core() -> openvino.Core:
    """The one core of this process.

    Each core gives the main thread a signal stack, and restores the one before it when it is freed. Of two cores the
    second may restore the first one's, which is gone: the next signal then kills the process (OpenVINO 2026.4).
    """
    return openvino.Core()


class OpenVinoEngine:
    """A `tagger.model.engines.Engine` on the CPU."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        precision: str = "auto",
        cache_dir: Path | None = None,
        reason: str = "asked for",
        model: openvino.Model | None = None,
    ) -> None:
        """Compile the network for this CPU.

        Args:
            precision: auto, float32 or bfloat16. Auto takes bfloat16 if the processor supports it and the
                bundle's card allows it.
            cache_dir: where the compiled network is kept for the next start; None keeps nothing. OpenVINO detects a
                truncated file there, but a changed byte only by luck.
            model: the network, if not the one in the bundle's file; it is modified.

        Raises:
            EngineUnavailable: this processor does not support the precision.
            EngineFailed: OpenVINO cannot compile the network.
        """
        threads = CORES
        precision = _precision(precision, allowed=bundle.card.bfloat16)
        config: dict[str, object] = {
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
        }
        if cache_dir is not None:
            config["CACHE_DIR"] = str(cache_dir)
        try:
            model = model or core().read_model(bundle.file(ONNX_FILE))
            compiled = core().compile_model(_with_normalisation(model, bundle.card.input), "CPU", config)
        except RuntimeError as error:
            raise EngineFailed(f"openvino cannot compile {bundle.file(ONNX_FILE)}: {error}") from error
        self._lock = threading.Lock()  # the queue has one callback and one end
        self._requests = openvino.AsyncInferQueue(compiled, threads)
        self._outputs = bundle.card.outputs
        self._info = EngineInfo("openvino", f"CPU ({_processor()}, {threads} threads)", precision, reason)

    @property
    def info(self) -> EngineInfo:
        return self._info

    @property
    def batch_size(self) -> int:
        return len(self._requests) * PHOTOS_PER_STREAM

    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = np.empty((len(batch), self._outputs), dtype=np.float32)  # (N, outputs)
        running: dict[int, int] = {}  # the photo of each request
        try:
            with self._lock:
                for index in range(len(batch)):
                    request = self._requests.get_idle_request_id()  # the one that start_async takes
                    if request in running:
                        rows[running[request]] = self._output(request)
                    running[request] = index
                    self._requests.start_async({0: batch[index : index + 1]})  # (1, H, W, 3)
                self._requests.wait_all()
                for request, index in running.items():
                    rows[index] = self._output(request)
        except RuntimeError as error:
            raise EngineFailed(f"openvino: {error}") from error
        return rows

    def _output(self, request: int) -> NDArray[np.float32]:
        """A request's result (outputs,). A callback would bring Python into OpenVINO's threads.

        Such a thread may still want the interpreter's lock after `wait_all`, and aborts a process that is ending.
        """
        output: NDArray[np.float32] = self._requests[request].get_output_tensor().data[0]
        return output


def _with_normalisation(model: openvino.Model, contract: InputContract) -> openvino.Model:
    """The network with `tagger.image.preprocess.normalise` in front: (1, H, W, 3) uint8 in."""
    model.reshape([1, 3, contract.size_px, contract.size_px])
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    chain = steps.input().preprocess().convert_element_type(openvino.Type.f32)
    chain.mean([255 * value for value in contract.mean]).scale([255 * value for value in contract.std])
    return steps.build()


def _precision(name: str, *, allowed: bool) -> str:
    able = "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if name == "auto":
        return "bfloat16" if able and allowed else "float32"
    if name == "bfloat16" and not able:
        raise EngineUnavailable("This processor does not compute in bfloat16. Use --precision float32 or auto.")
    if name not in ("float32", "bfloat16"):
        raise EngineUnavailable(f"The openvino engine does not compute in {name}. Use float32, bfloat16 or auto.")
    return name


def _processor() -> str:
    return str(core().get_property("CPU", "FULL_DEVICE_NAME")).strip()

"""PyTorch: the engine for CUDA; it also works on a CPU.

Pixels go to the device as uint8 and are normalised there. The network runs in channels_last and, on CUDA, in half
precision and in pieces of fixed shapes (`tagger.model.engines.fixed_batches`). Their largest size is measured at the
start, and a batch that does not fit into the device's memory is halved.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from tagger.core.errors import BundleDamaged, BundleError, EngineFailed, EngineUnavailable
from tagger.core.problems import shortage
from tagger.core.text import printable
from tagger.core.types import EngineInfo
from tagger.model.bundle import Bundle
from tagger.model.card import SAFETENSORS_FILE
from tagger.model.engines import Outputs
from tagger.model.engines.fixed_batches import SLOTS, CudaQueues, FixedBatches
from tagger.model.nets import NETWORKS, Network, build, load_weights

CPU_BATCH = 32
SMALL_BATCH = 8  # for photos that come one by one
CUDA_BATCHES = (32, 64, 128, 256, 512)
MIN_SPEEDUP = 1.05  # of a larger batch, since it also delays the first answer
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

Pixels = NDArray[np.uint8]
Logits = NDArray[np.float32]


class TorchEngine:
    """A `tagger.model.engines.Engine` on any of PyTorch's devices."""

    def __init__(
        self, bundle: Bundle, *, device: str = "cpu", precision: str = "auto", reason: str = "as requested"
    ) -> None:
        """Load the network onto a device.

        Args:
            device: cpu, cuda or cuda:N.
            precision: auto (float16 on CUDA, float32 on a CPU), float32, bfloat16 or float16.

        Raises:
            EngineUnavailable: this machine has no such device.
            EngineFailed: the network does not fit into the device's memory.
            BundleError: the weights do not fit the network that the card names.
        """
        self._device = _device(device)
        on_cuda = self._device.type == "cuda"
        precision = ("float16" if on_cuda else "float32") if precision == "auto" else precision
        if precision not in DTYPES:
            raise EngineUnavailable(f"The torch engine does not compute in {precision}. Use {', '.join(DTYPES)}.")
        self._dtype = DTYPES[precision]
        self._lock = threading.Lock()
        try:
            self._network = _network(bundle).to(self._device, self._dtype).to(memory_format=torch.channels_last)
        except torch.OutOfMemoryError as error:
            problem = f"The network does not fit into the memory of {device} ({_first_line(error)})"
            raise EngineFailed(problem) from error
        self._mean, self._std = (
            torch.tensor(values, device=self._device).view(1, 3, 1, 1)  # (1, 3, 1, 1)
            for values in (bundle.card.input.mean, bundle.card.input.std)
        )
        self._run, self._batch_size = self._on_cuda(bundle.card.input.size_px) if on_cuda else (self._on_cpu, CPU_BATCH)
        self._info = EngineInfo("torch", _name(self._device), precision, reason)

    @property
    def info(self) -> EngineInfo:
        return self._info

    @property
    def batch_size(self) -> int:
        return self._batch_size

    def logits(self, batch: Pixels) -> Logits:
        return self.outputs(batch).logits

    def outputs(self, batch: Pixels) -> Outputs:
        with self._lock:
            rows, self._batch_size = in_fitting_batches(self._run, batch, self._batch_size)
        width = self._network.classifier.out_features
        return Outputs(rows[:, :width], rows[:, width:])

    def _on_cuda(self, size_px: int) -> tuple[Callable[[Pixels], Logits], int]:
        """How to run a batch, and the number of photos for full speed: two pieces, one copied while the other runs."""
        sizes, classifier = (SMALL_BATCH, *CUDA_BATCHES), self._network.classifier
        width = classifier.out_features + classifier.in_features
        batches = FixedBatches(
            self._forward, CudaQueues(self._device), self._device, sizes=sizes, size_px=size_px, width=width
        )
        largest = best_batch_size(batches.rows, size_px, CUDA_BATCHES)
        batches.keep(largest)
        return batches.rows, SLOTS * largest

    @torch.inference_mode()
    def _on_cpu(self, batch: Pixels) -> Logits:
        rows: Logits = self._forward(torch.from_numpy(np.array(batch))).numpy()  # (N, outputs + features)
        return rows

    def _forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """From pixels (N, H, W, 3) uint8 to (N, outputs + features) float32, both on the device."""
        images = pixels.permute(0, 3, 1, 2).float() / 255  # (N, 3, H, W), channels_last by its strides
        normalised = ((images - self._mean) / self._std).to(self._dtype)
        features = self._network.features(normalised)  # (N, features)
        logits = self._network.classifier(features)  # (N, outputs)
        return torch.cat([logits, features], dim=1).float()  # (N, outputs + features)


def in_fitting_batches(forward: Callable[[Pixels], Logits], batch: Pixels, size: int) -> tuple[Logits, int]:
    """Run a batch in pieces that fit into the device's memory.

    Args:
        forward: raises `torch.OutOfMemoryError` if a piece is too large.
        size: photos in a piece; halved as often as needed.

    Returns:
        (N, outputs), and the size that worked.

    Raises:
        EngineFailed: not even one photo fits, or the runtime failed otherwise.
    """
    rows: list[Logits] = []
    start = 0
    while start < len(batch):
        try:
            rows.append(forward(batch[start : start + size]))
            start += size
        except torch.OutOfMemoryError as error:
            if size == 1:
                problem = f"PyTorch: not even one photo fits into the device's memory ({_first_line(error)})"
                raise EngineFailed(problem) from error
            size //= 2
            torch.cuda.empty_cache()
        except RuntimeError as error:
            raise shortage(error) or EngineFailed(f"PyTorch: {_first_line(error)}") from error
    return np.concatenate(rows), size


def best_batch_size(forward: Callable[[Pixels], Logits], size_px: int, sizes: tuple[int, ...]) -> int:
    """Find the batch size beyond which the next larger one gains less than 5 %.

    Args:
        sizes: ascending; the first is assumed to fit.
    """
    best, best_rate = sizes[0], 0.0
    for size in sizes:
        pixels = np.zeros((size, size_px, size_px, 3), dtype=np.uint8)
        try:
            forward(pixels)  # the first call of a shape also chooses kernels
            start = time.perf_counter()
            forward(pixels)
            rate = size / (time.perf_counter() - start)
        except torch.OutOfMemoryError:
            break
        if rate < best_rate * MIN_SPEEDUP:
            break
        best, best_rate = size, rate
    return best


def _first_line(error: RuntimeError) -> str:
    """What PyTorch says is wrong, without its pages of advice."""
    return printable(next(iter(str(error).splitlines()), "it does not say why"))


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise EngineUnavailable(f"{name!r} is not a device. Use cpu, cuda or cuda:N.") from error
    if device.type not in ("cpu", "cuda"):
        raise EngineUnavailable(f"{name!r} is not supported. Use cpu, cuda or cuda:N.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise EngineUnavailable(
            f"{name} was requested, but PyTorch {torch.__version__} finds {torch.cuda.device_count()} CUDA devices. "
            "Install a driver and a CUDA build of torch, or use --device cpu."
        )
    return device


def _network(bundle: Bundle) -> Network:
    from safetensors import SafetensorError
    from safetensors.torch import load

    if bundle.card.network not in NETWORKS:
        raise BundleError(f"{bundle.folder}: this version does not know the network {bundle.card.network!r}. Upgrade.")
    try:
        network = build(bundle.card.network, bundle.card.outputs)
        load_weights(network, load(bundle.read(SAFETENSORS_FILE)))
    except SafetensorError as error:
        raise BundleDamaged(bundle.file(SAFETENSORS_FILE), f"it does not contain weights ({error})") from error
    except RuntimeError as error:
        problem = f"its weights do not fit {bundle.card.network}: {printable(str(error).splitlines()[-1].strip())}"
        raise shortage(error) or BundleError(f"{bundle.folder}: {problem}") from error
    return network.eval()


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"CPU ({torch.get_num_threads()} threads)"

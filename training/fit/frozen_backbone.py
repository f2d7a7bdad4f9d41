"""The frozen parts of a network, run in OpenVINO.

On a CPU, OpenVINO computes the first half of EfficientNet-Lite2 five times as fast as torch, and that half takes half
of a training step. On CUDA, and for networks that are not a chain of parts, torch computes them.

The result is what torch would compute, except for the rounding of bfloat16 where the processor has it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tagger.model.engines.openvino import core, openvino
from tagger.model.nets import Chain, Network
from training.fit.device import compute_dtype
from training.publish.export import onnx_bytes


class FrozenBackbone:
    """The first parts of a network, without gradients.

    Args:
        network: its frozen parts are compiled once for each size of photo, so they must not change.
        parts: how many are frozen.
    """

    def __init__(self, network: Network, parts: int, device: torch.device) -> None:
        usable = isinstance(network, Chain) and device.type == "cpu"
        self.parts = parts if usable else 0
        self._dtype = compute_dtype(device)
        self._layers = nn.Sequential(*network.parts[: self.parts]).eval()
        self._compiled: dict[int, openvino.CompiledModel] = {}

    def logits(self, network: Network, values: Tensor) -> Tensor:
        """Logits (N, outputs) of photos (N, 3, H, W), through a network that has these frozen parts."""
        features = self.features(network, values)  # (N, features)
        logits: Tensor = network.classifier(network.dropout(features))  # (N, outputs)
        return logits

    def features(self, network: Network, values: Tensor) -> Tensor:
        """Features (N, features) of photos (N, 3, H, W), through a network that has these frozen parts."""
        if not (self.parts and isinstance(network, Chain)):
            return network.features(values)
        return network.features_from(self._frozen(values), self.parts)

    def _frozen(self, values: Tensor) -> Tensor:
        size_px = values.shape[-1]
        if size_px not in self._compiled:
            with torch.autocast("cpu", enabled=False):
                model = core().read_model(onnx_bytes(self._layers, size_px))
            precision = "bf16" if self._dtype == torch.bfloat16 else "f32"
            self._compiled[size_px] = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
        result = self._compiled[size_px]({0: values.contiguous().numpy()})[0]  # (N, C, H', W')
        return torch.from_numpy(result).to(self._dtype, memory_format=torch.channels_last)

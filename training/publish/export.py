"""Export a trained network as a bundle: safetensors for torch, ONNX for other runtimes, and the card.

The one rule: both files contain the same network. Kernels and matrices are rounded to half precision, which halves the
bundle; `evaluate` measures how often the two files agree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tagger.model.bundle import Bundle, open_bundle, write_bundle
from tagger.model.card import FORMAT, ONNX_FILE, SAFETENSORS_FILE, Card
from tagger.model.nets import STATISTICS, Network, build
from training.fit.experiment import Experiment
from training.publish.names import described
from training.publish.provenance import provenance

INPUT, OUTPUTS = "photos", ("logits", "features")
BFLOAT16_AGREEMENT = 0.995  # below this the engine must not use bfloat16
MIN_HALVED = 256  # values; smaller tensors (batch norms, biases) stay float32, as halving them saves nothing


def export(experiment: Experiment, folder: Path) -> Bundle:
    """Write the calibrated bundle to a folder, with its figures and its origin in the card.

    Raises:
        DataError: the experiment was not evaluated.
    """
    metrics = json.loads(experiment.require(experiment.metrics, "evaluate").read_text(encoding="utf-8"))
    bundle = open_bundle(experiment.bundle)
    card = replace(
        described(bundle.card, experiment.classes),
        bfloat16=metrics["test"].get("bfloat16_top1_agreement", 0.0) >= BFLOAT16_AGREEMENT,
        metrics=metrics,
        provenance=provenance(experiment),
    )
    return write_bundle(folder, card, {name: bundle.file(name).read_bytes() for name in card.files})


def weight_files(experiment: Experiment, background_shift: float = 0.0) -> dict[str, bytes]:
    """The trained weights: content by file name.

    Args:
        background_shift: added to the bias of the outputs that stand for no landmark, in logits.

    Raises:
        DataError: nothing was trained yet.
    """
    weights = load_file(experiment.require(experiment.weights, "fit"))
    weights["classifier.bias"][len(experiment.classes) :] += background_shift
    network = build(experiment.recipe.network, experiment.outputs)
    network.load_state_dict(weights)
    return {
        SAFETENSORS_FILE: save(_halved(without_statistics(network))),
        ONNX_FILE: onnx_bytes(network.eval(), experiment.recipe.input.size_px),
    }


def draft_card(experiment: Experiment) -> Card:
    """The card before calibration: no score is a tag yet."""
    recipe = experiment.recipe
    return Card(
        format=FORMAT,
        name=recipe.bundle,
        version=recipe.version,
        network=recipe.network,
        input=recipe.input,
        classes=experiment.classes,
        temperature=1.0,
        background_outputs=experiment.outputs - len(experiment.classes),
        bfloat16=False,
        files={},
    )


def onnx_bytes(network: nn.Module, size_px: int) -> bytes:
    """A network as an ONNX model, from normalised float32 (N, 3, H, W) to float32 logits and features.

    Args:
        network: in evaluation mode; it stays as it is. Layers that are no `Network` have one output.
    """
    example = torch.zeros(2, 3, size_px, size_px)  # (N, 3, H, W)
    folded = _folded(deepcopy(network))
    program = torch.onnx.export(
        _WithFeatures(folded).eval() if isinstance(folded, Network) else folded,
        (example,),
        dynamo=True,
        verbose=False,
        input_names=[INPUT],
        output_names=OUTPUTS if isinstance(folded, Network) else OUTPUTS[:1],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    if program is None:  # torch's annotation allows it, for its older exporter
        raise TypeError("torch.onnx.export returned no program")
    model = program.model_proto
    _strip(model)
    _halve_initialisers(model)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


class _WithFeatures(nn.Module):
    """A network that also returns what its classifier gets."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        features = self.network.features(photos)  # (N, features)
        logits: Tensor = self.network.classifier(features)  # (N, outputs)
        return logits, features


def without_statistics(network: nn.Module) -> dict[str, Tensor]:
    """The weights of a network whose batch norms have mean 0 and variance 1, which `load_weights` need not read."""
    weights = dict(network.state_dict())
    for name, part in network.named_modules():
        if isinstance(part, nn.BatchNorm2d) and part.running_mean is not None and part.running_var is not None:
            scale = part.weight / torch.sqrt(part.running_var + part.eps)  # (C,)
            weights[f"{name}.weight"] = (scale * (1 + part.eps) ** 0.5).detach()
            weights[f"{name}.bias"] = (part.bias - part.running_mean * scale).detach()
    return {name: value for name, value in weights.items() if name.rpartition(".")[2] not in STATISTICS}


def _halved(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: t.half() if t.ndim > 1 and t.numel() >= MIN_HALVED else t for name, t in state.items()}


def _folded(network: nn.Module) -> nn.Module:
    """The network with each batch norm multiplied into the convolution before it."""
    for parent in list(network.modules()):
        if not isinstance(parent, nn.Sequential):
            continue
        for index in range(len(parent) - 1):
            first, second = parent[index], parent[index + 1]
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                parent[index] = fuse_conv_bn_eval(first, second)
                parent[index + 1] = nn.Identity()
    return network


def _strip(model: onnx.ModelProto) -> None:
    """Remove the paths of source code on the exporting machine."""
    graph = model.graph
    del model.metadata_props[:], graph.metadata_props[:]
    for part in (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


def _halve_initialisers(model: onnx.ModelProto) -> None:
    """Store large weights as float16 behind a cast, which runtimes compute once when they load the model."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < MIN_HALVED or values.ndim < 2:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype("float16"), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    for position, node in enumerate(casts):
        graph.node.insert(position, node)

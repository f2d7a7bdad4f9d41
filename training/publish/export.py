"""A trained network as a bundle: weights twice (safetensors for torch, ONNX for every other runtime) and the card.

The one rule: both files hold the same network. Kernels and matrices are rounded to half precision, which halves the
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
from tagger.model.nets import build
from training.fit.experiment import Experiment
from training.publish.provenance import provenance

INPUT, OUTPUT = "photos", "logits"
BFLOAT16_AGREEMENT = 0.995  # below this the engine must not use bfloat16
HALVED_FROM = 256  # values; what is smaller (batch norms, biases) keeps float32, it weighs nothing


def export(run: Experiment, folder: Path) -> Bundle:
    """Write the run's calibrated bundle, with its figures and its origin in the card, to a folder."""
    measured = json.loads(run.needed(run.metrics, "evaluate").read_text(encoding="utf-8"))
    bundle = open_bundle(run.bundle)
    card = replace(
        bundle.card,
        bfloat16=measured["test"].get("bfloat16_top1_agreement", 0.0) >= BFLOAT16_AGREEMENT,
        metrics=measured,
        provenance=provenance(run),
    )
    return write_bundle(folder, card, {name: bundle.file(name).read_bytes() for name in card.files})


def weight_files(run: Experiment) -> dict[str, bytes]:
    """The run's trained weights: content by file name."""
    weights = load_file(run.needed(run.weights, "fit"))
    network = build(run.recipe.network, run.outputs)
    network.load_state_dict(weights)
    return {
        SAFETENSORS_FILE: save(_halved(weights)),
        ONNX_FILE: onnx_bytes(network.eval(), run.recipe.input.size_px),
    }


def draft(run: Experiment) -> Card:
    """The run's card before anything was measured: no score is a tag yet."""
    recipe = run.recipe
    return Card(
        format=FORMAT,
        name=recipe.bundle,
        version=recipe.version,
        network=recipe.network,
        input=recipe.input,
        classes=run.classes,
        temperature=1.0,
        background_outputs=run.outputs - len(run.classes),
        bfloat16=False,
        files={},
    )


def onnx_bytes(network: nn.Module, size_px: int) -> bytes:
    """The network as an ONNX model: float32 (N, 3, H, W), normalised, to float32 logits (N, outputs)."""
    example = torch.zeros(2, 3, size_px, size_px)  # (N, 3, H, W)
    program = torch.onnx.export(
        _folded(deepcopy(network)),
        (example,),
        dynamo=True,
        verbose=False,
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    if program is None:  # says torch's annotation, of its older exporter
        raise TypeError("torch.onnx.export returned no program")
    model = program.model_proto
    _strip(model)
    _halve_initialisers(model)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _halved(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: t.half() if t.ndim > 1 and t.numel() >= HALVED_FROM else t for name, t in state.items()}


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
    """Leave out where on the exporting machine each node's source code lay."""
    graph = model.graph
    del model.metadata_props[:], graph.metadata_props[:]
    for part in (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


def _halve_initialisers(model: onnx.ModelProto) -> None:
    """Store large weights as float16 behind a cast, which runtimes undo once when they load the model."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < HALVED_FROM or values.ndim < 2:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype("float16"), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    for position, node in enumerate(casts):
        graph.node.insert(position, node)

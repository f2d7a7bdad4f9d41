"""From a bundle's ONNX file to a network that OpenVINO has compiled for this processor.

The one rule: the network that is compiled takes the photos and gives the outputs that the card describes.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

import numpy as np

# OpenVINO reports each import to a web analytics service, unless the package for it is missing.
_is_hidden = sys.modules.setdefault("openvino_telemetry", None) is None  # type: ignore[arg-type]
import openvino as openvino

if _is_hidden:
    del sys.modules["openvino_telemetry"]
from openvino.preprocess import PrePostProcessor

from tagger.core.errors import BundleDamaged, EngineFailed
from tagger.core.problems import require_threads, shortage
from tagger.core.run_options import CORES
from tagger.core.text import printable
from tagger.core.types import InputContract
from tagger.model.bundle import Bundle
from tagger.model.card import ONNX_FILE
from tagger.model.engines.network_cache import NetworkCache

Config = dict[str, str | int]

THREADS = 2 * CORES + 2  # that OpenVINO starts at most
ERRORS = (RuntimeError, ValueError, IndexError, MemoryError)  # that C++ exceptions become
FEATURES = "features"  # the name of a second output
MOST_LETTERS = 200  # of OpenVINO's messages, which run for pages


@cache
def core() -> openvino.Core:
    """The one core of this process.

    Each core gives the main thread a signal stack, and restores the one before it when it is freed. Of two cores the
    second may restore the first one's, which is gone: the next signal then kills the process (OpenVINO 2026.4).
    """
    require_threads(THREADS)
    return openvino.Core()


def processor() -> str:
    """The processor's name."""
    return str(cpu_property("FULL_DEVICE_NAME")).strip()


def cpu_property(name: str) -> Any:
    """A property of OpenVINO's CPU plugin, which is loaded by the first question.

    Raises:
        EngineFailed: it cannot be loaded.
    """
    try:
        return core().get_property("CPU", name)
    except ERRORS as error:
        problem = f"OpenVINO cannot start on this processor: {what_failed(error)}."
        raise shortage(error) or EngineFailed(problem) from error


def read_or_compile(bundle: Bundle, photos: int, config: Config, cache: NetworkCache) -> openvino.CompiledModel:
    """The compiled network that an earlier start stored; else compile it, in one of the processes that start now.

    Raises:
        BundleDamaged, EngineFailed: as `compile_network` does.
    """
    key = _cache_key(bundle, photos, config)
    if (network := cache.read(key)) is None:
        with cache.lock() as may_write:
            if (network := cache.read(key)) is None:
                compiled = compile_network(bundle, photos, config)
                if may_write:
                    cache.write(key, compiled.export_model().getvalue())
                return compiled
    # The copy belongs to OpenVINO; bytes would be copied twice.
    tensor = openvino.Tensor(np.frombuffer(network, dtype=np.uint8), shared_memory=False)
    try:
        return core().import_model(tensor, "CPU", config)
    except RuntimeError:  # it was made by another OpenVINO, or for another processor, after all
        return compile_network(bundle, photos, config)


def _cache_key(bundle: Bundle, photos: int, config: Config) -> str:
    """Everything that a compiled network depends on."""
    contract = bundle.card.input
    machine = [openvino.__version__, processor(), sorted(cpu_property("OPTIMIZATION_CAPABILITIES"))]
    network = [bundle.card.files.get(ONNX_FILE), contract.size_px, contract.mean, contract.std, bundle.card.outputs]
    return json.dumps([machine, network, photos, config])


def compile_network(
    bundle: Bundle, photos: int, config: Config, model: openvino.Model | None = None
) -> openvino.CompiledModel:
    """Compile the network of a bundle, with the normalisation of photos in front.

    Args:
        bundle: its card describes the network.
        photos: in each request.
        config: OpenVINO's properties.
        model: the network, if not the one in the bundle's file; it is modified.

    Raises:
        BundleDamaged: the file is not a network, or not the one that the card describes.
        EngineFailed: OpenVINO cannot compile it.
    """
    file = bundle.file(ONNX_FILE)
    try:
        model = model or core().read_model(bundle.read(ONNX_FILE))
    except ERRORS as error:
        problem = f"OpenVINO cannot read it as a network ({what_failed(error)})"
        raise shortage(error) or BundleDamaged(file, problem) from error
    if misfit := _misfit(model, photos, bundle.card.input):
        raise BundleDamaged(file, misfit)
    try:
        model = _with_normalisation(model, photos, bundle.card.input)
        if misfit := _output_misfit(model, photos, bundle.card.outputs):
            raise BundleDamaged(file, misfit)
        return core().compile_model(model, "CPU", config)
    except ERRORS as error:
        problem = f"OpenVINO cannot compile {file}: {what_failed(error)}."
        raise shortage(error) or EngineFailed(problem) from error


def _misfit(model: openvino.Model, photos: int, contract: InputContract) -> str | None:
    """Why the card's photos do not fit the network's input; None if they do."""
    more = [name for output in model.outputs[1:] for name in output.names]
    if len(model.inputs) != 1 or more not in ([], [FEATURES]):
        found = f"{len(model.inputs)} and {len(model.outputs)}"
        return f"the network needs one input and one output, and has {found}"
    expected = openvino.PartialShape([photos, 3, contract.size_px, contract.size_px])
    if not (shape := model.inputs[0].partial_shape).compatible(expected):
        return f"the network takes photos of the shape {shape}, but the card describes {expected}"
    return None


def _output_misfit(model: openvino.Model, photos: int, outputs: int) -> str | None:
    """Why the network's outputs do not match the card; None if they do."""
    expected, found = openvino.PartialShape([photos, outputs]), model.output(0).partial_shape
    if found != expected:
        return f"the network's output has the shape {found}, but the card describes {expected}"
    for output in model.outputs:
        if output.element_type != openvino.Type.f32:
            return f"the network's output is of type {output.element_type.get_type_name()} instead of f32"
        if not output.partial_shape.compatible(openvino.PartialShape([photos, -1])) or output.partial_shape.is_dynamic:
            return f"the network's features have the shape {output.partial_shape} instead of a row"
    return None


def what_failed(error: Exception) -> str:
    """What OpenVINO says is wrong, without the places in its source code."""
    if isinstance(error, UnicodeError):  # the message itself is damaged
        return "it does not say why"
    lines = (line.strip() for line in str(error).splitlines())
    message = " ".join(line for line in lines if line and not line.startswith(("Exception from", "Check '")))
    return printable(message)[:MOST_LETTERS].rstrip(". ") or "it does not say why"


def _with_normalisation(model: openvino.Model, photos: int, contract: InputContract) -> openvino.Model:
    """The network with `tagger.image.preprocess.normalise` in front: (photos, H, W, 3) uint8 in."""
    model.reshape([photos, 3, contract.size_px, contract.size_px])
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    chain = steps.input().preprocess().convert_element_type(openvino.Type.f32)
    chain.mean([255 * value for value in contract.mean]).scale([255 * value for value in contract.std])
    return steps.build()

"""What eight-bit weights and activations gain and lose: `int8.json`.

Calibration photos come from the train split; val decides whether they ship, and test is only reported.
"""

from __future__ import annotations

import json
import logging
import os
import random
import sys
from contextlib import redirect_stdout

import numpy as np
from numpy.typing import NDArray

from tagger.image.preprocess import normalise
from tagger.model.bundle import Bundle
from tagger.model.card import ONNX_FILE
from tagger.model.engines import Engine
from tagger.model.engines.openvino import OpenVinoEngine, core, openvino
from training.data.manifest import Split
from training.evaluate.speed import photos_per_second
from training.fit.dataset import PhotoDataset, data_loader, photo_dataset
from training.fit.experiment import Experiment
from training.publish.compare import default_bundle
from training.publish.results import Json, Results

# NNCF reports its use to a web analytics service through a package that our OpenVINO engine blocks. Without that
# package NNCF only works in its test mode.
os.environ.setdefault("NNCF_CI", "1")

import nncf  # after the line above

CALIBRATION_PHOTOS = 300
MAX_LOSS = 0.003  # of float32's top-1 on val
MIN_SPEED_UP = 1.3  # times the photos/s of the default engine
BATCH = 32
FILE = "int8.json"

Engines = dict[str, Engine]


def measure(experiment: Experiment) -> Json:
    """Quantise the exported network, measure it beside the default engine and write `int8.json`.

    Raises:
        DataError: the experiment was not calibrated and evaluated.
    """
    bundle = default_bundle(Results(experiment))
    train = experiment.entries("train")
    sample = random.Random(experiment.recipe.seed).sample(train, min(CALIBRATION_PHOTOS, len(train)))
    engines, default = _engines(bundle, quantise(bundle, photo_dataset(experiment, sample)))
    splits: tuple[Split, ...] = ("val", "test")
    found = {split: _top1(engines, _landmark_photos(experiment, split), len(experiment.classes)) for split in splits}
    rates = photos_per_second({name: (engine, bundle.card.input.size_px) for name, engine in engines.items()})
    speed_up = rates["int8"] / rates[default]
    loss = found["val"]["top1_float32"] - found["val"]["top1_int8"]
    content: Json = found | {
        "photos_a_second": rates,
        "default": default,
        "ratio_to_default": round(speed_up, 3),
        "ship": loss <= MAX_LOSS and speed_up >= MIN_SPEED_UP,
        "machine": engines[default].info.device,
    }
    (experiment.folder / FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    experiment.log(stage="int8", lost_on_val=round(loss, 4), ratio=content["ratio_to_default"], ship=content["ship"])
    return content


def quantise(bundle: Bundle, sample: PhotoDataset) -> openvino.Model:
    """Quantise the bundle's network to eight-bit integers wherever NNCF expects no loss.

    Args:
        sample: photos whose activations determine the ranges of the integers.

    Source:
        Post-training quantisation; weights symmetric, activations asymmetric ("mixed"), as
        Krishnamoorthi 2018, arXiv:1806.08342, section 3.
    """
    nncf.set_log_level(logging.ERROR)
    pixels = [sample[index][0].numpy()[np.newaxis] for index in range(len(sample))]  # (1, H, W, 3) each

    def network_input(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return normalise(batch, bundle.card.input)  # (1, 3, H, W)

    with redirect_stdout(sys.stderr):  # for its progress bar
        model: openvino.Model = nncf.quantize(
            core().read_model(bundle.file(ONNX_FILE)),
            nncf.Dataset(pixels, network_input),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(pixels),
        )
    return model


def _engines(bundle: Bundle, model: openvino.Model) -> tuple[Engines, str]:
    """int8, float32 and the default precision; with the name of the default."""
    default = OpenVinoEngine(bundle)
    engines: Engines = {
        "int8": OpenVinoEngine(bundle, model=model),
        default.info.precision: default,
        "float32": OpenVinoEngine(bundle, precision="float32"),
    }
    return engines, default.info.precision


def _landmark_photos(experiment: Experiment, split: Split) -> PhotoDataset:
    return photo_dataset(experiment, [entry for entry in experiment.entries(split) if entry.landmark])


def _top1(engines: Engines, dataset: PhotoDataset, landmarks: int) -> dict[str, float]:
    """How often each engine's first suggestion is right.

    Args:
        landmarks: number of outputs that are landmarks.
    """
    correct = dict.fromkeys(engines, 0)
    for pixels, labels in data_loader(dataset, BATCH, 0):
        for name, engine in engines.items():
            predicted = engine.logits(pixels.numpy())[:, :landmarks].argmax(1)  # (B,)
            correct[name] += int((predicted == labels.numpy()).sum())
    return {f"top1_{name}": round(count / max(1, len(dataset)), 4) for name, count in correct.items()}

"""What eight-bit weights and sums would lose and gain, after training: `int8.json`.

The one rule: calibration photos come from the train split, val decides whether it is worth shipping, test is reported.
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
from tagger.model.engines.openvino import OpenVinoEngine, openvino
from training.data.manifest import Split
from training.evaluate.speed import photos_a_second
from training.fit.dataset import Photos, batches, photos
from training.fit.experiment import Experiment
from training.publish.compare import default_bundle
from training.publish.results import Json, Results

# NNCF would report its use to a web analytics service, through the package that our OpenVINO engine keeps out.
# Without that package it breaks, unless it believes that it is being tested.
os.environ.setdefault("NNCF_CI", "1")

import nncf  # after the line above

CALIBRATION_PHOTOS = 300
MOST_LOST = 0.003  # of float32's top-1 on val
LEAST_GAINED = 1.3  # times the photos/s of the default engine
BATCH = 32
FILE = "int8.json"

Engines = dict[str, Engine]


def measure(run: Experiment) -> Json:
    """Quantise the run's exported network, measure it beside the default engine and write `int8.json`.

    Raises:
        DataError: the run was not calibrated and evaluated.
    """
    bundle = default_bundle(Results(run))
    train = run.entries("train")
    seen = random.Random(run.recipe.seed).sample(train, min(CALIBRATION_PHOTOS, len(train)))
    engines, default = _engines(bundle, quantised(bundle, photos(run, seen)))
    splits: tuple[Split, ...] = ("val", "test")
    found = {split: _top1(engines, _landmarks(run, split), len(run.classes)) for split in splits}
    rates = photos_a_second({name: (engine, bundle.card.input.size_px) for name, engine in engines.items()})
    ratio = rates["int8"] / rates[default]
    lost = found["val"]["top1_float32"] - found["val"]["top1_int8"]
    content: Json = found | {
        "photos_a_second": rates,
        "default": default,
        "ratio_to_default": round(ratio, 3),
        "ship": lost <= MOST_LOST and ratio >= LEAST_GAINED,
        "machine": engines[default].info.device,
    }
    (run.folder / FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    run.log(stage="int8", lost_on_val=round(lost, 4), ratio=content["ratio_to_default"], ship=content["ship"])
    return content


def quantised(bundle: Bundle, seen: Photos) -> openvino.Model:
    """The bundle's network with eight-bit integers wherever NNCF sees no harm.

    Args:
        seen: photos at rest, whose activations say which ranges the integers must cover.

    Source:
        Post-training quantisation; weights symmetric, activations asymmetric ("mixed"), as
        Krishnamoorthi 2018, arXiv:1806.08342, section 3.
    """
    nncf.set_log_level(logging.ERROR)
    pixels = [seen[index][0].numpy()[np.newaxis] for index in range(len(seen))]  # (1, H, W, 3) each

    def network_input(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return normalise(batch, bundle.card.input)  # (1, 3, H, W)

    with redirect_stdout(sys.stderr):  # where its progress bar belongs
        model: openvino.Model = nncf.quantize(
            openvino.Core().read_model(bundle.file(ONNX_FILE)),
            nncf.Dataset(pixels, network_input),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(pixels),
        )
    return model


def _engines(bundle: Bundle, model: openvino.Model) -> tuple[Engines, str]:
    """int8, float32, and bfloat16 where the default engine computes in it; with the name of the default one."""
    default = OpenVinoEngine(bundle)
    engines: Engines = {
        "int8": OpenVinoEngine(bundle, model=model),
        default.info.precision: default,
        "float32": OpenVinoEngine(bundle, precision="float32"),
    }
    return engines, default.info.precision


def _landmarks(run: Experiment, split: Split) -> Photos:
    return photos(run, [entry for entry in run.entries(split) if entry.landmark])


def _top1(engines: Engines, dataset: Photos, landmarks: int) -> dict[str, float]:
    """How often each engine's first suggestion is right.

    Args:
        landmarks: so many outputs are landmarks.
    """
    right = dict.fromkeys(engines, 0)
    for pixels, labels in batches(dataset, BATCH, 0):
        for name, engine in engines.items():
            said = engine.logits(pixels.numpy())[:, :landmarks].argmax(1)  # (B,)
            right[name] += int((said == labels.numpy()).sum())
    return {f"top1_{name}": round(count / max(1, len(dataset)), 4) for name, count in right.items()}

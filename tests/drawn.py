"""Pictures that are drawn, and an engine that looks at their colour: parts for tests that need no real photo."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tagger.core.types import EngineInfo, InputContract
from tagger.model.bundle import Bundle, write_bundle
from tagger.model.card import FORMAT, ONNX_FILE, Card, LandmarkClass

COLOURS = {"red_rock": (220, 30, 30), "green_hill": (30, 200, 40), "blue_lake": (30, 40, 220)}


def card(**changes: Any) -> Card:
    """A model of three places, one for each colour, and a background output for all else."""
    values: dict[str, Any] = {
        "format": FORMAT,
        "name": "colours",
        "version": "1",
        "network": "none",
        "input": InputContract(size_px=16, resize_px=16, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
        "classes": tuple(
            LandmarkClass(id, id.replace("_", " ").title(), "Nowhere", 10.0 * n, 20.0 * n, threshold=0.7)
            for n, id in enumerate(COLOURS, start=1)
        ),
        "temperature": 1.0,
        "background_outputs": 1,
        "bfloat16": False,
        "files": {},
    }
    return Card(**(values | changes))


class ColourEngine:
    """Scores a photo by its mean colour. Counts what it is given."""

    info = EngineInfo("colour", "CPU", "float32", "for tests")

    def __init__(self, batch_size: int = 4) -> None:
        self.batch_size = batch_size
        self.photos_seen = 0
        self.largest_batch = 0

    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.photos_seen += len(batch)
        self.largest_batch = max(self.largest_batch, len(batch))
        mean = batch.reshape(len(batch), -1, 3).mean(axis=1)  # (N, 3)
        colours = np.array(list(COLOURS.values()), dtype=np.float64)  # (3, 3)
        distance = np.linalg.norm(mean[:, None] - colours[None], axis=2)  # (N, 3)
        background = np.full((len(batch), 1), -1.0)  # (N, 1): wins where every colour is more than 40 levels off
        return np.concatenate([3 - distance / 10, background], axis=1).astype(np.float32)  # (N, 4)


def jpeg(colour: tuple[int, int, int] = COLOURS["red_rock"], size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    return encoded(Image.new("RGB", size, colour), "JPEG", **options)


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def bomb(side_px: int = 30_000) -> bytes:
    """A PNG whose header claims many more pixels than its few bytes hold."""
    small = encoded(Image.new("1", (1, 1)), "PNG")
    chunk = b"IHDR" + struct.pack(">II", side_px, side_px) + small[24:29]  # 12 bytes, the chunk of 17, its checksum
    return small[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + small[33:]


def photos(folder: Path, count: int, *, start: int = 0) -> list[Path]:
    """Photos of different content that take turns between the three colours and grey."""
    folder.mkdir(parents=True, exist_ok=True)
    turns = [*COLOURS.values(), (128, 128, 128)]
    paths = [folder / f"{number:05}.jpg" for number in range(start, start + count)]
    for number, path in enumerate(paths, start):
        image = Image.new("RGB", (40, 40), turns[number % 4])
        image.putpixel((0, 0), (number % 256, number // 256 % 256, 77))
        path.write_bytes(encoded(image, "PNG"))
    return paths


def colour_bundle(folder: Path, **changes: Any) -> Bundle:
    """A real model folder whose ONNX network scores a photo by how near its mean colour is to each place's."""
    return write_bundle(folder, card(**changes), {ONNX_FILE: colour_network([*COLOURS.values(), (128, 128, 128)])})


def colour_network(colours: Sequence[tuple[int, int, int]], sharpness: float = 4.0) -> bytes:
    """An ONNX network with an output for each colour.

    The nearest of some points c to x has the largest 2 c·x - |c|²: one average and one linear layer.
    """
    points = normalised(colours)
    return linear_network(sharpness * 2 * points, -sharpness * (points**2).sum(axis=1))


def normalised(colours: Sequence[tuple[int, int, int]]) -> NDArray[np.float64]:
    """Colours as a network sees them: (N, 3), from -1 to 1."""
    return np.array(colours) / 127.5 - 1


def linear_network(
    by_channel: NDArray[np.float64], constant: NDArray[np.float64], *, with_features: bool = False
) -> bytes:
    """An ONNX network with linear logits of a photo's mean colour.

    Args:
        by_channel: (N, 3).
        constant: (N,).
        with_features: the mean colour is a second output.
    """
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(by_channel.astype(np.float32), "weights")
    bias = numpy_helper.from_array(constant.astype(np.float32), "bias")
    nodes = [
        helper.make_node("GlobalAveragePool", ["photos"], ["means"]),
        helper.make_node("Flatten", ["means"], ["rows"]),
        helper.make_node("Gemm", ["rows", "weights", "bias"], ["logits"], transB=1),
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(constant)])]
    if with_features:
        nodes.append(helper.make_node("Identity", ["rows"], ["features"]))
        outputs.append(helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 3]))
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("photos", TensorProto.FLOAT, ["n", 3, 16, 16])],
        outputs,
        [weights, bias],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())

"""A network that the card does not describe is one sentence when it is opened, before any photo is tried."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from tagger.core.errors import BundleDamaged, BundleError, EngineFailed
from tagger.model.bundle import write_bundle
from tagger.model.inference import check
from tagger.model.predictor import load
from tests.drawn import COLOURS, ColourEngine, card, colour_network

HAS_TORCH = importlib.util.find_spec("torch") is not None
POOL = [helper.make_node("GlobalAveragePool", ["photos"], ["means"]), helper.make_node("Flatten", ["means"], ["rows"])]
LINEAR = helper.make_node("Gemm", ["rows", "weights"], ["logits"], transB=1)
BEST = helper.make_node("ArgMax", ["rows"], ["logits"], axis=1)
NONZERO = helper.make_node("NonZero", ["rows"], ["logits"])
SHARPEN = helper.make_node("Relu", ["photos"], ["logits"])
UNHEARD_OF = helper.make_node("Frobnicate", ["rows"], ["logits"])
GOOD = colour_network([*COLOURS.values(), (128, 128, 128)])


def network(
    nodes: Sequence[NodeProto],
    *,
    outputs: int = 4,
    shape: Sequence[int | str] = ("n", 3, 16, 16),
    kind: int = TensorProto.FLOAT,
    more_outputs: Sequence[str] = (),
    weight: float = 1.0,
) -> bytes:
    """An ONNX file, which fits the card only with the default arguments."""
    weights = numpy_helper.from_array(np.full((outputs, 3), weight, np.float32), "weights")
    graph = helper.make_graph(
        nodes,
        "misfit",
        [helper.make_tensor_value_info("photos", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, kind, None) for name in ("logits", *more_outputs)],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


MISFITS = {
    "too few outputs": (network([*POOL, LINEAR], outputs=2), r"shape \[1,2\], but the card describes \[1,4\]"),
    "too many outputs": (network([*POOL, LINEAR], outputs=9), r"shape \[1,9\], but the card describes \[1,4\]"),
    "a single number": (network([*POOL, BEST], kind=TensorProto.INT64), r"shape \[1,1\]"),
    "a picture": (network([SHARPEN]), r"shape \[1,3,16,16\]"),
    "a length that depends on the photo": (network([*POOL, NONZERO], kind=TensorProto.INT64), "shape"),
    "two outputs": (network([*POOL, LINEAR], more_outputs=["rows"]), "needs one input and one output, and has 1 and 2"),
    "larger photos": (network([*POOL, LINEAR], shape=("n", 3, 32, 32)), r"takes photos of the shape \[\?,3,32,32\]"),
    "grey photos": (network([SHARPEN], shape=("n", 1, 16, 16)), r"takes photos of the shape \[\?,1,16,16\]"),
    "two photos at a time": (
        network([*POOL, LINEAR], shape=(2, 3, 16, 16)),
        r"takes photos of the shape \[2,3,16,16\]",
    ),
    "an unknown layer": (network([*POOL, UNHEARD_OF]), "cannot read it as a network .*Frobnicate"),
    "a layer without a readable name": (
        network([*POOL, UNHEARD_OF]).replace(b"Frobnicate", b"\xf4robnicate"),
        "cannot",
    ),
    "no network": (b"garbage" * 100, "cannot read it as a network"),
    "an empty file": (b"", "cannot read it as a network"),
    "half a file": (GOOD[: len(GOOD) // 2], "cannot read it as a network"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_network_that_the_card_does_not_describe_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    content, problem = MISFITS[name]
    write_bundle(tmp_path / "misfit", card(), {"model.onnx": content})
    with pytest.raises(BundleDamaged, match=problem) as caught:
        load(tmp_path / "misfit", device="cpu")
    assert re.fullmatch(
        rf"{tmp_path}/misfit/model\.onnx: .{{10,400}} Export or download the bundle again\.", str(caught.value)
    )


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_a_network_whose_output_is_no_number_is_refused(tmp_path: Path, weight: float) -> None:
    write_bundle(tmp_path / "misfit", card(), {"model.onnx": network([*POOL, LINEAR], weight=weight)})
    with pytest.raises(EngineFailed, match="not finite"):
        load(tmp_path / "misfit", device="cpu")


def test_a_file_that_changed_since_the_bundle_was_opened_is_not_used(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "colours", card(), {"model.onnx": GOOD})
    assert bundle.read("model.onnx") == GOOD
    bundle.file("model.onnx").write_bytes(GOOD + b"\0")
    with pytest.raises(BundleDamaged, match="sha256 differs"):
        bundle.read("model.onnx")


@pytest.mark.skipif(not HAS_TORCH, reason="the extra 'gpu' is not installed")
@pytest.mark.parametrize(
    "content",
    [b"", b"garbage" * 100, b"\xff" * 8 + b"{}", b"\x02\0\0\0\0\0\0\0{}", (10).to_bytes(8, "little") + b"[" * 10],
)
def test_weights_that_are_not_the_network_s_are_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    write_bundle(tmp_path / "misfit", card(network="scratch"), {"model.safetensors": content})
    with pytest.raises(BundleError, match=r"does not contain weights|do not fit scratch") as caught:
        load(tmp_path / "misfit", engine="torch", device="cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("columns", [1, 3, 5])
def test_any_engine_is_checked(columns: int) -> None:
    class Narrow(ColourEngine):
        def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
            return np.zeros((len(batch), columns), np.float32)

    with pytest.raises(EngineFailed, match=rf"shape \(1, {columns}\), but the card has 4 outputs"):
        check(Narrow(), card())
    check(ColourEngine(), card())

"""The contract of `tagger.model.engines`, on every engine that is installed here, with the shipped network."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tagger.core.errors import EngineUnavailable
from tagger.core.run_options import Limits
from tagger.image.loader import InProcessLoader, always
from tagger.model.bundle import Bundle, open_bundle
from tagger.model.engines import Engine
from tagger.model.engines.factory import has_nvidia_driver, open_engine
from tagger.model.inference import probabilities, probe_picture

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="the extra 'gpu' is not installed")
needs_cuda = [
    pytest.mark.gpu, needs_torch, pytest.mark.skipif(not has_nvidia_driver(), reason="no NVIDIA GPU here")
]  # fmt: skip

FLOAT32_TOLERANCE = 0.05  # on scores, as `tagger.model.engines` states
HALF_TOLERANCE = 0.2
MEAN_TOLERANCE = 0.01

Options = dict[str, Any]  # of `open_engine`

ENGINES = [
    pytest.param({"engine": "openvino", "precision": "float32"}, id="openvino"),
    pytest.param({"engine": "torch", "device": "cpu"}, id="torch-cpu", marks=[needs_torch, pytest.mark.slow]),
    pytest.param({"engine": "torch", "device": "cuda"}, id="torch-cuda", marks=needs_cuda),
]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return open_bundle()


@pytest.fixture(scope="module")
def opened(bundle: Bundle) -> Callable[[Options], Engine]:
    """Each engine once, since starting one takes a second."""
    engines: dict[str, Engine] = {}

    def get(options: Options) -> Engine:
        key = str(options)
        if key not in engines:
            engines[key] = open_engine(bundle, **options)
        return engines[key]

    return get


def pictures(bundle: Bundle, count: int) -> NDArray[np.uint8]:
    """Smooth random patterns: (N, H, W, 3)."""
    size = bundle.card.input.size_px
    coarse = np.random.default_rng(3).integers(0, 255, (count, 7, 7, 3), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(-(-size // 7), axis=1).repeat(-(-size // 7), axis=2)[:, :size, :size])


def scores(engine: Engine, bundle: Bundle, batch: NDArray[np.uint8]) -> NDArray[np.float64]:
    return probabilities(engine.logits(batch), bundle.card.temperature)


def tolerance(engine: Engine) -> float:
    return FLOAT32_TOLERANCE if engine.info.precision == "float32" else HALF_TOLERANCE


@pytest.mark.parametrize("options", ENGINES)
def test_rows_have_the_network_s_outputs(options: Options, opened: Callable[[Options], Engine], bundle: Bundle) -> None:
    for count in (1, 3, opened(options).batch_size + 1):
        rows = opened(options).logits(pictures(bundle, count))
        assert (rows.shape, rows.dtype) == ((count, bundle.card.outputs), np.dtype(np.float32))
        assert np.isfinite(rows).all()


@pytest.mark.parametrize("options", ENGINES)
def test_a_row_keeps_its_place_and_does_not_depend_on_its_neighbours(
    options: Options, opened: Callable[[Options], Engine], bundle: Bundle
) -> None:
    batch, engine = pictures(bundle, 9), opened(options)
    together = scores(engine, bundle, batch)
    backwards = scores(engine, bundle, np.ascontiguousarray(batch[::-1]))[::-1]
    alone = np.concatenate([scores(engine, bundle, batch[n : n + 1]) for n in range(9)])
    assert np.abs(together - backwards).max() < 1e-3
    assert np.abs(together - alone).max() < 1e-3


@pytest.mark.parametrize("options", ENGINES)
def test_the_same_batch_twice_gives_the_same_rows(
    options: Options, opened: Callable[[Options], Engine], bundle: Bundle
) -> None:
    batch = pictures(bundle, 5)
    assert np.array_equal(opened(options).logits(batch), opened(options).logits(batch))


@pytest.mark.parametrize("options", ENGINES)
def test_the_picture_that_tells_whether_an_engine_works_is_answered(
    options: Options, opened: Callable[[Options], Engine], bundle: Bundle
) -> None:
    picture = probe_picture(bundle.card.input.size_px)
    assert picture.shape == pictures(bundle, 1).shape
    assert np.isfinite(opened(options).logits(picture)).all()


@pytest.mark.parametrize("options", ENGINES)
def test_an_engine_says_what_it_is_and_why(options: Options, opened: Callable[[Options], Engine]) -> None:
    info = opened(options).info
    assert info.name == options["engine"]
    assert all((info.device, info.precision, info.reason))
    assert opened(options).batch_size >= 1


@pytest.mark.parametrize("options", ENGINES[1:])
def test_engines_agree(options: Options, opened: Callable[[Options], Engine], bundle: Bundle) -> None:
    batch = pictures(bundle, 8)
    reference = scores(opened({"engine": "openvino", "precision": "float32"}), bundle, batch)
    found = scores(opened(options), bundle, batch)
    assert np.abs(found - reference).max() <= tolerance(opened(options))
    assert (found.argmax(axis=1) == reference.argmax(axis=1)).mean() >= 0.875  # at most one of 8 noisy patterns


@pytest.mark.slow
@pytest.mark.skipif("LANDMARK_DATA" not in os.environ, reason="LANDMARK_DATA is unset: no real photos")
@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param({"engine": "openvino"}, 300, id="openvino-auto"),
        pytest.param({"engine": "torch", "device": "cpu"}, 8, id="torch-cpu", marks=needs_torch),
        pytest.param({"engine": "torch", "device": "cuda"}, 8, id="torch-cuda", marks=needs_cuda),
    ],
)
def test_engines_agree_on_real_photos(
    options: Options, count: int, opened: Callable[[Options], Engine], bundle: Bundle
) -> None:
    files = sorted(Path(os.environ["LANDMARK_DATA"], "landmarks", "test").glob("*/*.jpg"), key=lambda file: file.name)
    loader = InProcessLoader(bundle.card.input, Limits())
    loaded = [loader.load(str(file), always).pixels for file in files[:count]]
    batch = np.stack([pixels for pixels in loaded if pixels is not None])
    assert len(batch) == count
    reference = scores(opened({"engine": "openvino", "precision": "float32"}), bundle, batch)
    found = scores(opened(options), bundle, batch)
    differences = np.abs(found - reference).max(axis=1)  # (N,)
    assert (found.argmax(axis=1) == reference.argmax(axis=1)).mean() >= 0.995
    assert differences.max() <= tolerance(opened(options))
    assert differences.mean() <= MEAN_TOLERANCE


@pytest.mark.skipif(has_nvidia_driver(), reason="this machine has an NVIDIA GPU")
@pytest.mark.parametrize(
    "options", [{"device": "cuda"}, {"engine": "torch", "device": "cuda:1"}, {"engine": "openvino", "device": "cuda"}]
)
def test_asking_for_cuda_where_there_is_none_is_an_error(bundle: Bundle, options: Options) -> None:
    with pytest.raises(EngineUnavailable, match=r"cuda.*(--device cpu|--engine torch)"):
        open_engine(bundle, **options)


@pytest.mark.skipif(has_nvidia_driver(), reason="this machine has an NVIDIA GPU")
def test_auto_takes_the_cpu_and_says_why(bundle: Bundle) -> None:
    info = open_engine(bundle).info
    assert (info.name, info.reason) == ("openvino", "no NVIDIA GPU here")


def test_a_gpu_that_cannot_be_used_is_announced(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tagger.model.engines.factory.has_nvidia_driver", lambda: True)
    monkeypatch.setattr("tagger.model.engines.factory.has_torch", lambda: False)
    assert "PyTorch is missing" in open_engine(bundle).info.reason
    assert "Running on the CPU" in caplog.text


@pytest.mark.parametrize(
    "options", [{"engine": "abacus"}, {"precision": "float8"}, {"engine": "openvino", "precision": "float16"}]
)
def test_what_no_engine_can_do_is_an_error_that_names_the_choices(bundle: Bundle, options: Options) -> None:
    with pytest.raises(EngineUnavailable, match=r"float32|openvino"):
        open_engine(bundle, **options)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the threads of Linux")
def test_an_engine_with_one_thread_may_use_any_core(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    from tagger.model.engines import openvino

    monkeypatch.setattr(openvino, "CORES", 1)
    engine, seen = openvino.OpenVinoEngine(bundle), set()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(engine.logits, pictures(bundle, 200))
        while not answer.done():
            for thread in os.listdir("/proc/self/task"):
                with suppress(ProcessLookupError):  # it has ended
                    seen.add(frozenset(os.sched_getaffinity(int(thread))))
    assert seen == {frozenset(os.sched_getaffinity(0))}


def test_photos_that_share_a_request_have_the_rows_they_have_alone() -> None:
    from tagger.model.engines.openvino import OpenVinoEngine

    small = open_bundle().first_look
    assert small
    one, four, batch = OpenVinoEngine(small), OpenVinoEngine(small, photos_per_request=4), pictures(small, 9)
    alone = one.outputs(batch)
    for count in (9, 4, 3, 1):
        together = four.outputs(batch[-count:])
        assert alone.features is not None and together.features is not None
        assert np.array_equal(together.logits, alone.logits[-count:])
        assert np.array_equal(together.features, alone.features[-count:])


def test_a_second_start_uses_the_compiled_network(bundle: Bundle, tmp_path: Path) -> None:
    from tagger.model.engines.openvino import OpenVinoEngine

    first = OpenVinoEngine(bundle, cache_dir=tmp_path).logits(pictures(bundle, 2))
    kept = sorted(tmp_path.iterdir())
    assert kept
    assert np.array_equal(OpenVinoEngine(bundle, cache_dir=tmp_path).logits(pictures(bundle, 2)), first)
    assert sorted(tmp_path.iterdir()) == kept


@pytest.mark.parametrize("damage", [b"", b"garbage" * 1000])
def test_a_damaged_compiled_network_is_compiled_again(bundle: Bundle, tmp_path: Path, damage: bytes) -> None:
    from tagger.model.engines.openvino import OpenVinoEngine

    first = OpenVinoEngine(bundle, cache_dir=tmp_path).logits(pictures(bundle, 2))
    for file in tmp_path.iterdir():
        file.chmod(0o600)
        file.write_bytes(damage)
    assert np.array_equal(OpenVinoEngine(bundle, cache_dir=tmp_path).logits(pictures(bundle, 2)), first)

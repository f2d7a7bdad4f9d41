"""A pool serves a long-lived process: many calls share it, and what one of them meets costs the others nothing."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path

import pytest

from tagger.core.errors import DecoderUnavailable
from tagger.core.types import Failed
from tagger.image.decoder_pool import DecoderPool
from tagger.image.loader import always
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, photos
from tests.hostile_photos import HANG, KILL
from tests.image.conftest import LIMITS, PATIENCE_S, MakeDecoders, kind


@pytest.fixture
def model(bundle: Bundle) -> Tagger:
    return Tagger(bundle, ColourEngine(), LIMITS)


@pytest.fixture
def hanging(tmp_path: Path) -> Path:
    (tmp_path / "hang.bmp").write_bytes(HANG)
    return tmp_path / "hang.bmp"


def failures(model: Tagger, paths: Iterable[Path], pool: DecoderPool) -> dict[str, str]:
    """By name, why the photos of one call failed."""
    results = model.tag(paths, loader=pool)
    return {Path(r.path).name: r.answer.kind for r in results if isinstance(r.answer, Failed)}


def test_a_pool_lives_across_calls_and_survives_a_photo_that_hangs_in_between(
    tmp_path: Path, decoders: MakeDecoders, model: Tagger, hanging: Path
) -> None:
    pool = decoders()
    (tmp_path / "kill.bmp").write_bytes(KILL)
    assert failures(model, photos(tmp_path / "first", 5), pool) == {}
    begun = set(pool._processes)
    assert failures(model, photos(tmp_path / "second", 5, start=5), pool) == {}
    assert pool._processes == begun
    pool._timeout_s = 0.5
    assert failures(model, [hanging], pool) == {"hang.bmp": "timed_out"}
    pool._timeout_s = PATIENCE_S
    assert failures(model, [*photos(tmp_path / "third", 3, start=10), tmp_path / "kill.bmp"], pool) == {
        "kill.bmp": "decoder_crashed"
    }
    assert failures(model, photos(tmp_path / "fourth", 5, start=13), pool) == {}


def test_calls_at_the_same_time_share_a_pool(tmp_path: Path, decoders: MakeDecoders, model: Tagger) -> None:
    pool, folders = decoders(), [photos(tmp_path / f"{n}", 6, start=6 * n) for n in range(4)]
    with ThreadPoolExecutor(4) as callers:
        assert list(callers.map(lambda paths: failures(model, paths, pool), folders)) == [{}] * 4


def test_a_call_that_is_stopped_leaves_the_pool_to_others(
    tmp_path: Path, decoders: MakeDecoders, model: Tagger, hanging: Path
) -> None:
    pool, stop = decoders(), threading.Event()
    with ThreadPoolExecutor(1) as callers:
        stuck = callers.submit(lambda: [*model.tag([hanging], loader=pool, stop=stop)])
        assert failures(model, photos(tmp_path / "good", 5), pool) == {}
        start = time.monotonic()
        stop.set()
        assert isinstance(stuck.exception(), CancelledError)
    assert time.monotonic() - start < PATIENCE_S / 2
    assert failures(model, photos(tmp_path / "more", 5, start=5), pool) == {}


def test_a_call_that_waits_for_a_busy_pool_can_be_stopped_too(decoders: MakeDecoders, hanging: Path) -> None:
    pool = decoders(count=1)
    with ThreadPoolExecutor(1) as callers:
        busy = threading.Event()
        stuck = callers.submit(pool.load, str(hanging), always, busy.is_set)
        while pool._idle:
            time.sleep(0.01)
        with pytest.raises(CancelledError):
            pool.load(str(hanging), always, lambda: True)
        busy.set()
        assert isinstance(stuck.exception(), CancelledError)


def test_a_process_that_could_not_be_started_is_tried_again_later(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    (good,) = photos(tmp_path / "good", 1)
    pool = decoders(count=1)
    (process,) = pool._processes
    process.kill()
    with monkeypatch.context() as short_of_memory:
        short_of_memory.setattr(sys, "executable", "/nowhere/python")
        for _ in range(2):
            with pytest.raises(DecoderUnavailable, match="No such file or directory"):
                pool.load(str(good), always)
    monkeypatch.setattr("tagger.image.decoder_pool.RETRY_S", 0.0)
    assert kind(pool.load(str(good), always)) == "sound"

"""Every input has one result, in input order, whatever happens beside it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tagger.core.errors import EngineFailed
from tagger.core.run_options import Limits
from tagger.core.types import Answer, Failed, NoLandmark, Tagged
from tagger.model.inference import EngineThread
from tagger.model.pipeline import Pipeline
from tests.drawn import ColourEngine, card, jpeg, photos

LIMITS = Limits(max_pixels=1_000_000, max_file_bytes=1_000_000, threads=3)


def pipeline(engine: ColourEngine | None = None, **options: Any) -> Pipeline:
    return Pipeline(engine or ColourEngine(), card(), LIMITS, **options)


def tops(paths: list[Path]) -> list[str]:
    results = pipeline().run(map(str, paths))
    return [f"{r.answer.status}:{r.answer.suggestions[0].landmark.id if r.answer.suggestions else ''}" for r in results]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 50])
def test_results_come_in_input_order_whatever_the_batch_size(tmp_path: Path, count: int) -> None:
    files = photos(tmp_path, count)
    for batch_size in (1, 4, 64):
        results = list(pipeline(ColourEngine(batch_size)).run(map(str, files)))
        assert [r.path for r in results] == [str(file) for file in files]
        assert [r.answer.status for r in results] == ["none" if n % 4 == 3 else "tagged" for n in range(count)]


def test_each_photo_gets_its_own_answer(tmp_path: Path) -> None:
    files = photos(tmp_path, 3)
    assert tops(files[::-1]) == ["tagged:blue_lake", "tagged:green_hill", "tagged:red_rock"]


def test_bad_photos_are_values_between_the_good_ones(tmp_path: Path) -> None:
    good = photos(tmp_path, 2)
    (tmp_path / "text.jpg").write_text("no photo")
    (tmp_path / "empty.jpg").touch()
    mixed = [good[0], tmp_path / "text.jpg", tmp_path / "empty.jpg", tmp_path / "gone.jpg", good[1]]
    assert [status.split(":")[0] for status in tops(mixed)] == ["tagged", "failed", "failed", "failed", "tagged"]


def test_a_file_without_permission_fails_and_the_others_do_not(
    public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    files = photos(public_folder, 3)
    files[1].chmod(0)
    with without_privileges():
        results = list(pipeline().run(map(str, files)))
    assert [r.answer.status for r in results] == ["tagged", "failed", "tagged"]
    assert isinstance(results[1].answer, Failed)
    assert results[1].answer.kind == "permission"


def test_a_thousand_bad_photos_behind_a_good_one_do_not_pile_up(tmp_path: Path) -> None:
    good = photos(tmp_path, 1)
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        for path in (*map(str, good), *(str(tmp_path / f"gone{n}.jpg") for n in range(1000))):
            taken += 1
            yield path

    results = pipeline().run(endless())
    assert next(results).answer.status == "tagged"
    assert taken < 100
    assert sum(1 for _ in results) == 1000


def test_inputs_are_taken_lazily(tmp_path: Path) -> None:
    files = photos(tmp_path, 200)
    taken: list[Path] = []
    results = pipeline().run(str(file) for file in files if not taken.append(file))  # type: ignore[func-returns-value]
    next(results)
    assert len(taken) < 50
    results.close()


def test_the_same_content_is_inferred_once(tmp_path: Path) -> None:
    original, *others = photos(tmp_path, 9)
    copies = [tmp_path / f"copy{n}.jpg" for n in range(8)]
    for copy in copies:
        copy.write_bytes(original.read_bytes())
    engine = ColourEngine()
    results = list(pipeline(engine).run(map(str, [original, *copies, *others])))
    assert engine.photos_seen == 9
    assert len({r.answer for r in results[:9]}) == 1
    assert [r.is_inherited for r in results[:9]].count(False) == 1


def test_a_content_is_never_between_on_its_way_and_known(tmp_path: Path) -> None:
    (first,) = photos(tmp_path, 1)
    copies = [first] * 200
    stored: dict[str, Answer] = {}
    engine = ColourEngine(batch_size=2)
    for result in pipeline(engine, known=stored.get).run(map(str, copies)):
        time.sleep(0.002)  # a slow caller: the answer is on its way to the store
        stored[str(result.sha256)] = result.answer
    assert engine.photos_seen == 1


def test_known_content_costs_no_inference(tmp_path: Path) -> None:
    files = photos(tmp_path, 8)
    stored = NoLandmark(())
    engine = ColourEngine()
    results = list(pipeline(engine, known=lambda _sha256: stored).run(map(str, files)))
    assert engine.photos_seen == 0
    assert all(r.answer == stored and r.is_inherited and r.sha256 for r in results)


def test_copies_of_a_broken_photo_all_fail(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / f"{n}.jpg").write_bytes(jpeg()[:300])
    results = list(pipeline().run(str(tmp_path / f"{n}.jpg") for n in range(5)))
    assert [(r.answer.status, r.is_inherited) for r in results] == [("failed", False)] * 5


def test_batches_are_as_large_as_the_engine_wants_and_no_larger(tmp_path: Path) -> None:
    engine = ColourEngine(batch_size=16)
    assert len(list(pipeline(engine).run(map(str, photos(tmp_path, 40))))) == 40
    assert engine.largest_batch == 16


WHITE = (255, 255, 255)


class RaisesOnWhite(ColourEngine):
    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        if (batch.mean(axis=(1, 2, 3)) > 250).any():
            raise EngineFailed("too bright")
        return super().logits(batch)


class OverflowsOnWhite(ColourEngine):
    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = super().logits(batch)
        rows[batch.mean(axis=(1, 2, 3)) > 250] = np.nan
        return rows


@pytest.mark.parametrize("engine", [RaisesOnWhite, OverflowsOnWhite])
@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_a_photo_on_which_the_engine_breaks_fails_alone_wherever_it_comes(
    tmp_path: Path, engine: type[ColourEngine], batch_size: int
) -> None:
    files = photos(tmp_path, 8)
    for bad in (2, 8):  # among others, and in a batch of its own
        files.insert(bad, tmp_path / f"white{bad}.jpg")
        files[bad].write_bytes(jpeg(WHITE, size=(64, 40 + bad)))
    results = list(pipeline(engine(batch_size)).run(map(str, files)))
    failed = [index for index, result in enumerate(results) if isinstance(result.answer, Failed)]
    assert failed == [2, 8]
    assert {r.answer.kind for r in results if isinstance(r.answer, Failed)} == {"engine_failed"}
    assert [r.answer for r in results if r.answer.status != "failed"] == [
        r.answer for r in pipeline().run(map(str, files[:2] + files[3:8] + files[9:]))
    ]


class NothingButNan(ColourEngine):
    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return super().logits(batch) * np.float32(np.nan)


@pytest.mark.parametrize("count", [1, 20])
def test_an_engine_without_one_finite_answer_is_broken_and_no_photo_is_blamed(tmp_path: Path, count: int) -> None:
    with pytest.raises(EngineFailed, match=r"not finite.*00000.jpg"):
        list(pipeline(NothingButNan()).run(map(str, photos(tmp_path, count))))


class BreakingEngine(ColourEngine):
    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self.photos_seen >= 8:
            raise EngineFailed("the card fell off the bus")
        return super().logits(batch)


def test_an_engine_error_names_the_batch_after_all_results_before_it(tmp_path: Path) -> None:
    files = photos(tmp_path, 20)
    answers: list[Answer] = []
    with pytest.raises(EngineFailed, match=r"fell off.*4 photos.*00008.jpg.*00011.jpg"):
        answers.extend(result.answer for result in pipeline(BreakingEngine()).run(map(str, files)))
    assert len(answers) == 8


class HangingEngine(ColourEngine):
    def __init__(self) -> None:
        super().__init__()
        self.ends = threading.Event()

    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self.photos_seen >= 8:
            self.ends.wait()
        return super().logits(batch)


@pytest.mark.slow
def test_an_engine_that_hangs_is_an_error_that_names_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.model.inference.BATCH_TIMEOUT_S", 1.0)
    monkeypatch.setattr("tagger.model.inference.CLOSE_TIMEOUT_S", 0.1)
    engine, answers = HangingEngine(), list[Answer]()
    try:
        with pytest.raises(EngineFailed, match=r"not answered for 1 s.*4 photos.*00008.jpg.*00011.jpg"):
            answers.extend(result.answer for result in pipeline(engine).run(map(str, photos(tmp_path, 20))))
    finally:
        engine.ends.set()
        for abandoned_files in [thread for thread in threading.enumerate() if thread.name == "engine"]:
            abandoned_files.join()
    assert len(answers) == 8


def test_leaving_early_ends_every_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    results = pipeline().run(map(str, photos(tmp_path, 60)))
    assert isinstance(next(results).answer, Tagged)
    results.close()
    assert threading.active_count() == before


def test_file_names_that_are_no_text_survive(tmp_path: Path) -> None:
    strange = os.fsencode(tmp_path) + b"/caf\xe9 \n.jpg"
    with open(strange, "wb") as file:
        file.write(jpeg())
    (result,) = pipeline().run([os.fsdecode(strange)])
    assert os.fsencode(result.path) == strange
    assert result.answer.status == "tagged"


def test_photos_at_hand_are_answered_as_others_are_in_one_batch_and_without_new_threads(tmp_path: Path) -> None:
    files = [str(file) for file in (*photos(tmp_path, 4), tmp_path / "gone.jpg")]
    files.append(files[0])
    expected = [result.answer for result in pipeline().run(files)]
    network, engine = ColourEngine(batch_size=1), EngineThread()
    before = threading.active_count()
    results = pipeline(network).run_loaded(files, engine)
    assert threading.active_count() == before
    engine.close()
    assert [result.answer for result in results] == expected
    assert [result.is_inherited for result in results] == [False] * 5 + [True]
    assert (network.photos_seen, network.largest_batch) == (4, 4)

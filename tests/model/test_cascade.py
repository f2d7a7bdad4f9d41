"""Two looks: the first answers "none" where it is sure, and never anything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tagger.core.errors import EngineFailed
from tagger.core.run_options import Limits
from tagger.core.types import Failed, NoLandmark, Tagged
from tagger.image.preprocess import Pixels
from tagger.model.bundle import Bundle, open_bundle, write_bundle
from tagger.model.card import FirstLookCard
from tagger.model.cascade import FirstLook, infer_in_two_looks
from tagger.model.predictor import Tagger, load
from tests.drawn import COLOURS, ColourEngine, card, colour_network, jpeg, photos

GREY, UNSURE_RED, RED = (128, 128, 128), (181, 43, 43), COLOURS["red_rock"]
RULE = FirstLookCard("none", temperature=2.0, none_below=0.3)


def pixels(*colours: tuple[int, int, int]) -> list[Pixels]:
    return [np.full((16, 16, 3), colour, dtype=np.uint8) for colour in colours]


def first_look(engine: ColourEngine | None = None) -> FirstLook:
    return FirstLook(engine or ColourEngine(), card(), RULE.none_below)


@pytest.fixture
def two_looks(tmp_path: Path) -> Bundle:
    network = colour_network([*COLOURS.values(), GREY])
    files = {"model.onnx": network, "first_look/model.onnx": network}
    return write_bundle(tmp_path / "two", card(first_look=RULE), files)


def test_only_what_the_first_look_is_not_sure_of_reaches_the_second() -> None:
    full = ColourEngine()
    answers = infer_in_two_looks(first_look(), full, pixels(GREY, RED, GREY, UNSURE_RED), card(), k=3)
    assert [(answer.status, getattr(answer, "look", None)) for answer in answers] == [
        ("none", "first"),
        ("tagged", "full"),
        ("none", "first"),
        ("none", "full"),
    ]
    assert full.photos_seen == 2


def test_a_photo_for_the_full_look_alone_skips_the_first() -> None:
    first = ColourEngine()
    answers = infer_in_two_looks(first_look(first), ColourEngine(), pixels(GREY, RED, GREY), card(), k=1, full_only={2})
    assert [getattr(answer, "look", None) for answer in answers] == ["first", "full", "full"]
    assert first.photos_seen == 2


def test_an_answer_of_the_first_look_has_its_own_k_suggestions() -> None:
    (answer,) = infer_in_two_looks(first_look(), ColourEngine(), pixels(GREY), card(), k=2)
    assert isinstance(answer, NoLandmark)
    assert [suggestion.rank for suggestion in answer.suggestions] == [1, 2]
    assert not any(suggestion.is_tag for suggestion in answer.suggestions)


def test_without_a_first_look_every_photo_gets_the_full_one() -> None:
    full = ColourEngine()
    answers = infer_in_two_looks(None, full, pixels(GREY, RED), card(), k=1)
    assert [type(answer) for answer in answers] == [NoLandmark, Tagged]
    assert full.photos_seen == 2


def test_a_photo_that_breaks_the_first_look_gets_the_second() -> None:
    class OnlyGrey(ColourEngine):
        def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
            if (batch[:, 0, 0] == GREY).all(axis=1).any():
                raise RuntimeError("too grey")
            return super().logits(batch)

    answers = infer_in_two_looks(first_look(OnlyGrey()), ColourEngine(), pixels(GREY, RED), card(), k=1)
    assert answers == infer_in_two_looks(None, ColourEngine(), pixels(GREY, RED), card(), k=1)


def test_a_photo_that_breaks_both_looks_fails_alone() -> None:
    class OnlyBlack(ColourEngine):
        def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
            if (batch.reshape(len(batch), -1).max(axis=1) == 0).any():
                raise RuntimeError("too black")
            return super().logits(batch)

    photos = pixels((0, 0, 0), RED)
    black, red = infer_in_two_looks(first_look(OnlyBlack()), OnlyBlack(), photos, card(), k=1)
    assert isinstance(black, Failed)
    assert isinstance(red, Tagged)


def test_a_broken_first_look_ends_the_run() -> None:
    class Dead(ColourEngine):
        def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
            raise RuntimeError(f"the card fell off the bus with {len(batch)} photos")

    with pytest.raises(EngineFailed, match="off the bus"):
        infer_in_two_looks(first_look(Dead()), ColourEngine(), pixels(GREY), card(), k=1)


def test_a_run_and_single_photos_are_answered_by_the_same_looks(two_looks: Bundle, tmp_path: Path) -> None:
    tagger = load(two_looks.folder, device="cpu")
    files = photos(tmp_path / "photos", 8)
    in_a_run = [result.answer for result in tagger.tag(files, 2)]
    assert in_a_run == [tagger.suggest(file, 2) for file in files]
    assert [getattr(answer, "look", None) for answer in in_a_run] == ["full", "full", "full", "first"] * 2


def test_every_photo_is_answered_as_by_the_full_look_alone(two_looks: Bundle, tmp_path: Path) -> None:
    both = load(two_looks.folder, device="cpu")
    alone = Tagger(both.bundle, both.engine, Limits(threads=1))
    files = photos(tmp_path / "photos", 8)
    assert statuses(both, files) == statuses(alone, files)


def test_a_photo_taken_beside_a_landmark_skips_the_first_look(two_looks: Bundle, tmp_path: Path) -> None:
    tagger = load(two_looks.folder, device="cpu")
    beside, elsewhere = (
        grey_photo_at(tmp_path / "beside.jpg", 10.0, 20.0),
        grey_photo_at(tmp_path / "far.jpg", 50.0, 0.0),
    )
    in_a_run = [result.answer for result in tagger.tag([beside, elsewhere], 2)]
    assert [getattr(answer, "look", None) for answer in in_a_run] == ["full", "first"]
    assert in_a_run == [tagger.suggest(file, 2) for file in (beside, elsewhere)]
    (without,) = tagger.tag([beside], 2, gps=False)
    assert getattr(without.answer, "look", None) == "first"


def grey_photo_at(path: Path, lat: float, lon: float) -> Path:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (lat, 0.0, 0.0), 3: "E", 4: (lon, 0.0, 0.0)})
    path.write_bytes(jpeg((128, 128, 128 + int(lat) // 10), exif=exif))  # with one picture, they would be one photo
    return path


def statuses(tagger: Tagger, files: Sequence[Path]) -> list[str]:
    return [result.answer.status for result in tagger.tag(files, 1)]


def test_the_first_look_is_a_bundle_of_its_own(two_looks: Bundle) -> None:
    small = open_bundle(two_looks.folder).first_look
    assert small is not None
    assert small.file("model.onnx") == two_looks.folder / "first_look" / "model.onnx"
    assert (small.card.network, small.card.temperature, small.card.first_look) == ("none", 2.0, None)
    assert write_bundle(two_looks.folder.parent / "one", card(), {"model.onnx": b"one"}).first_look is None


def test_a_first_look_that_would_drop_tags_is_refused() -> None:
    with pytest.raises(ValueError, match="would drop tags"):
        card(first_look=replace(RULE, none_below=0.71))

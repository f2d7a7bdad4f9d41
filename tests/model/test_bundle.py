"""A bundle is verified when it is opened; each way it can be wrong is a sentence that names the file."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tagger.core.errors import BundleDamaged, BundleNotFound, BundleTooNew
from tagger.core.types import Landmark
from tagger.model.bundle import Bundle, open_bundle, write_bundle, write_card
from tagger.model.card import LandmarkClass
from tests.drawn import card

WEIGHTS = {"model.onnx": b"weights" * 100}


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_bundle(tmp_path / "colours", card(), WEIGHTS)


def rewrite(bundle: Bundle, **changes: Any) -> None:
    file = bundle.folder / "card.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_was_written_is_opened(bundle: Bundle) -> None:
    opened = open_bundle(bundle.folder)
    assert opened == bundle
    assert opened.card.classes[0].landmark().name == "Red Rock"
    assert opened.file("model.onnx").read_bytes() == WEIGHTS["model.onnx"]


def test_a_card_of_format_1_is_read_as_the_same_model_without_names_in_languages(bundle: Bundle) -> None:
    file = bundle.folder / "card.json"
    earlier = json.loads(file.read_text()) | {"format": 1}
    for entry in earlier["classes"]:
        del entry["names"], entry["cities"]
    file.write_text(json.dumps(earlier))
    opened = open_bundle(bundle.folder)
    assert (opened.card, opened.model_id) == (bundle.card, bundle.model_id)
    assert opened.card.classes[0].landmark().names == {}


def test_names_in_languages_are_read_and_do_not_make_another_model(bundle: Bundle) -> None:
    entry = replace(bundle.card.classes[0], names={"de": "Roter Fels"}, cities={"de": "Nirgendwo"})
    named = write_card(bundle.folder, replace(bundle.card, classes=(entry, *bundle.card.classes[1:])))
    assert named.card.classes[0].landmark().names == {"de": "Roter Fels"}
    assert named.card.classes[0].landmark().cities == {"de": "Nirgendwo"}
    assert named.model_id == bundle.model_id
    assert [file.name for file in sorted(bundle.folder.iterdir())] == ["card.json", "model.onnx"]


def test_a_folder_without_a_card_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFound, match=r"card\.json"):
        open_bundle(tmp_path)


@pytest.mark.parametrize("content", [WEIGHTS["model.onnx"][:-1], b"weightz" * 100, b""])
def test_altered_or_truncated_weights_are_refused(bundle: Bundle, content: bytes) -> None:
    (bundle.folder / "model.onnx").write_bytes(content)
    with pytest.raises(BundleDamaged, match=r"model\.onnx.*again"):
        open_bundle(bundle.folder)


def test_missing_weights_are_refused(bundle: Bundle) -> None:
    (bundle.folder / "model.onnx").unlink()
    with pytest.raises(BundleDamaged, match=r"model\.onnx"):
        open_bundle(bundle.folder)


def test_a_truncated_card_is_refused(bundle: Bundle) -> None:
    file = bundle.folder / "card.json"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(BundleDamaged, match=r"card\.json"):
        open_bundle(bundle.folder)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"temperature": 0}, "temperature"),
        ({"format": -3}, "format"),
        ({"classes": []}, "classes"),
        ({"classes": [{"id": "x"}]}, r"classes\.0"),
        ({"classes": [{"id": "x", "name": "X", "threshold": 1, "names": {"DE!": "X"}}]}, r"classes\.0\.names"),
        ({"classes": [{"id": "x", "name": "X", "threshold": 1, "cities": {"de": ""}}]}, r"classes\.0\.cities"),
        ({"input": {"size_px": 0}}, "input"),
        ({"files": {"model.onnx": "abc"}}, "files"),
        ({"files": {f"{n}.onnx": "0" * 64 for n in range(1000)}}, "files"),
        ({"temperature": 1e-300}, "temperature"),
        ({"background_outputs": 10**12}, "background_outputs"),
        ({"name": "x" * 1_000_000}, "name"),
        ({"format": 10**400}, "format"),
        ({"input": {"size_px": 10**9, "resize_px": 10**9, "mean": [0, 0, 0], "std": [1, 1, 1]}}, "input: size_px"),
        ({"input": {"size_px": 16, "resize_px": 16, "mean": [0, 0, 0], "std": [0, 1, 1]}}, "input: mean and std"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused_with_the_place(bundle: Bundle, changes: Any, place: str) -> None:
    rewrite(bundle, **changes)
    with pytest.raises(BundleDamaged, match=place):
        open_bundle(bundle.folder)


@pytest.mark.parametrize(
    "text",
    [
        '{"name":' + "[" * 100_000,
        '{"temperature": NaN}',
        '{"temperature": 1e999}',
        "9" * 5000,
        r'{"name": "\ud800"}',
        "",
    ],
    ids=["deep", "nan", "infinite", "long number", "half a letter", "empty"],
)
def test_a_card_that_is_not_json_is_refused_in_one_sentence(bundle: Bundle, text: str) -> None:
    (bundle.folder / "card.json").write_text(text)
    with pytest.raises(BundleDamaged, match=r"card\.json: it cannot be read as JSON \(.{1,200}\)\. Export"):
        open_bundle(bundle.folder)


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/hosts", "a/b.onnx", ".", "..", "", "first_look/..", "a\0b"])
def test_a_card_names_only_files_in_its_folder(bundle: Bundle, name: str) -> None:
    rewrite(bundle, files={name: bundle.card.files["model.onnx"]})
    with pytest.raises(BundleDamaged, match="is not the name of a file in the bundle's folder"):
        open_bundle(bundle.folder)


@pytest.mark.parametrize("name", ["card.json", "model.onnx"])
def test_only_regular_files_of_a_sensible_size_are_read(bundle: Bundle, name: str) -> None:
    file = bundle.folder / name
    os.truncate(file, 10**12)
    with pytest.raises(BundleDamaged, match=rf"{name}: it is larger than"):
        open_bundle(bundle.folder)
    file.unlink()
    file.symlink_to("/dev/zero")
    with pytest.raises(BundleDamaged, match=rf"{name}: it is not a regular file"):
        open_bundle(bundle.folder)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(BundleDamaged, match=rf"{name}: it is not a regular file"):
        open_bundle(bundle.folder)


def test_files_may_be_links_as_in_the_caches_of_model_hubs(bundle: Bundle, tmp_path: Path) -> None:
    for name in ("card.json", "model.onnx"):
        (bundle.folder / name).rename(tmp_path / name)
        (bundle.folder / name).symlink_to(tmp_path / name)
    assert open_bundle(bundle.folder) == bundle


def test_a_newer_format_asks_for_an_upgrade(bundle: Bundle) -> None:
    rewrite(bundle, format=99, unheard_of=True)
    with pytest.raises(BundleTooNew, match="Upgrade"):
        open_bundle(bundle.folder)


def test_a_model_is_the_same_while_nothing_that_decides_changes(bundle: Bundle) -> None:
    rewrite(bundle, metrics={"test": {"top1": 0.5}}, name="renamed")
    assert open_bundle(bundle.folder).model_id == bundle.model_id
    rewrite(bundle, temperature=1.5)
    assert open_bundle(bundle.folder).model_id != bundle.model_id


def test_a_first_look_makes_another_model_and_its_figures_do_not(bundle: Bundle) -> None:
    first = {"network": "none", "temperature": 1.0, "none_below": 0.2}
    rewrite(bundle, first_look=None)
    assert open_bundle(bundle.folder).model_id == bundle.model_id
    rewrite(bundle, first_look=first)
    changed = open_bundle(bundle.folder).model_id
    assert changed != bundle.model_id
    rewrite(bundle, first_look=first | {"metrics": {"val": {"agreement": 0.999}}})
    assert open_bundle(bundle.folder).model_id == changed


def test_an_interrupted_write_leaves_no_bundle(bundle: Bundle) -> None:
    class Interrupted(dict[str, bytes]):
        def items(self) -> Any:
            yield "model.onnx", b"half"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_bundle(bundle.folder, card(), Interrupted())
    with pytest.raises(BundleNotFound):
        open_bundle(bundle.folder)


def test_a_card_with_the_same_landmark_twice_is_refused(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="red_rock"):
        card(classes=(card().classes[0], card().classes[0]))
    classes = json.loads((bundle.folder / "card.json").read_text())["classes"]
    rewrite(bundle, classes=[classes[0], classes[0]])
    with pytest.raises(BundleDamaged, match="twice"):
        open_bundle(bundle.folder)


def test_a_landmark_may_have_no_country_and_no_coordinates(tmp_path: Path) -> None:
    home = LandmarkClass("home", "Home", threshold=0.5)
    opened = open_bundle(write_bundle(tmp_path / "mine", card(classes=(home,)), WEIGHTS).folder)
    assert opened.card.classes == (home,)
    assert opened.card.classes[0].landmark() == Landmark("home", "Home")


def test_a_card_with_half_a_position_is_refused(bundle: Bundle) -> None:
    classes = json.loads((bundle.folder / "card.json").read_text())["classes"]
    rewrite(bundle, classes=[classes[0] | {"lon": None}])
    with pytest.raises(BundleDamaged, match="lon is missing"):
        open_bundle(bundle.folder)

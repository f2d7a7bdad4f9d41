"""The bundle that comes with the package keeps what the project promises."""

from __future__ import annotations

import os
import random
import tomllib
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from tagger.core.text import plain
from tagger.model.bundle import Bundle, open_bundle, shipped_folder
from tagger.model.engines.openvino import OpenVinoEngine
from training.data.landmarks import LATIN, load_landmarks
from training.data.manifest_folder import load_manifest_folder

PLACES = Path(__file__).parents[3] / "training" / "landmarks.toml"
COURSE = PLACES.with_name("course_landmarks.toml")
LANGUAGES = {"de", "es", "fr", "it", "pt", "ru", "zh", "ja", "hi", "ar", "id"}  # besides English
LARGEST_BYTES = 30_000_000
SAMPLE = 150


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return open_bundle()


def test_it_is_small_enough_to_ship() -> None:
    assert sum(file.stat().st_size for file in shipped_folder().rglob("*")) <= LARGEST_BYTES


def test_its_recorded_figures_meet_the_bars(bundle: Bundle) -> None:
    test = bundle.card.metrics["test"]
    bars = {"top1": 0.94, "top5": 0.98, "rightly_tagged": 0.88, "tags_right": 0.98}
    assert {name: test[name] for name, bar in bars.items() if test[name] < bar} == {}  # type: ignore[operator]
    assert test["sight_tagged"] <= 0.05  # type: ignore[operator]
    assert test["ordinary_tagged"] <= 0.01  # type: ignore[operator]
    assert (test["landmark_photos"], test["negative_photos"]) == (1636, 938)


def test_bfloat16_is_allowed_only_where_it_was_measured_to_agree(bundle: Bundle) -> None:
    assert bundle.card.bfloat16 == (bundle.card.metrics["test"]["bfloat16_top1_agreement"] >= 0.995)  # type: ignore[operator]


def test_its_landmarks_are_the_described_ones_in_their_order(bundle: Bundle) -> None:
    described = [place.landmark() for place in load_landmarks(PLACES)]
    assert [entry.landmark() for entry in bundle.card.classes] == described


def test_every_landmark_has_a_name_a_country_and_a_place_of_its_own(bundle: Bundle) -> None:
    classes = bundle.card.classes
    assert all(entry.name and entry.country and entry.city for entry in classes)
    assert len({(entry.lat, entry.lon) for entry in classes}) == len(classes)
    assert len({entry.name for entry in classes}) == len(classes)
    positions = [entry.landmark().position for entry in classes]
    assert all(at and abs(at.lat) > 1 and abs(at.lon) > 1 for at in positions)  # none lies where a forgotten one would


# Degrees that hold the landmarks of a country: south, north, west, east.
BOXES = {
    "India": (8, 33, 70, 89),
    "China": (18, 42, 100, 123),
    "United States": (25, 49, -125, -66),
    "Pakistan": (23, 37, 61, 77),
    "Vietnam": (8, 24, 102, 110),
    "France": (42, 51, -5, 8),
    "Italy": (36, 47, 6, 19),
    "Australia": (-39, -10, 113, 154),
    "Canada": (42, 60, -125, -52),
}


def test_coordinates_lie_in_their_countries(bundle: Bundle) -> None:
    for entry in bundle.card.classes:
        south, north, west, east = BOXES.get(entry.country or "", (-90, 90, -180, 180))
        position = entry.landmark().position
        assert position and south < position.lat < north, entry.id
        assert west < position.lon < east, entry.id


def test_its_landmarks_and_their_places_have_names_in_twelve_languages(bundle: Bundle) -> None:
    known = Counter(language for entry in bundle.card.classes for language in entry.names)
    assert {language for language, count in known.items() if count > 60} == LANGUAGES
    eiffel_tower = next(entry for entry in bundle.card.classes if entry.id == "eiffel_tower")
    assert (eiffel_tower.names["de"], eiffel_tower.cities["ja"]) == ("Eiffelturm", "パリ")


def test_names_are_written_in_their_languages_scripts(bundle: Bundle) -> None:
    scripts = {"ru": "CYRILLIC", "hi": "DEVANAGARI", "ar": "ARABIC"} | dict.fromkeys(sorted(LATIN), "LATIN")
    for entry in bundle.card.classes:
        for language, name in [*entry.names.items(), *entry.cities.items()]:
            found = {unicodedata.name(letter).split()[0] for letter in name if letter.isalpha()}
            assert language not in scripts or found == {scripts[language]}, (entry.id, language, name)


def test_names_and_places_of_the_files_are_those_of_described_landmarks() -> None:
    described = [place for file in (PLACES, COURSE) for place in load_landmarks(file)]
    ids = {place.id for place in described}
    cities = {part for place in described for part in (place.city, *(place.city or "").split(", "))}
    for file in PLACES.parent.glob("names/*.toml"):
        names = tomllib.loads(file.read_text(encoding="utf-8"))
        assert (names["landmarks"].keys() - ids, names["places"].keys() - cities) == (set(), set()), file


def test_no_alias_or_name_stands_for_two_landmarks(bundle: Bundle) -> None:
    each = [{plain(s) for s in (e.id, e.name, *e.aliases, *e.names.values())} for e in bundle.card.classes]
    assert all(map(all, each))
    assert sum(len(spellings) for spellings in each) == len(set().union(*each))


@pytest.mark.slow
@pytest.mark.skipif("LANDMARK_DATA" not in os.environ, reason="LANDMARK_DATA names no folder of photos")
def test_a_sample_of_the_test_split_is_answered_as_recorded(bundle: Bundle) -> None:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from training.evaluate.evaluate import figures, infer
    from training.fit.dataset import PhotoDataset

    folder = Path(os.environ["LANDMARK_DATA"])
    ids = [entry.id for entry in bundle.card.classes]
    entries = [entry for entry in load_manifest_folder(folder) if entry.split == "test" and entry.label in ids]
    sample = random.Random(1).sample(entries, SAMPLE)
    dataset = PhotoDataset([e.path for e in sample], [ids.index(e.label) for e in sample], bundle.card.input)
    found = figures(bundle.card, infer(OpenVinoEngine(bundle), dataset, workers=0))
    assert found["top1"] == pytest.approx(bundle.card.metrics["test"]["top1"], abs=0.06)

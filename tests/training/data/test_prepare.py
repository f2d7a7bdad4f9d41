"""Whatever the source: every photo is read, no near-duplicates are in two splits, and what changed is said."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tagger.core.types import Position
from tagger.model.card import LandmarkClass
from tests.training.data.served import Server
from tests.training.drawn import photo_folder as drawn_folder
from tests.training.pictures import copy, course_files, folder_of, photo, written, zipped
from training.data.audit import LabelledFile, audit
from training.data.folder_names import slug
from training.data.landmarks import load_landmarks
from training.data.manifest import DataError
from training.data.prepare import Prepared, Source, prepare

HERE = Path(__file__).parent


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "data"


def of_folder(folder: Path, to: Path, **options: object) -> Prepared:
    return prepare(Source("image_folder", folder), to, **options)  # type: ignore[arg-type]


# A folder of folders


def test_folders_become_classes_in_three_splits_by_group(tmp_path: Path, to: Path) -> None:
    folder = folder_of(tmp_path / "mine", {"Big Ben": 20, "Louvre": 20, "none/street": 20})
    for n in range(20):
        written(folder / "Big Ben" / f"copy {n}.jpg", copy(n))
    prepared = of_folder(folder, to)
    counts = Counter((entry.label, entry.split) for entry in prepared.entries)
    assert counts["big_ben", "train"] == 28
    assert counts["big_ben", "test"] == 8
    assert {counts[label, "test"] for label in ("louvre", "street")} == {4}
    splits = defaultdict(set)
    for entry in prepared.entries:
        splits[entry.group].add(entry.split)
    groups = {name: own for name, own in splits.items() if name}
    assert len(groups) == 20
    assert {len(own) for own in groups.values()} == {1}
    assert prepared.stats.leak_check.photos_in_groups == 40


def test_the_same_photos_elsewhere_and_under_other_names_are_split_alike(tmp_path: Path) -> None:
    first = folder_of(tmp_path / "one", {"Big Ben": 20, "Louvre": 20})
    second = tmp_path / "two"
    for n, path in enumerate(sorted(first.rglob("*.jpg"), reverse=True)):
        written(second / path.parent.name / f"{n}.jpg", path.read_bytes())
    splits = [
        {
            entry.sha256: (entry.split, entry.group)
            for entry in of_folder(folder, tmp_path / f"to {folder.name}").entries
        }
        for folder in (first, second)
    ]
    assert splits[0] == splits[1]


def test_what_cannot_be_read_and_what_contradicts_itself_is_left_out_by_name(tmp_path: Path, to: Path) -> None:
    folder = folder_of(tmp_path / "mine", {"Big Ben": 10, "Louvre": 10})
    written(folder / "Louvre" / "cut.jpg", photo(500)[:300])
    written(folder / "Louvre" / "stray.jpg", photo(0))
    prepared = of_folder(folder, to)
    left_out = {line["path"]: line["reason"] for line in prepared.stats.left_out}
    assert sorted(left_out) == ["Big Ben/000.jpg", "Louvre/cut.jpg", "Louvre/stray.jpg"]
    assert left_out["Louvre/cut.jpg"].startswith("truncated: ")
    assert left_out["Louvre/stray.jpg"] == "labelled louvre, but the same content is labelled big_ben: Big Ben/000.jpg"
    assert len(prepared.entries) == 19
    assert all(f"left out: {path}" in prepared.summary() for path in left_out)


def test_a_class_too_small_for_three_splits_is_refused_and_nothing_written(tmp_path: Path, to: Path) -> None:
    folder = folder_of(tmp_path / "mine", {"Big Ben": 10, "Louvre": 2})
    with pytest.raises(DataError, match=r"1 of 2 landmarks have too few photos .* louvre \(none in "):
        of_folder(folder, to)
    assert not to.exists()


def test_a_folder_of_broken_photos_is_refused(tmp_path: Path, to: Path) -> None:
    written(tmp_path / "mine" / "Big Ben" / "1.jpg", b"no photo")
    with pytest.raises(DataError, match=r"No photo in .* can be read"):
        of_folder(tmp_path / "mine", to)


def test_a_first_file_of_places_knows_famous_ones_and_the_rest_may_be_filled_in(tmp_path: Path, to: Path) -> None:
    folder = folder_of(tmp_path / "mine", {"Eiffel Tower": 5, "Atomium": 5, "My house": 5})
    prepared = of_folder(folder, to)
    assert prepared.gaps == ["my_house"]
    assert "you can add the places of my_house" in prepared.summary()
    assert [place.id for place in load_landmarks(prepared.landmarks_draft) if place.lat is None] == ["my_house"]
    eiffel_tower = load_landmarks(prepared.landmarks_draft)[1]
    assert (eiffel_tower.names["de"], eiffel_tower.cities["it"]) == ("Eiffelturm", "Parigi")
    filled = re.sub(r"^# (country|lat|lon) =", r"\1 =", prepared.landmarks_draft.read_text(), flags=re.M)
    prepared.landmarks_draft.write_text(filled)
    assert [place.id for place in load_landmarks(prepared.landmarks_draft)] == ["atomium", "eiffel_tower", "my_house"]
    of_folder(folder, to)
    assert prepared.landmarks_draft.read_text() == filled


def test_a_file_of_places_gets_new_landmarks_at_its_end(tmp_path: Path, to: Path) -> None:
    of_folder(folder_of(tmp_path / "mine", {"Zoo": 5}), to)
    prepared = of_folder(folder_of(tmp_path / "mine", {"Zoo": 5, "Käse": 5, "Кремль": 5}), to)
    places = load_landmarks(prepared.landmarks_draft)
    assert [(place.id, place.name) for place in places] == [("zoo", "Zoo"), ("kase", "Käse"), ("kreml", "Кремль")]


def test_the_courses_landmarks_have_names_and_places_of_their_own() -> None:
    places = load_landmarks(HERE.parents[2] / "training" / "course_landmarks.toml")
    spellings = [{s.casefold() for s in (place.id, place.name, *place.aliases)} for place in places]
    assert len(places) == len({(place.lat, place.lon) for place in places}) == 50
    assert sum(map(len, spellings)) == len(set().union(*spellings))
    assert all(place.country and place.city for place in places)
    assert [place.id for place in places if place.id not in map(slug, (place.name, *place.aliases))] == []


def test_both_files_of_places_agree_on_the_landmarks_that_both_have() -> None:
    course, world = (
        {place.id: _coordinates(place) for place in load_landmarks(HERE.parents[2] / "training" / name)}
        for name in ("course_landmarks.toml", "landmarks.toml")
    )
    shared = course.keys() & world.keys()
    assert len(shared) == 10
    assert {id: course[id] for id in shared} == {id: world[id] for id in shared}


def _coordinates(place: LandmarkClass) -> tuple[Position | None, str | None]:
    return place.landmark().position, place.country


# The course's archive


def test_the_archives_test_photos_stay_for_the_test_but_for_those_that_training_has_seen(
    tmp_path: Path, to: Path
) -> None:
    files = course_files(train=16, test=5)
    files["landmark_images/test/00.Dead_Sea/same.jpg"] = photo(0)
    files["landmark_images/test/00.Dead_Sea/near.jpg"] = copy(1)
    prepared = prepare(Source("archive", zipped(tmp_path / "landmark_images.zip", files)), to)
    counts = Counter((entry.label, entry.split) for entry in prepared.entries)
    assert counts == {
        ("dead_sea", "train"): 16, ("dead_sea", "val"): 2, ("dead_sea", "test"): 5,
        ("taj_mahal", "train"): 14, ("taj_mahal", "val"): 2, ("taj_mahal", "test"): 5,
    }  # fmt: skip
    assert prepared.stats.moved == [
        {"path": f"test/00.Dead_Sea/{name}.jpg", "was": "test", "now": "train"} for name in ("near", "same")
    ]
    assert "2 from test to train" in prepared.summary()
    assert prepared.gaps == []
    assert "path,sha256" in prepared.manifest.read_text()
    assert "\nphotos/test/00.Dead_Sea/0000.jpg," in prepared.manifest.read_text()


def test_the_archive_can_be_loaded_from_its_address(tmp_path: Path, to: Path) -> None:
    content = zipped(tmp_path / "a.zip", course_files()).read_bytes()
    with Server(content) as server:
        prepared = prepare(Source("url", server.url), to)
    assert len(prepared.entries) == 22
    assert prepared.stats.source == server.url


# Decisions


def test_decisions_outrank_labels_before_anything_is_split(tmp_path: Path, to: Path) -> None:
    folder = folder_of(tmp_path / "mine", {"Big Ben": 20, "Louvre": 20, "none": 10})
    written(folder / "Louvre" / "stray.jpg", photo(0))  # of Big Ben, as a person says
    found = [LabelledFile(folder / "Big Ben" / f"{n:03}.jpg", "landmark", "big_ben") for n in range(4)]
    contents = [one.sha256 for one in audit(found)[0]]
    rows = [
        "sha256,verdict,landmark",
        f"{contents[0]},shows,big_ben",
        f"{contents[1]},shows,louvre",
        f"{contents[2]},none,",
        f"{contents[3]},not,big_ben",
        f"{'0' * 64},none,",
    ]
    decisions = written(tmp_path / "decisions.csv", "\n".join(rows).encode())
    prepared = of_folder(folder, to, decisions=decisions)
    labels = defaultdict(set)
    for entry in prepared.entries:
        labels[entry.sha256].add((entry.role, entry.label))
    assert [labels[content] for content in contents] == [
        {("landmark", "big_ben")},
        {("landmark", "louvre")},
        {("negative", "decided")},
        set(),
    ]
    assert prepared.stats.decisions == {
        "as labelled": 1, "relabelled": 2, "now a negative": 1, "left out": 1, "not in the data": 1,
    }  # fmt: skip
    assert [line["path"] for line in prepared.stats.left_out] == ["Big Ben/003.jpg"]


# What is written beside the manifest


def test_the_report_stands_alone_and_shows_names_as_text(tmp_path: Path, to: Path) -> None:
    folder = folder_of(tmp_path / "<b>mine & yours", {"Big Ben": 6, "none/<i>street": 6})
    prepared = of_folder(folder, to)
    page = prepared.report.read_text()
    assert "<title>Data set &lt;b&gt;mine &amp; yours</title>" in page
    assert "<b>" not in page
    assert page.count("data:image/jpeg;base64,") == 6
    assert re.findall(r"(?:src|href)=\"(?!data:)", page) == []
    assert str(tmp_path) not in page
    assert "No photo and no near-duplicate is in two splits" in page


def test_the_figures_are_there_as_data(photos: Path, to: Path) -> None:
    stats = json.loads(prepare(Source("manifest_folder", photos), to).data.read_text())
    assert stats["splits"]["train"] == {"landmark_photos": 18, "negatives": 6}
    assert stats["classes"]["red_rock"] == {"train": 6, "val": 3, "test": 3}
    assert stats["negatives"] == {"fog": {"train": 6, "val": 3, "test": 3}}
    assert stats["sides_px"] == {"0 to 63": 48} | dict.fromkeys(list(stats["sides_px"])[1:], 0)
    assert stats["leak_check"] == {
        "same_landmark_bits": 8, "any_label_bits": 3, "groups": 0, "photos_in_groups": 0, "largest_group": 0,
        "straddling": 0, "moved": 0,
    }  # fmt: skip


def test_preparing_twice_writes_the_same_files(tmp_path: Path) -> None:
    folder = drawn_folder(tmp_path / "photos")
    first, second = (prepare(Source("manifest_folder", folder), tmp_path / name) for name in ("one", "two"))
    for name in ("manifest.csv", "data.json", "data.html"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()

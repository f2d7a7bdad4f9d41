"""What a Python caller meets: `tagger.load()` and the two functions of the course project."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

import tagger
from tagger import compat
from tagger.core.evidence import evidence_json
from tests.cli.conftest import Tagger as Command
from tests.cli.conftest import lines
from tests.drawn import encoded, jpeg, photos


@pytest.fixture(scope="module")
def model(model_folder: Path) -> tagger.Tagger:
    return tagger.load(model_folder)


@pytest.fixture
def command(request: pytest.FixtureRequest) -> Command:
    """Runs `tagger …`, whose name the package has here."""
    run: Command = request.getfixturevalue("tagger")
    return run


def test_a_path_bytes_and_an_image_get_the_same_answer(model: tagger.Tagger, tmp_path: Path) -> None:
    (path,) = photos(tmp_path, 1)
    with Image.open(path) as image:
        answers = [model.suggest(path, k=2), model.suggest(str(path), k=2), model.suggest(path.read_bytes(), k=2)]
        assert model.suggest(image, k=2) == answers[0] == answers[1] == answers[2]
    assert isinstance(answers[0], tagger.Tagged)
    assert answers[0].suggestions[0].landmark.name == "Red Rock"


def test_an_image_is_taken_as_upright_as_its_exif_says(model: tagger.Tagger) -> None:
    picture = Image.new("RGB", (64, 20), (220, 30, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(encoded(picture, "PNG", exif=exif)))
    assert model.upright(image).size == (20, 64)


def test_an_answer_is_in_a_language_that_the_bundle_has(model: tagger.Tagger, tmp_path: Path) -> None:
    (path,) = photos(tmp_path, 1)
    assert model.suggest(path, lang="en") == model.suggest(path) == next(model.tag([path], lang="en")).answer
    for call in (lambda: model.suggest(path, lang="de"), lambda: model.tag([path], lang="de")):
        with pytest.raises(tagger.TaggerError, match="no names in the language 'de'"):
            call()


def test_a_bad_photo_is_a_value(model: tagger.Tagger, tmp_path: Path) -> None:
    assert model.suggest(b"no photo") == tagger.Failed("unsupported", "not an image of a known format")
    assert model.suggest(tmp_path / "gone.jpg").status == "failed"


def test_tag_is_lazy_and_in_order(model: tagger.Tagger, tmp_path: Path) -> None:
    files = photos(tmp_path, 30)
    results = model.tag(files, k=1)
    assert next(results).path == str(files[0])
    assert [result.path for result in results] == [str(file) for file in files[1:]]


def test_two_threads_may_share_a_model(model: tagger.Tagger, tmp_path: Path) -> None:
    files = photos(tmp_path, 60)
    expected = [model.suggest(file) for file in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(model.suggest, files)) == expected


def test_predict_landmarks_gives_names_best_first(
    model: tagger.Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compat, "_model", lambda: model)
    (path,) = photos(tmp_path, 1)
    names = tagger.predict_landmarks(path, 3)
    assert names[0] == "Red Rock"
    assert sorted(names) == ["Blue Lake", "Green Hill", "Red Rock"]


def test_predict_landmarks_names_a_photo_that_cannot_be_read(
    model: tagger.Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compat, "_model", lambda: model)
    with pytest.raises(tagger.PhotoError, match=r"gone\.jpg"):
        tagger.predict_landmarks(tmp_path / "gone.jpg", 3)


def test_suggest_locations_draws_the_photo_under_its_question(
    model: tagger.Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr(compat, "_model", lambda: model)
    (path,) = photos(tmp_path, 1)
    figure = tagger.suggest_locations(path)
    (axes,) = figure.axes
    assert axes.get_title().startswith("Is this Red Rock (")
    assert len(axes.get_images()) == 1


def test_suggest_locations_says_where_there_is_none(
    model: tagger.Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr(compat, "_model", lambda: model)
    grey = photos(tmp_path, 4)[3]
    (axes,) = tagger.suggest_locations(grey).axes
    assert axes.get_title().startswith("No known landmark. The nearest: ")


def test_the_course_functions_use_the_shipped_model(tmp_path: Path) -> None:
    (path,) = photos(tmp_path, 1)
    assert len(tagger.predict_landmarks(path, 5)) == 5


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'suggets'"):
        tagger.suggets  # noqa: B018


@pytest.mark.parametrize("gps", [True, False])
def test_python_and_the_command_say_the_same_of_the_same_file(
    model: tagger.Tagger, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, *, gps: bool
) -> None:
    monkeypatch.setattr(compat, "_model", lambda: model)
    beside = tmp_path / "beside.jpg"
    beside.write_bytes(jpeg((181, 71, 71), quality=95))  # probably Red Rock
    place = {"geoData": {"latitude": 10.0, "longitude": 20.0}}  # Red Rock's
    beside.with_name("beside.jpg.supplemental-metadata.json").write_text(json.dumps(place))
    options = [] if gps else ["--no-gps"]
    (suggested,) = lines(command("suggest", beside, "-k", 3, "--json", *options))
    answer = model.suggest(beside, 3, gps=gps)
    (result,) = model.tag([beside], 3, gps=gps)
    assert result.answer == answer
    assert answer.status == suggested["status"]
    found = [(s.landmark.name, s.score, s.seen, evidence_json(s.evidence)) for s in answer.suggestions]
    assert (found[0][3] is not None) == gps
    assert found == [(s["name"], s["score"], s["visual_score"], s["reason"]) for s in suggested["suggestions"]]
    assert tagger.predict_landmarks(beside, 3, gps=gps) == [name for name, *_ in found]
    if gps:
        assert lines(command("tag", beside, "-k", 3, "--json")) == [suggested]


def test_a_query_finds_what_the_command_finds(command: Command, library: Path, tmp_path: Path) -> None:
    assert command("tag", library).returncode == 0
    expected = lines(command("query", "landmark:red*", "--json"))
    hits = list(tagger.query("landmark:red*", db_url=str(tmp_path / "tags.sqlite")))
    assert [(hit.path, hit.status) for hit in hits] == [(row["path"], "tagged") for row in expected]
    assert all(isinstance(hit, tagger.TagHit) for hit in hits)

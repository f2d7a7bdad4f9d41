"""A recipe says everything and nothing that is not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.core.errors import ConfigError
from tagger.core.types import InputContract
from tests.training.drawn import RECIPE, recipe
from training.data.landmarks import load_landmarks
from training.fit.recipe import Train
from training.fit.recipe_file import load_recipe, load_saved_recipe, save_recipe, student_changes, with_overrides

RECIPES = Path(__file__).parents[3] / "training" / "recipes"


def test_a_recipe_is_read_with_defaults_for_what_it_leaves_out(tmp_path: Path) -> None:
    loaded = load_recipe(recipe(tmp_path))
    assert loaded.input == InputContract(32, 36, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert loaded.train == Train(epochs=2, frozen_parts=4, batch=8, mix=0.5)
    assert loaded.landmarks == tmp_path / "landmarks.toml"


@pytest.mark.parametrize(
    ("typo", "message"),
    [
        ("sede = 3", "unknown key 'sede'. Did you mean 'seed'"),
        ("[train]\nepoch = 3", "[train]: unknown key 'epoch'. Did you mean 'epochs'"),
        ("[input]\nsize = 32", "[input]: unknown key 'size'. Did you mean 'size_px'"),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_named(tmp_path: Path, typo: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_recipe(recipe(tmp_path, typo))
    assert message in str(error.value)


def test_an_impossible_value_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train\.batch"):
        load_recipe(recipe(tmp_path, RECIPE.replace("batch = 8", "batch = 0")))


def test_a_recipe_that_is_not_there_or_no_toml_is_an_expected_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_recipe(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_recipe(recipe(tmp_path, "name = "))


def test_a_landmark_at_an_impossible_place_is_named(tmp_path: Path) -> None:
    recipe(tmp_path)
    path = tmp_path / "landmarks.toml"
    path.write_text(path.read_text().replace("lat = 1.5", "lat = 91.5", 1))
    with pytest.raises(ConfigError, match="landmark 'red_rock'"):
        load_landmarks(path)


def test_changes_outrank_the_file(tmp_path: Path) -> None:
    changes = ["train.epochs=7", "network=scratch", "refit.views=3", "augment.erase=0.5"]
    loaded = load_recipe(recipe(tmp_path), changes)
    assert (loaded.train.epochs, loaded.network, loaded.augment.erase) == (7, "scratch", 0.5)
    assert loaded.refit is not None
    assert loaded.refit.views == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("train.epoch=7", "Did you mean 'epochs'"),
        ("epochs", "Write key=value"),
        ("version.epochs=7", "'version' is a value"),
        ("train.epochs=many", r"train\.epochs"),
    ],
)
def test_a_change_that_changes_nothing_is_refused(tmp_path: Path, change: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_recipe(recipe(tmp_path), [change])


def test_a_recipe_is_kept_with_its_changes(tmp_path: Path) -> None:
    loaded = with_overrides(load_recipe(recipe(tmp_path)), ["seed=8"])
    save_recipe(loaded, tmp_path / "recipe.json")
    assert load_saved_recipe(tmp_path / "recipe.json") == loaded
    assert loaded.seed == 8


@pytest.mark.parametrize("name", ["scratch", "transfer"])
def test_the_shipped_recipes_are_sound(name: str) -> None:
    loaded = load_recipe(RECIPES / f"{name}.toml")
    assert loaded.name == name
    assert len(load_landmarks(loaded.landmarks)) == 96


def test_a_recipe_that_comes_with_the_package_is_found_by_its_name() -> None:
    assert load_recipe(Path("transfer")) == load_recipe(RECIPES / "transfer.toml")
    with pytest.raises(ConfigError, match=r"Name a file, or one of: first_look, scratch, transfer\."):
        load_recipe(Path("training/transfer"))


def test_a_student_knows_the_landmarks_of_its_teacher(tmp_path: Path) -> None:
    own = load_recipe(recipe(tmp_path))
    student = load_recipe(Path("first_look"), student_changes(own, tmp_path / "run"))
    assert student.distill is not None
    assert student.distill.teacher == tmp_path / "run"
    assert (student.landmarks, student.bundle, student.name) == (own.landmarks, *["colours_first_look"] * 2)
    shipped = load_recipe(Path("first_look"), student_changes(load_recipe(Path("transfer")), tmp_path / "run"))
    assert (shipped.landmarks, shipped.name) == (load_recipe(Path("transfer")).landmarks, "first_look")


def test_other_landmarks_need_a_bundle_of_another_name(tmp_path: Path) -> None:
    own = f"landmarks={recipe(tmp_path).with_name('landmarks.toml')}"
    with pytest.raises(
        ConfigError, match=r"'world' comes with the package, and its landmarks differ .* bundle=my_places"
    ):
        load_recipe(Path("transfer"), [own])
    copied = recipe(tmp_path, RECIPE.replace('bundle = "colours"', 'bundle = "world"'))
    with pytest.raises(ConfigError, match="bundle=my_places"):
        load_recipe(copied)
    with pytest.raises(ConfigError, match="bundle is missing"):
        load_recipe(recipe(tmp_path, RECIPE.replace('bundle = "colours"\n', "")))


def test_a_new_bundle_names_its_run_and_starts_at_version_1(tmp_path: Path) -> None:
    own = f"landmarks={recipe(tmp_path).with_name('landmarks.toml')}"
    loaded = load_recipe(Path("transfer"), ["bundle=my_places", own])
    assert (loaded.name, loaded.bundle, loaded.version) == ("my_places", "my_places", "1")
    loaded = load_recipe(Path("transfer"), ["bundle=my_places", "version=v7", own, "name=trial"])
    assert (loaded.name, loaded.bundle, loaded.version) == ("trial", "my_places", "v7")


def test_a_changed_path_starts_at_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_recipe(recipe(tmp_path), ["landmarks=mine.toml"]).landmarks == tmp_path / "mine.toml"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[home]\ncity = "Rome"', r"landmark 'home': name is missing"),
        ('[home]\nname = "Home"\nlat = 1.5', r"landmark 'home': .*lon is missing"),
        ('[home]\nname = "Home"\nlat = "north"\nlon = 2', r"landmark 'home': lat: Input should be a valid number"),
        ('["Käse"]\nname = "Käse"', r"landmark 'Käse': id: String should match pattern"),
    ],
)
def test_a_wrong_description_names_the_landmark_and_the_field(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "landmarks.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=problem):
        load_landmarks(tmp_path / "landmarks.toml")

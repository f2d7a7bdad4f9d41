"""A recipe says everything and nothing that is not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.card import InputContract
from tagger.errors import ConfigError
from tests.training.drawn import RECIPE, recipe
from training.places import load_places
from training.recipe import Finetune, load_recipe

SHIPPED = Path(__file__).parents[2] / "training" / "recipes" / "world.toml"


def test_a_recipe_is_read_with_defaults_for_what_it_leaves_out(tmp_path: Path) -> None:
    loaded = load_recipe(recipe(tmp_path))
    assert loaded.input == InputContract(32, 36, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert loaded.finetune == Finetune(epochs=2, batch=8)
    assert loaded.landmarks == tmp_path / "landmarks.toml"


@pytest.mark.parametrize(
    ("typo", "message"),
    [
        ("sede = 3", "unknown key 'sede'. The nearest is 'seed'"),
        ("[finetune]\nepoch = 3", "[finetune]: unknown key 'epoch'. The nearest is 'epochs'"),
        ("[input]\nsize = 32", "[input]: unknown key 'size'. The nearest is 'size_px'"),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_named(tmp_path: Path, typo: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_recipe(recipe(tmp_path, typo))
    assert message in str(error.value)


def test_an_impossible_value_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"finetune\.batch"):
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
        load_places(path)


def test_the_shipped_recipe_is_sound() -> None:
    loaded = load_recipe(SHIPPED)
    assert len(load_places(loaded.landmarks)) == 66

"""Read, change and save recipes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from tagger.core.errors import ConfigError
from tagger.core.text import did_you_mean
from training.fit.recipe import FOLDER, LANDMARKS, Recipe

SHIPPED = {file.stem: file for file in sorted((FOLDER / "recipes").glob("*.toml"))}
PATHS = {"landmarks", "base_weights"}  # keys; relative to the recipe, in a change to the current folder


def load_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        path: the file, or the name of a recipe that comes with the package.
        changes: such as ``train.epochs=8``; the value as in TOML, except that a bare word is a string. A change of
            `bundle` also names the run and starts at version 1, unless `name` and `version` are changed too.

    Raises:
        ConfigError: the file cannot be read, a key is unknown (the message names the nearest), a value is invalid, or
            a bundle of other landmarks has the name of a shipped one.
    """
    path = SHIPPED.get(str(path), path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The recipe {path} cannot be read: {error}. Name a file, or one of: {', '.join(SHIPPED)}."
        ) from error
    for key in PATHS & raw.keys():
        raw[key] = (path.parent / str(raw[key])).resolve()
    names = [change.partition("=")[2] for change in changes if change.startswith("bundle=")]
    implied = [f"name={names[-1]}", 'version="1"'] if names else []
    recipe = _overridden(raw, [*implied, *changes], path)
    _check_bundle(recipe, path)
    return recipe


def student_changes(teacher: Recipe, run: Path) -> list[str]:
    """Changes for `load_recipe` that let a recipe learn from a run, about the same landmarks."""
    of_teacher = [f"distill.teacher={run}"]
    if teacher.landmarks == LANDMARKS:
        return of_teacher
    return [*of_teacher, f"landmarks={teacher.landmarks}", f"bundle={teacher.bundle}_first_look"]


def _check_bundle(recipe: Recipe, path: Path) -> None:
    reserved = {tomllib.loads(file.read_text(encoding="utf-8"))["bundle"] for file in SHIPPED.values()}
    if recipe.bundle in reserved and recipe.landmarks != LANDMARKS:
        raise ConfigError(
            f"{path}: the bundle {recipe.bundle!r} comes with the package, and its landmarks differ from those in "
            f"{recipe.landmarks}. Give yours another name: bundle=my_places"
        )


def with_overrides(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """A recipe with changes as `load_recipe` takes them."""
    return _overridden(RECIPE.dump_python(recipe), changes, Path(recipe.name))


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe with all its changes, as JSON."""
    path.write_bytes(RECIPE.dump_json(recipe, indent=2))


def load_saved_recipe(path: Path) -> Recipe:
    """Read what `save_recipe` wrote.

    Raises:
        ConfigError: a value is invalid, because another version or a person wrote the file.
    """
    return _validated(json.loads(path.read_text(encoding="utf-8")), path)


def _overridden(raw: dict[str, Any], changes: Sequence[str], path: Path) -> Recipe:
    for change in changes:
        _override(raw, change)
    _refuse_unknown(raw, Recipe, str(path))
    return _validated(raw, path)


def _validated(raw: dict[str, Any], path: Path) -> Recipe:
    try:
        return RECIPE.validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        problem = " is missing" if first["type"] == "missing" else f": {first['msg']}"
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}{problem}") from error


def _override(raw: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    if not equals:
        raise ConfigError(f"{change!r} is not a change. Write key=value, such as train.epochs=8.")
    *tables, last = key.split(".")
    for table in tables:
        raw = raw.setdefault(table, {})
        if not isinstance(raw, dict):
            raise ConfigError(f"{change!r}: {table!r} is a value, not a table.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    raw[last] = Path(value).resolve() if key in PATHS and isinstance(value, str) else value


def _refuse_unknown(raw: Mapping[str, Any], shape: type, place: str) -> None:
    names = {f.name for f in fields(shape)}
    types = get_type_hints(shape)
    for key, value in raw.items():
        if key not in names:
            raise ConfigError(f"{place}: unknown key {key!r}.{did_you_mean(key, names)}")
        for inner in (types[key], *get_args(types[key])):  # as in Head | None
            if is_dataclass(inner) and isinstance(inner, type) and isinstance(value, dict):
                _refuse_unknown(value, inner, f"{place} [{key}]")


RECIPE = TypeAdapter(Recipe)

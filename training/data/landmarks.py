"""Names and places of the landmarks, from a TOML file with one table for each id.

The one rule: the order of the tables is the order of the network's outputs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tagger.core.errors import ConfigError
from tagger.model.card import LandmarkClass

UNREACHABLE = 1.0  # the threshold until calibration chooses one: no score is a tag


def load_landmarks(path: Path) -> tuple[LandmarkClass, ...]:
    """Read the landmarks, with thresholds that no score reaches.

    Raises:
        ConfigError: the file cannot be read, or a landmark's description is invalid; names the landmark and the field.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        landmarks = [{"id": key, "threshold": UNREACHABLE} | table for key, table in tables.items()]
        return TypeAdapter(tuple[LandmarkClass, ...]).validate_python(landmarks)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_problem(error, list(tables))}") from error
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"The landmarks {path} cannot be read: {error}") from error


def _problem(error: ValidationError, ids: Sequence[str]) -> str:
    """The first error, such as ``landmark 'big_ben': lat: Input should be less than or equal to 90``."""
    first = error.errors()[0]
    index, *fields = first["loc"]
    place = ": ".join([f"landmark {ids[int(index)]!r}", *map(str, fields)])
    return f"{place} is missing" if first["type"] == "missing" else f"{place}: {first['msg']}"

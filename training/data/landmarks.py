"""Names and places of the landmarks, from a TOML file with one table for each id.

The one rule: the order of the tables is the order of the network's outputs.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tagger.core.errors import ConfigError
from tagger.model.card import LandmarkClass

NEVER = 1.0  # the threshold before one is chosen


def load_places(path: Path) -> tuple[LandmarkClass, ...]:
    """Read the landmarks, with thresholds that no score reaches.

    Raises:
        ConfigError: the file cannot be read or a landmark's description is impossible.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        places = [{"id": key, "threshold": NEVER} | described for key, described in raw.items()]
        return TypeAdapter(tuple[LandmarkClass, ...]).validate_python(places)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: landmark {list(raw)[int(first['loc'][0])]!r}: {first['msg']}") from error
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"The landmarks {path} cannot be read: {error}") from error

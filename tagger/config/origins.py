"""Where the value of each setting comes from."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tagger.config.settings import fields, settings_file, variable_of

DEFAULT = "default"


def origins(config_file: Path | None = None) -> dict[str, str]:
    """The origin of each setting, by name: an environment variable, the settings file, or the default.

    Args:
        config_file: as in `load_settings`, which must have accepted it.
    """
    file = settings_file(config_file)
    in_file = _names(tomllib.loads(file.read_text(encoding="utf-8"))) if file else set()
    variables = {name.upper(): value for name, value in os.environ.items()}
    in_variables = {name: variable_of(name) for name in fields() if variable_of(name) in variables}
    with suppress(ValueError):
        jobs = json.loads(variables.get(variable_of("jobs"), "{}"))
        in_variables = {name: variable_of("jobs") for name in _names({"jobs": jobs})} | in_variables
    return {name: in_variables.get(name) or (str(file) if name in in_file else DEFAULT) for name in fields()}


def _names(values: Mapping[str, Any]) -> set[str]:
    return {*values, *(f"jobs.{name}" for name in values.get("jobs", ()))}

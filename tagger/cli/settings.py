"""`tagger settings`: the values in effect, and where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tagger.cli import context
from tagger.cli.table import print_json, print_lines

HIDDEN = "(hidden)"


@click.command()
@context.JSON
@context.CONFIG
def settings(as_json: bool, config: Path | None) -> None:
    """Print the value of each setting, and where it comes from: the environment, the settings file or the default.

    Secrets are hidden.
    """
    from tagger.config.origins import origins
    from tagger.config.settings import load_settings, settings_file

    loaded = load_settings({}, config).model_dump(mode="json")
    values = loaded | {f"jobs.{name}": value for name, value in loaded.pop("jobs").items()}
    rows = [
        {"setting": name, "value": _shown(name, values[name]), "origin": origin}
        for name, origin in origins(config).items()
    ]
    file = settings_file(config)
    click.echo(f"Settings file: {file}" if file else "There is no settings file.", err=True)
    if as_json:
        print_json(rows)
    else:
        print_lines(f"{row['setting']:<22}  {_text(row['value']):<30}  {row['origin']}" for row in rows)


def _shown(name: str, value: Any) -> Any:
    """A value without secrets."""
    from tagger.config.settings import SECRETS
    from tagger.core.text import without_secrets

    if name in SECRETS and value is not None:
        return HIDDEN
    return without_secrets(value) if isinstance(value, str) and "://" in value else value


def _text(value: Any) -> str:
    import json

    return "not set" if value is None else json.dumps(value, ensure_ascii=False)

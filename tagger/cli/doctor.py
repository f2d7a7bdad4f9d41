"""`tagger doctor`: check the set-up of this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tagger.cli import context

SHOWN = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


@click.command()
@context.DB
@context.STRICT
@context.model_options
@context.CONFIG
def doctor(config: Path | None, **options: Any) -> None:
    """Check versions, settings, model, folders, database, jobs and disk; each problem comes with its solution."""
    from tagger.config.settings import settings_file
    from tagger.core.text import printable_lines
    from tagger.ops.doctor import examine

    settings = context.open_settings(config, **options)
    problems = 0
    for finding in examine(settings, settings_file(config)):
        problems += finding.status == "problem"
        click.echo(f"{SHOWN[finding.status]:<8} {finding.topic}: {printable_lines(finding.text)}")
    if problems:
        sys.exit(1)

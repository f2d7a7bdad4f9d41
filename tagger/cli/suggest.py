"""`tagger suggest`: one-off suggestions, without a database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context

if TYPE_CHECKING:
    from tagger.core.types import Answer


@click.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("-k", "top_k", type=int, help="Suggestions (default 5).")
@click.option("--no-gps", "is_blind", is_flag=True, help="Use only what the picture shows, not where it was taken.")
@context.STRICT
@context.JSON
@context.model_options
@context.CONFIG
def suggest(photos: tuple[str, ...], is_blind: bool, as_json: bool, config: Path | None, **options: Any) -> None:
    """Say which landmarks photos show. Nothing is stored."""
    from tagger.core.text import printable
    from tagger.image.decode import prepare_own_process
    from tagger.library.json_line import json_line

    settings = context.open_settings(config, **options)
    prepare_own_process()
    has_failed = False
    k, min_score = settings.top_k, settings.min_score
    for result in context.open_model(settings).tag(photos, k, gps=not is_blind, min_score=min_score):
        text = json_line(result, k, min_score) if as_json else _text(printable(result.path), result.answer)
        click.echo(text)
        has_failed |= result.answer.status == "failed"
    if has_failed:
        sys.exit(context.SOME_FAILED)


def _text(path: str, answer: Answer) -> str:
    from tagger.core.evidence import describe, evidence_json
    from tagger.core.types import Failed

    if isinstance(answer, Failed):
        return f"{path}: {answer.message} ({answer.kind})"
    best = answer.suggestions[0].landmark.name
    headline = best if answer.status == "tagged" else "no landmark that I know; the nearest are"
    lines = [f"{path}: {headline}"]
    for s in answer.suggestions:
        evidence = describe(evidence_json(s.evidence))
        line = f"{s.rank:>3}  {s.score:6.1%}  {s.landmark.full_name}"
        if position := s.landmark.position:
            line += f" ({position.lat}, {position.lon})"
        lines.append(f"{line}  {evidence}" if evidence else line)
    return "\n".join(lines)

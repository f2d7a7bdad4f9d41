"""`tagger suggest`: one-off suggestions, without a database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.parameters.folders import Photo
from tagger.cli.parameters.languages import HASHTAGS, LANG, language_named

if TYPE_CHECKING:
    from tagger.config.settings import Settings
    from tagger.core.types import Answer, Landmark
    from tagger.model.predictor import Tagger

STDIN = "-"


@click.command()
@click.argument("photos", nargs=-1, required=True, type=Photo(), metavar="PHOTO...")
@context.K
@click.option("--no-gps", "is_blind", is_flag=True, help="Use only what the picture shows, not where it was taken.")
@context.STRICT
@LANG
@HASHTAGS
@context.JSON
@context.model_options
@context.CONFIG
def suggest(
    photos: tuple[str, ...],
    is_blind: bool,
    lang: str | None,
    with_hashtags: bool,
    as_json: bool,
    config: Path | None,
    **options: Any,
) -> None:
    """Say which landmarks photos show. Nothing is stored.

    A PHOTO is a file, a folder of photos, or - for standard input.
    """
    from dataclasses import replace

    from tagger.core.text import printable
    from tagger.image.decode import prepare_own_process
    from tagger.library.json_line import json_line

    settings = context.open_settings(config, **options)
    prepare_own_process()
    has_failed = False
    k, min_score = settings.top_k, settings.min_score
    lang = None if lang is None else language_named(lang, _landmarks(settings))
    model = context.open_model(settings)
    _follow_taught(settings, model)
    with _stdin_as_file(photos, settings.max_file_bytes) as stdin:
        paths = _files(photos, settings, stdin)
        for result in model.tag(paths, k, gps=not is_blind, min_score=min_score, lang=lang):
            shown = replace(result, path=STDIN) if result.path == stdin else result
            if as_json:
                click.echo(json_line(shown, k, min_score, lang=lang, with_hashtags=with_hashtags))
            else:
                click.echo(_text(printable(shown.path), shown.answer, with_hashtags=with_hashtags))
            has_failed |= result.answer.status == "failed"
    if has_failed:
        sys.exit(context.SOME_FAILED)


def _follow_taught(settings: Settings, model: Tagger) -> None:
    """Let the model know what was taught to the database, if there is one."""
    from db.location import is_missing_file

    if is_missing_file(settings.db_url):
        return

    from db.engine import store_exists
    from tagger.core.errors import StoreError
    from tagger.library.taught.current import follow_taught

    try:
        if store_exists(settings.db_url):
            with context.open_store(settings, for_reading=True) as store:
                follow_taught(store, model)
    except StoreError as error:
        click.echo(f"Taught places do not count: {error}", err=True)


def _landmarks(settings: Settings) -> list[Landmark]:
    """The bundle's landmarks, without its weights, so that a mistyped option is refused at once."""
    from tagger.model.bundle import open_bundle

    return [entry.landmark() for entry in open_bundle(settings.bundle, verify=False).card.classes]


def _files(photos: Iterable[str], settings: Settings, stdin: str | None) -> Iterator[str]:
    """The photos, each folder replaced by its own, as `tagger tag` finds them."""
    from tagger.library.scan import scan
    from tagger.library.selection import Globs

    for photo in photos:
        if photo == STDIN and stdin is not None:
            yield stdin
        elif os.path.isdir(photo):
            found = [
                file.path for file in scan([photo], Globs(settings.include, settings.exclude, settings.skip_folders))
            ]
            if not found:
                click.echo(f"{click.format_filename(photo)} contains no photos.", err=True)
            yield from (os.path.join(photo, os.path.relpath(path, photo)) for path in found)
        else:
            yield photo


@contextmanager
def _stdin_as_file(photos: Iterable[str], max_bytes: int) -> Iterator[str | None]:
    """The path of a file with the bytes of standard input, if it is one of the photos; a byte more than allowed."""
    if STDIN not in photos:
        yield None
        return
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile() as file:
        file.write(sys.stdin.buffer.read(max_bytes + 1))
        file.flush()
        yield file.name


def _text(path: str, answer: Answer, *, with_hashtags: bool) -> str:
    from tagger.core.evidence import describe, evidence_json
    from tagger.core.hashtags import hashtags
    from tagger.core.text import printable
    from tagger.core.types import Failed

    if isinstance(answer, Failed):
        return f"{path}: {answer.message} ({answer.kind})"
    best = printable(answer.suggestions[0].landmark.name)
    headline = best if answer.status == "tagged" else "no known landmark; the nearest are"
    lines = [f"{path}: {headline}"]
    for s in answer.suggestions:
        evidence = describe(evidence_json(s.evidence))
        line = f"{s.rank:>3}  {s.score:6.1%}  {printable(s.landmark.full_name)}"
        if position := s.landmark.position:
            line += f" ({position.lat}, {position.lon})"
        lines.append(f"{line}  {evidence}" if evidence else line)
    tags = [tag for s in answer.suggestions if s.is_tag for tag in hashtags(s.landmark)] if with_hashtags else []
    if tags:
        lines.append("     " + " ".join(dict.fromkeys(tags)))
    return "\n".join(lines)

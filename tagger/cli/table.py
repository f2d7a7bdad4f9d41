"""Rows for people, and for programs as JSON lines or CSV. A row is a dataclass of the store or of the tagger."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from datetime import datetime, tzinfo
from itertools import chain
from typing import Any

import click

from tagger.config.cron import local
from tagger.core.errors import TaggerError
from tagger.core.evidence import describe
from tagger.core.text import first_of, printable


def print_json(rows: Iterable[Any]) -> None:
    """One object a line; ASCII only, so that file names that are no text survive as ``\\udcXX``."""
    for row in rows:
        click.echo(json.dumps(asdict(row), default=_plain))


def print_csv(rows: Iterable[Any], row_type: type[Any]) -> None:
    """A header, even above nothing, then a line a row."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="")
    for values in chain([[field.name for field in fields(row_type)]], (asdict(row).values() for row in rows)):
        writer.writerow([_cell(value) for value in values])
        click.echo(line.getvalue())
        line.seek(line.truncate(0))


def print_lines(rows: Iterable[Any], zone: tzinfo | None = None) -> None:
    """One line a row, path near its end, so that it is never cut; an empty listing says so on stderr.

    Args:
        zone: whose clock is shown; None for the machine's own.
    """
    is_empty = True
    for row in rows:
        is_empty = False
        click.echo(_LINES[type(row).__name__](row, zone))
    if is_empty:
        click.echo("Nothing found.", err=True)


def _tag(hit: Any, _zone: tzinfo | None) -> str:
    score = f"{hit.score:6.1%}" if hit.score is not None else "person"
    why = f"  ({told})" if (told := describe(hit.reason)) else ""
    place = f"{hit.name + ', ' + hit.country:<42.42}"
    return f"{score}  {place}  {hit.taken_at:%Y-%m-%d}  {printable(hit.path)}{_others(hit)}{why}"


def _none(hit: Any, _zone: tzinfo | None) -> str:
    return f"{hit.taken_at:%Y-%m-%d}  {printable(hit.path)}{_others(hit)}"


def _others(hit: Any) -> str:
    return f"  (+{hit.others})" if hit.others else ""


def _failure(hit: Any, zone: tzinfo | None) -> str:
    told = f"attempt {hit.attempts}, {local(hit.last_at, zone)}"
    if hit.quarantined_at:
        told += ", in quarantine"
    elif hit.next_at:
        told += f", again after {local(hit.next_at, zone)}"
    return f"{hit.kind:<15}  {printable(hit.path)}: {hit.message} ({told})"


def _label(row: Any, _zone: tzinfo | None) -> str:
    landmark = row.landmark
    place = ", ".join(part for part in (landmark.city, landmark.country) if part)
    return f"{row.photos:>6}  {landmark.key:<28}  {landmark.name}, {place}"


def _run(row: Any, zone: tzinfo | None) -> str:
    counts, start = row.counts, row.start
    seconds = f"{(row.finished_at - row.started_at).total_seconds():.1f} s" if row.finished_at else "not ended"
    told = (
        f"{counts.tagged} tagged, {counts.none} none, {counts.failed} failed, {counts.unchanged} unchanged, "
        f"{counts.inherited} inherited, {counts.gone} gone"
    )
    engine = f"{row.model_name} {row.model_version} on {start.engine} ({start.precision})"
    when, where = local(row.started_at, zone), first_of(start.roots)
    line = f"{row.id:>4}  {when}  {row.status:<11}  {told}; {seconds}; {engine}; {where}"
    undone = f"its suggestions were taken back on {local(row.undone_at, zone)}" if row.undone_at else None
    return "\n      ".join(filter(None, (line, row.error, undone)))


def _job(row: Any, zone: tzinfo | None) -> str:
    when = f"next {local(row.next_at, zone)}" if row.next_at else "off"
    line = f"{row.job:<8}  {row.time:<12}  {when:<21}  "
    if row.last is None:
        return f"{line}never ran"
    first, *more = (row.last.message or "").splitlines() or [""]
    told = f"{': ' if first else ''}{first}{' …' if more else ''}"
    return f"{line}last {local(row.last.started_at, zone)} {row.last.status}{told}"


_LINES: dict[str, Callable[[Any, tzinfo | None], str]] = {
    "TagHit": _tag,
    "NoneHit": _none,
    "FailureHit": _failure,
    "LabelRow": _label,
    "RunRow": _run,
    "JobStatusRow": _job,
}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return json.dumps(value)
    return printable(value) if isinstance(value, str) else value


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TaggerError(f"{type(value).__name__} has no JSON form")

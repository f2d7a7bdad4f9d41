"""Export what a query finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import BinaryIO

from db.engine import Store
from db.read.filters import TagFilter
from db.read.listings import all_hits
from db.read.pages import query_of
from db.read.search import search, statuses
from tagger.core.types import Landmark
from tagger.export.formats import OF_PLACES, writer
from tagger.export.output import complete_file
from tagger.export.rows import ExportRow, rows_of_hits, rows_of_tags


@dataclass(slots=True)
class Exported:
    """What an export wrote.

    Args:
        rows: landmarks on photos; photos and files without any count as one.
        photos: files with a row.
        without_position: further files that were left out, since nobody knows where they belong on a map.
    """

    rows: int = 0
    photos: int = 0
    without_position: int = 0


def export(
    store: Store,
    filters: TagFilter,
    output: str | BinaryIO,
    *,
    format: str,
    keep_formulas: bool = False,
    landmarks: Mapping[str, Landmark] | None = None,
) -> Exported:
    """Write what a query finds, in a memory that does not depend on how much that is.

    Args:
        store: is read at one moment, whoever writes meanwhile.
        filters: the query.
        output: a file's path, whose earlier file is replaced once the new one is complete; or a binary stream.
        format: one of `tagger.export.formats.FORMATS`.
        keep_formulas: see `tagger.export.csv_table`.
        landmarks: by id, with names that are written instead of those in the store.

    Raises:
        UnknownName: the filters name an unknown landmark, country, model or run.
        MissingExtra: the format's package is not installed.
        ValueError: there is no such format.
        OSError: the file cannot be written.
    """
    write, exported = writer(format, keep_formulas=keep_formulas), Exported()
    with store.read() as connection:
        query_of(connection, filters)  # an unknown name is an error before the first byte
    with complete_file(output) if isinstance(output, str) else nullcontext(output) as file:
        rows = _rows(store, filters)
        rows = _named(rows, landmarks) if landmarks else rows
        write(_counted(rows, exported, needs_position=format in OF_PLACES), file)
    return exported


def _rows(store: Store, filters: TagFilter) -> Iterator[ExportRow]:
    with store.read() as connection:
        if statuses(filters.query) == ["tagged"] and not filters.unique:
            yield from rows_of_tags(connection, filters)
        else:
            yield from rows_of_hits(connection, all_hits(search, connection, filters))


def _named(rows: Iterable[ExportRow], landmarks: Mapping[str, Landmark]) -> Iterator[ExportRow]:
    for row in rows:
        landmark = landmarks.get(row.landmark or "")
        yield row._replace(name=landmark.name, country=landmark.country, city=landmark.city) if landmark else row


def _counted(rows: Iterable[ExportRow], exported: Exported, *, needs_position: bool) -> Iterator[ExportRow]:
    """The rows that can be written; those of a file follow one another."""
    last_written = last_left_out = None
    for row in rows:
        if needs_position and row.position is None:
            exported.without_position += row.path != last_left_out
            last_left_out = row.path
            continue
        exported.rows += 1
        exported.photos += row.path != last_written
        last_written = row.path
        yield row

"""What the commands do with the tag database, as functions of the package root.

Each opens the database that the settings name, or another one, and closes it again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tagger.config.settings import load_settings
from tagger.core.errors import StoreError

if TYPE_CHECKING:
    from db.engine import Store
    from db.read.exports.model_diff import TagChange
    from db.read.rows import ReviewPhoto
    from db.read.search import Hit
    from db.write.imports import Imported
    from tagger.config.settings import Settings
    from tagger.export.tags import Exported
    from tagger.export.xmp.keywords import ImportedKeywords

StrPath = str | os.PathLike[str]
SOURCE = "python"


def decide(
    photos: StrPath | Iterable[StrPath],
    *,
    shows: str | Iterable[str] = (),
    shows_not: str | Iterable[str] = (),
    shows_none: bool = False,
    who: str | None = None,
    db_url: str | None = None,
) -> None:
    """Say what photos show, as `tagger decide` does. It outranks every suggestion, of later models too.

    Args:
        photos: paths of files.
        shows: they show these landmarks and no others; by id, name or alias.
        shows_not: they do not show these.
        shows_none: they show no landmark.
        who: the person; by default the user who runs the process.
        db_url: the database, as a URL or a path.

    Raises:
        ValueError: not exactly one of `shows`, `shows_not` and `shows_none` is given.
        TaggerError: a photo or landmark is unknown, or the database cannot be used; nothing is stored.
    """
    from tagger.library.decisions.decide import decide, login_name

    landmarks, refused = _names(shows), _names(shows_not)
    if sum(map(bool, (landmarks, refused, shows_none))) != 1:
        raise ValueError("give one of shows, shows_not and shows_none")
    with opened_store(db_url) as (store, settings):
        decide(
            store,
            _paths(photos),
            shows=landmarks,
            shows_not=refused,
            shows_none=shows_none,
            who=who or login_name(),
            source=SOURCE,
            max_bytes=settings.max_file_bytes,
        )


def undo_decisions(photos: StrPath | Iterable[StrPath], *, who: str | None = None, db_url: str | None = None) -> int:
    """Take back what a person has decided about photos, as `tagger decide --undo` does; arguments as in `decide`.

    Returns:
        How many decisions were taken back.

    Raises:
        TaggerError: a photo is unknown, or the database cannot be used.
    """
    from tagger.library.decisions.decide import login_name, take_back

    with opened_store(db_url) as (store, settings):
        return take_back(store, _paths(photos), who=who or login_name(), max_bytes=settings.max_file_bytes)


def export_decisions(file: StrPath, *, db_url: str | None = None) -> int:
    """Write all decisions into a CSV, as `tagger decisions export` does.

    Returns:
        The number of rows.

    Raises:
        TaggerError: the file cannot be written, or the database cannot be used.
    """
    from db.read.decisions import all_decisions
    from tagger.library.decisions.csv_file import write_csv

    with opened_store(db_url) as (store, _), store.read() as connection:
        return write_csv(Path(file), all_decisions(connection))


def import_decisions(file: StrPath, *, who: str | None = None, db_url: str | None = None) -> Imported:
    """Add the decisions in a CSV, as `tagger decisions import` does.

    Args:
        file: with all columns of `export_decisions`, or with sha256, verdict and landmark alone.
        who: the person, if the file does not say; by default the user who runs the process.
        db_url: the database, as a URL or a path.

    Raises:
        TaggerError: the file or the database cannot be used; nothing is stored.
    """
    from db.write.imports import import_decisions
    from tagger.library.decisions.csv_file import read_csv
    from tagger.library.decisions.decide import login_name

    rows = list(read_csv(Path(file), who or login_name()))
    with opened_store(db_url) as (store, _), store.write() as connection:
        return import_decisions(connection, rows)


def import_keywords(
    folder: StrPath | None = None, *, who: str | None = None, db_url: str | None = None
) -> ImportedKeywords:
    """Make decisions of the keywords in photos and sidecars, as `tagger decisions import --from-keywords` does.

    Args:
        folder: only of the photos in it.
        who: whose keywords they are; by default the user who runs the process.
        db_url: the database, as a URL or a path.

    Raises:
        TaggerError: the extra `xmp` is missing, the folder is unknown, or the database cannot be used.
    """
    from tagger.core.errors import require_extra
    from tagger.library.decisions.decide import login_name

    require_extra("Reading XMP", "xmp", "lxml")
    from tagger.export.xmp.keywords import import_keywords

    with opened_store(db_url) as (store, settings):
        place = None if folder is None else os.path.abspath(folder)
        return import_keywords(store, place, who=who or login_name(), limits=settings.limits())


def query(text: str = "", *, lang: str | None = None, db_url: str | None = None) -> Iterator[Hit]:
    """Find photos as `tagger query` does, and yield their tags, photos without a known landmark, or failures, by path.

    Args:
        text: the query, see docs/QUERY.md; an empty one finds all tags.
        lang: the language of the names of landmarks, cities and countries, such as ``de``; None means English.
        db_url: the database, as a URL or a path.

    Raises:
        TaggerError: the query has a mistake or an unknown name, there are no names in the language, or the database
            cannot be used; when the first hit is asked for.
    """
    from tagger.library.query.languages import hits_in, known_landmarks
    from tagger.library.query.search import find
    from tagger.model.languages import language_of

    with opened_store(db_url, for_reading=True) as (store, settings), store.read() as connection:
        hits = find(connection, text, zone=settings.zone())
        if lang is None:
            yield from hits
        else:
            landmarks = known_landmarks(connection, settings.bundle)
            yield from hits_in(hits, landmarks, language_of(lang, landmarks.values()))


def export_tags(
    output: StrPath | BinaryIO,
    text: str = "",
    *,
    format: str = "csv",
    keep_formulas: bool = False,
    lang: str | None = None,
    db_url: str | None = None,
) -> Exported:
    """Write what a query finds, as `tagger export` does.

    Args:
        output: a file's path, whose earlier file is replaced once the new one is complete; or a binary stream.
        text: the query, see docs/QUERY.md; an empty one finds all tags.
        format: csv, json, ndjson, parquet, geojson, kml, gpx or html.
        keep_formulas: in a CSV, leave texts as they are that a spreadsheet would take for formulas.
        lang: the language of the names, as in `query`.
        db_url: the database, as a URL or a path.

    Returns:
        How much was written.

    Raises:
        ValueError: there is no such format.
        TaggerError: the query has a mistake or an unknown name, there are no names in the language, the extra
            `parquet` is missing, or the database cannot be used.
        OSError: the file cannot be written.
    """
    from db.read.filters import TagFilter
    from tagger.export.tags import export
    from tagger.library.query.languages import in_language, known_landmarks
    from tagger.library.query.search import read_query
    from tagger.model.languages import language_of

    file = os.fspath(output) if isinstance(output, (str, os.PathLike)) else output
    with opened_store(db_url, for_reading=True) as (store, settings):
        with store.read() as connection:
            filters = TagFilter(query=read_query(connection, text, zone=settings.zone()))
            named = None
            if lang is not None:
                landmarks = known_landmarks(connection, settings.bundle)
                named = in_language(landmarks, language_of(lang, landmarks.values()))
        return export(store, filters, file, format=format, keep_formulas=keep_formulas, landmarks=named)


def compare_models(before: str, after: str, *, db_url: str | None = None) -> Iterator[TagChange]:
    """Yield the tags of two models on each photo that both have answered, also if nothing changed.

    Args:
        before: the first model: its id, its bundle's name and version, or the beginning of one of them.
        after: the second model.
        db_url: the database, as a URL or a path.

    Raises:
        TaggerError: a model is unknown or ambiguous, or the database cannot be used; when the first photo is asked for.
    """
    from db.read.exports.model_diff import find_model, tag_changes

    with opened_store(db_url, for_reading=True) as (store, _), store.read() as connection:
        first, second = find_model(connection, before), find_model(connection, after)
        yield from tag_changes(connection, first.number, second.number)


def review_queue(
    text: str = "",
    *,
    folders: StrPath | Iterable[StrPath] = (),
    unsure: bool = False,
    who: str | None = None,
    db_url: str | None = None,
) -> Iterator[ReviewPhoto]:
    """Yield the photos that `tagger review` would show, in its order: what teaches most comes first.

    `decide` stores what they show.

    Args:
        text: a query, see docs/QUERY.md; an empty one finds all tags.
        folders: only photos in one of these.
        unsure: only photos whose best suggestion is not far ahead of the second.
        who: what this person skipped comes last; by default the user who runs the process.
        db_url: the database, as a URL or a path.

    Raises:
        TaggerError: the query has a mistake or an unknown name, or the database cannot be used; when the first photo is
            asked for.
    """
    from db.read.filters import TagFilter
    from tagger.library.decisions.decide import login_name
    from tagger.library.query.search import read_query
    from tagger.review.queue import in_folders, review_order, review_photos

    with opened_store(db_url, for_reading=True) as (store, settings):
        with store.read() as connection:
            query = in_folders(connection, _paths(folders), read_query(connection, text, zone=settings.zone()))
            order = review_order(connection, TagFilter(query=query), unsure=unsure, who=who or login_name())
        yield from review_photos(store, order, max_bytes=settings.max_file_bytes)


@contextmanager
def opened_store(db_url: str | None, *, for_reading: bool = False) -> Iterator[tuple[Store, Settings]]:
    """The database, and the settings, for as long as the context lasts.

    Args:
        db_url: a URL or a path; None for the database of the settings.
        for_reading: a database that is not writable will do.

    Raises:
        StoreError: there is no such database, or it cannot be used.
    """
    from db.engine import open_store, store_exists
    from db.location import store_name

    settings = load_settings({"db_url": db_url})
    if not store_exists(settings.db_url):
        raise StoreError(f"There is no database at {store_name(settings.db_url)} yet.")
    folder = settings.jobs.backup_folder
    with open_store(settings.db_url, backup_folder=folder, for_reading=for_reading) as store:
        yield store, settings


def _names(landmarks: str | Iterable[str]) -> list[str]:
    return [landmarks] if isinstance(landmarks, str) else list(landmarks)


def _paths(photos: StrPath | Iterable[StrPath]) -> list[str]:
    paths = [photos] if isinstance(photos, (str, os.PathLike)) else photos
    return [os.path.abspath(path) for path in paths]

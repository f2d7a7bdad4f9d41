"""What `tagger xmp` does, as functions of the package root. They need the extra `xmp`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

from tagger.api import opened_store
from tagger.core.errors import require_extra

if TYPE_CHECKING:
    from db.engine import Store
    from db.read.filters import TagFilter
    from tagger.config.settings import Settings
    from tagger.export.xmp.changes import Change, Problem
    from tagger.export.xmp.sidecars import Outcome, WriteOptions

Target = Literal["appended", "replaced", "both", "embedded"]


def write_xmp(
    text: str = "",
    *,
    confirmed_only: bool = False,
    naming: Target = "appended",
    with_gps: bool = False,
    lang: str | None = None,
    db_url: str | None = None,
) -> list[Outcome]:
    """Write the landmarks that a query finds into sidecars or photos, as `tagger xmp write` does.

    Args:
        text: the query, see docs/QUERY.md; an empty one finds all tags.
        confirmed_only: only landmarks that a person has confirmed.
        naming: photo.jpg.xmp, photo.xmp, both, or the photo itself.
        with_gps: give photos without a position that of the landmark, as a guess.
        lang: the language of the names, such as ``de``; None means that of the settings.
        db_url: the database, as a URL or a path.

    Returns:
        What became of each file.

    Raises:
        ValueError: there is no such naming.
        TaggerError: an extra is missing, the query has a mistake, there are no names in the language, or the database
            cannot be used.
    """
    options = _options(confirmed_only, naming, with_gps)
    from tagger.export.xmp.sidecars import write

    with opened_store(db_url) as (store, settings):
        options = replace(options, language=lang or settings.xmp_lang)
        return list(write(store, _filters(store, settings, text), options))


def preview_xmp(
    text: str = "",
    *,
    confirmed_only: bool = False,
    naming: Target = "appended",
    with_gps: bool = False,
    lang: str | None = None,
    db_url: str | None = None,
) -> Iterator[Change | Problem]:
    """Yield what `write_xmp` would change, and what it could not; arguments as there.

    Raises:
        TaggerError: see `write_xmp`; when the first change is asked for.
    """
    options = _options(confirmed_only, naming, with_gps)
    from tagger.export.xmp.sidecars import preview

    with opened_store(db_url, for_reading=True) as (store, settings):
        options = replace(options, language=lang or settings.xmp_lang)
        yield from preview(store, _filters(store, settings, text), options)


def undo_xmp(text: str = "", *, db_url: str | None = None) -> list[Outcome]:
    """Remove what was written for the photos that a query finds, as `tagger xmp undo` does; for all without a query.

    Raises:
        TaggerError: see `write_xmp`.
    """
    require_extra("Writing XMP", "xmp", "lxml")
    from tagger.export.xmp.sidecars import undo

    with opened_store(db_url) as (store, settings):
        return list(undo(store, _filters(store, settings, text)))


def _options(confirmed_only: bool, naming: Target, with_gps: bool) -> WriteOptions:
    if naming not in get_args(Target):
        raise ValueError(f"there is no naming {naming!r}; there are {', '.join(get_args(Target))}")
    require_extra("Writing XMP", "xmp", "lxml")
    from tagger.export.xmp.embedding import require_tool
    from tagger.export.xmp.sidecars import WriteOptions

    if naming == "embedded":
        require_tool()
    return WriteOptions(confirmed_only=confirmed_only, naming=naming, with_gps=with_gps)


def _filters(store: Store, settings: Settings, text: str) -> TagFilter:
    from db.read.filters import TagFilter
    from tagger.library.query.search import read_query

    if not text.strip():
        return TagFilter()
    with store.read() as connection:
        return TagFilter(query=read_query(connection, text, zone=settings.zone()))

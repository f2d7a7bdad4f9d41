"""Queries as people write them, see docs/QUERY.md: find their photos in the store.

Here countries and folders get the names that the store knows them by.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from db.engine import Connection
from db.read import catalog
from db.read.filters import TagFilter
from db.read.folders import require_files
from db.read.listings import all_hits
from db.read.query_language.grammar import parse
from db.read.query_language.tree import Condition, Node, Text, any_of, mapped
from db.read.search import Hit, search
from tagger.library.query.countries import same_country
from tagger.library.roots import stored_name

HAS_KEY = re.compile(r"(?:^|[\s(])\w+:")


def is_query(text: str) -> bool:
    """Whether a text has a key, as a query does; the names of most landmarks have none."""
    return HAS_KEY.search(text) is not None


def find(connection: Connection, text: str, *, zone: tzinfo | None = None, **filters: Any) -> Iterator[Hit]:
    """Yield what a query finds, page by page, so that memory does not grow with the number of hits.

    Args:
        connection: any.
        text: the query.
        zone: of the times when photos were tagged; None for this machine's.
        **filters: further ones, of `TagFilter`.

    Raises:
        QuerySyntaxError: the query has a mistake.
        UnknownName: it names an unknown landmark, place, folder, model or run.
    """
    tree = read_query(connection, text, zone=zone, include_gone=filters.get("include_gone", False))
    return all_hits(search, connection, TagFilter(query=tree, **filters))


def read_query(connection: Connection, text: str, *, zone: tzinfo | None = None, include_gone: bool = False) -> Node:
    """Parse a query, for the filter `query` of any listing.

    Args:
        connection: any.
        text: the query.
        zone: of the times when photos were tagged; None for this machine's.
        include_gone: a folder may have only files that are gone.

    Raises:
        QuerySyntaxError: the query has a mistake.
        UnknownFolder: the store has no file below a folder.
    """

    def with_stored_names(condition: Condition) -> Node:
        if condition.key == "country":
            return _country(connection, condition)
        if condition.key == "folder":
            folder = stored_folder(connection, str(condition.value), include_gone=include_gone)
            return Condition("folder", Text((folder,)))
        return condition

    return mapped(parse(text, zone=zone), with_stored_names)


def stored_folder(connection: Connection, folder: str, *, include_gone: bool = False) -> str:
    """The name under which the store has a folder.

    Raises:
        UnknownFolder: the store has no file below it.
    """
    name = stored_name(connection, os.path.abspath(os.path.expanduser(folder)))
    require_files(connection, name, include_gone=include_gone)
    return name


def stored_countries(connection: Connection, name: str) -> list[str]:
    """A country as the store spells it; an unknown one stays, for the error that names the nearest."""
    return same_country(name, catalog.countries(connection)) or [name]


def _country(connection: Connection, condition: Condition) -> Node:
    assert isinstance(condition.value, Text)
    if condition.value.has_wildcard:
        return condition
    names = stored_countries(connection, str(condition.value))
    return any_of(Condition("country", Text((name,))) for name in names)

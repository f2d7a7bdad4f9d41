"""`/find` with a query instead of a name, such as `/find country:France score:>=0.8`."""

from __future__ import annotations

from html import escape

from db.engine import Connection
from db.errors import QuerySyntaxError, UnknownName
from db.read.query_language.grammar import parse
from db.read.query_language.names import look_up
from db.read.query_language.tree import Node, keys
from db.telegram.people import PersonsPhoto
from db.telegram.queries import KEYS, matching
from tagger.bot.context import UpdateContext
from tagger.library.query.search import read_query

NEWEST = 20  # photos that are listed


class UnknownKey(Exception):
    """A query has a key that does not work here."""


async def found(context: UpdateContext, text: str, photos: list[PersonsPhoto]) -> str | list[PersonsPhoto]:
    """The photos that a query finds, or why it finds none, as HTML."""
    zone = context.services.settings.zone()

    def read(connection: Connection) -> Node:
        # Keys are tested first: what the operator's library has, such as folders, is no business of this person.
        if not keys(parse(text, zone=zone)) <= KEYS:
            raise UnknownKey
        return look_up(connection, read_query(connection, text, zone=zone))

    try:
        return matching(photos, await context.services.db.read(read))
    except UnknownKey:
        return context._("These keys work here: {keys}").format(keys=", ".join(sorted(KEYS)))
    except (QuerySyntaxError, UnknownName) as error:
        return f"<pre>{escape(str(error))}</pre>"

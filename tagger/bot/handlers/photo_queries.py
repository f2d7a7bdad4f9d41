"""`/find` with a query instead of a name, such as `/find country:France score:>=0.8`.

The first line of a list names its query. A button reads it there, so that pages can be turned however old the list is.
"""

from __future__ import annotations

from html import escape

from telegram import Message

from db.engine import Connection
from db.errors import QuerySyntaxError, UnknownName
from db.read.query_language.grammar import parse
from db.read.query_language.names import look_up
from db.read.query_language.tree import Node
from db.telegram.people import PersonsPhoto
from db.telegram.queries import KEYS, matching
from tagger.bot.context import UpdateContext
from tagger.bot.render.languages import N_
from tagger.bot.render.query_errors import query_error
from tagger.library.query.search import read_query

MAX_QUERY = 500  # characters; the list repeats them
TOO_LONG = N_("A query may have at most {n} characters.")


async def found(context: UpdateContext, text: str, photos: list[PersonsPhoto]) -> str | list[PersonsPhoto]:
    """The photos that a query finds, or why it finds none, as HTML."""
    if len(text) > MAX_QUERY:
        return context._(TOO_LONG).format(n=context.language.number(MAX_QUERY))
    zone = context.services.settings.zone()

    def read(connection: Connection) -> Node:
        # Keys are tested first: what the operator's library has, such as folders, is no business of this person.
        parse(text, zone=zone, keys=KEYS)
        return look_up(connection, read_query(connection, text, zone=zone))

    try:
        query = await context.services.db.read(read)
    except (QuerySyntaxError, UnknownName) as error:
        return query_error(error, context.language)
    positions = {number: row.position for number, row in context.services.landmarks.items() if row.position}
    return matching(photos, query, positions)


def query_of(list_message: object) -> str:
    """The query whose photos a message lists; empty if Telegram no longer shows the message to the bot."""
    text = list_message.text if isinstance(list_message, Message) else None
    return (text or "").partition("\n")[0].strip()


def heading(text: str, count: str) -> str:
    """The first lines of a list."""
    return f"<code>{escape(text)}</code>\n{count}"

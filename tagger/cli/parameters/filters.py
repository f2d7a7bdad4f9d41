"""Which photos a command is about: a query or landmarks as arguments, and options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tagger.cli.parameters import completion
from tagger.cli.parameters.choices import ID
from tagger.cli.parameters.folders import AbsoluteFolder
from tagger.cli.parameters.periods import since, to_utc, until

if TYPE_CHECKING:
    from datetime import tzinfo

    from db.engine import Connection

Function = TypeVar("Function", bound=Callable[..., Any])

OPTIONS = {  # of filters that have another name
    "landmarks": "a landmark",
    "countries": "--country",
    "taken_since": "--since",
    "taken_until": "--until",
    "answered_since": "--tagged-since",
    "answered_until": "--tagged-until",
}
FILTERS = (
    click.argument("landmarks", nargs=-1, metavar="[QUERY]...", shell_complete=completion.landmarks),
    click.option(
        "--country",
        "countries",
        multiple=True,
        shell_complete=completion.countries,
        help="Only landmarks of this country, in any language; may be repeated.",
    ),
    click.option("--min-score", type=click.FloatRange(0, 1), help="Only tags with at least this score."),
    click.option("--under", type=AbsoluteFolder(), metavar="FOLDER", help="Only files below this folder."),
    click.option(
        "--since",
        "taken_since",
        metavar="DAY",
        callback=since,
        help="Taken on that day or later: 2024, 2024-07, 2024-07-31, yesterday.",
    ),
    click.option(
        "--until",
        "taken_until",
        metavar="DAY",
        callback=until,
        help="Taken on that day or earlier; 2024 is the whole year.",
    ),
    click.option(
        "--tagged-since",
        "answered_since",
        metavar="DAY",
        callback=since,
        help="Tagged on that day or later, in the time zone of the settings.",
    ),
    click.option(
        "--tagged-until", "answered_until", metavar="DAY", callback=until, help="Tagged on that day or earlier."
    ),
    click.option("--run", type=ID, metavar="ID", help="Only answers from this run."),
)

PHOTO_FILTERS = (
    click.option("--model", help="The answers of this model (name or id) instead of the latest one's."),
    click.option(
        "--unique", is_flag=True, help="Only one of several photos that look the same, with the number of others."
    ),
    click.option("--gone", "include_gone", is_flag=True, help="Also files that are gone, moved or excluded."),
)


def tag_filters(function: Function) -> Function:
    """Give a command the arguments and options of a query."""
    for parameter in reversed(FILTERS):
        function = parameter(function)
    return function


def photo_filters(function: Function) -> Function:
    """Give a command the options of listings that only read."""
    for parameter in reversed(PHOTO_FILTERS):
        function = parameter(function)
    return function


def with_moments(filters: dict[str, Any], zone: tzinfo | None) -> dict[str, Any]:
    """Filters, as click gives them, with moments in UTC instead of wall times of a zone, and with the zone for queries.

    Raises:
        click.BadParameter: a moment is outside the range of dates.
    """
    names = ("answered_since", "answered_until")
    return filters | {name: to_utc(option_name(name), filters[name], zone) for name in names} | {"zone": zone}


def resolve(connection: Connection, filters: dict[str, Any]) -> dict[str, Any]:
    """The filters of `with_moments` as `TagFilter` takes them, without those that were not given.

    Raises:
        QuerySyntaxError: the query has a mistake.
        UnknownFolder: the store has no file below the folder.
    """
    from tagger.library.query.search import read_query, stored_countries, stored_folder

    include_gone = filters.get("include_gone", False)
    countries = tuple(name for given in filters["countries"] for name in stored_countries(connection, given))
    resolved = {name: value for name, value in filters.items() if name != "zone"} | {"countries": countries}
    if filters["under"] is not None:
        resolved["under"] = stored_folder(connection, filters["under"], include_gone=include_gone)
    if _is_query(connection, filters["landmarks"]):
        text = " ".join(resolved.pop("landmarks"))
        resolved["query"] = read_query(connection, text, zone=filters["zone"], include_gone=include_gone)
    return {name: value for name, value in resolved.items() if value is not None and value is not False and value != ()}


def option_name(name: str) -> str:
    """A filter's command-line option."""
    return OPTIONS.get(name, f"--{name.replace('_', '-')}")


def _is_query(connection: Connection, arguments: Sequence[str]) -> bool:
    """Whether arguments are a query together, and not each the name of a landmark."""
    from db.errors import UnknownLandmark
    from db.read.catalog import find_landmark
    from tagger.library.query.search import is_query

    if not any(map(is_query, arguments)):
        return False
    try:
        return not all(find_landmark(connection, name) for name in arguments)
    except UnknownLandmark:
        return True

"""The query: which tags a command is about, as arguments and options."""

from __future__ import annotations

from collections.abc import Callable
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
    click.argument("landmarks", nargs=-1, metavar="[LANDMARK]...", shell_complete=completion.landmarks),
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


def tag_filters(function: Function) -> Function:
    """Give a command the arguments and options of a query."""
    for parameter in reversed(FILTERS):
        function = parameter(function)
    return function


def with_moments(filters: dict[str, Any], zone: tzinfo | None) -> dict[str, Any]:
    """Filters, as click gives them, with moments in UTC instead of wall times of a zone.

    Raises:
        click.BadParameter: a moment is outside the range of dates.
    """
    names = ("answered_since", "answered_until")
    return filters | {name: to_utc(option_name(name), filters[name], zone) for name in names}


def resolve(connection: Connection, filters: dict[str, Any]) -> dict[str, Any]:
    """Filters with the names that the store knows, without those that were not given.

    Raises:
        UnknownFolder: the store has no file below the folder.
    """
    resolved = filters | {"countries": _stored_countries(connection, filters["countries"])}
    if filters["under"] is not None:
        include_gone = filters.get("include_gone", False)
        resolved["under"] = _stored_folder(connection, filters["under"], include_gone=include_gone)
    return {name: value for name, value in resolved.items() if value is not None and value is not False and value != ()}


def option_name(name: str) -> str:
    """A filter's command-line option."""
    return OPTIONS.get(name, f"--{name.replace('_', '-')}")


def _stored_folder(connection: Connection, folder: str, *, include_gone: bool) -> str:
    """The folder by its name in the store."""
    from db.read.folders import require_files
    from tagger.library.roots import stored_name

    name = stored_name(connection, folder)
    require_files(connection, name, include_gone=include_gone)
    return name


def _stored_countries(connection: Connection, names: tuple[str, ...]) -> tuple[str, ...]:
    """The countries as the store spells them; an unknown one stays, for the error that names the nearest."""
    from db.read import catalog
    from tagger.library.countries import same_country

    stored = catalog.countries(connection) if names else []
    return tuple(found for name in names for found in same_country(name, stored) or [name])

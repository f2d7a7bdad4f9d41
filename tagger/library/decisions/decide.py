"""Store what people decide about photos, and take it back."""

from __future__ import annotations

from collections.abc import Sequence
from getpass import getuser

from db.engine import Connection, Store
from db.write.decisions import record_decision, revoke_decisions, show_only
from tagger.library.decisions.contents import contents_of


def decide(
    store: Store,
    photos: Sequence[str],
    *,
    shows: Sequence[str] = (),
    shows_not: Sequence[str] = (),
    shows_none: bool = False,
    who: str,
    source: str,
    max_bytes: int,
) -> None:
    """Store one decision about each photo, or none if any of them is unknown.

    Args:
        store: of the photos.
        photos: paths of their files; what is in them now counts.
        shows: they show these landmarks and no others; by id, name or alias.
        shows_not: they do not show these.
        shows_none: they show no landmark.
        who: the person.
        source: where the person said it.
        max_bytes: of a file.

    Raises:
        DecisionsError: a file cannot be read.
        UnknownPhoto: the database does not have a file's photo.
        UnknownLandmark: no landmark has this name.
    """
    contents = _contents(store, photos, max_bytes)
    with store.write() as connection:
        for sha256 in contents:
            _decide(connection, sha256, shows, shows_not, shows_none, who, source)


def take_back(store: Store, photos: Sequence[str], *, who: str, max_bytes: int) -> int:
    """Take back what a person has decided about photos, and return the number of decisions; arguments as in `decide`.

    Raises:
        DecisionsError: a file cannot be read.
        UnknownPhoto: the database does not have a file's photo.
    """
    contents = _contents(store, photos, max_bytes)
    with store.write() as connection:
        return sum(revoke_decisions(connection, sha256, who=who) for sha256 in contents)


def login_name() -> str:
    """The name of the user who runs the process."""
    try:
        return getuser()
    except (KeyError, OSError):  # in a container whose user has no name
        return "someone"


def _contents(store: Store, photos: Sequence[str], max_bytes: int) -> list[str]:
    with store.read() as connection:
        return contents_of(connection, photos, max_bytes=max_bytes)


def _decide(
    connection: Connection,
    sha256: str,
    shows: Sequence[str],
    shows_not: Sequence[str],
    shows_none: bool,
    who: str,
    source: str,
) -> None:
    if shows:
        show_only(connection, sha256, shows, who=who, source=source)
    for landmark in shows_not:
        record_decision(connection, sha256, verdict="not", landmark=landmark, who=who, source=source)
    if shows_none:
        record_decision(connection, sha256, verdict="none", landmark=None, who=who, source=source)

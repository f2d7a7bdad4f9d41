"""What the routes use."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from db.engine import Connection, Store
from db.read.query_language.tree import ALL, Node
from tagger.config.settings import Settings
from tagger.library.query.search import read_query
from tagger.model.languages import languages
from tagger.serving.catalogues import CODES
from tagger.serving.model_thread import ModelThread
from tagger.serving.thumbnails import Thumbnails
from tagger.web.security.credentials import Credentials
from tagger.web.security.gate import Visitor
from tagger.web.security.rate_limits import RateLimit
from tagger.web.unknown import UnknownPlaces

LOGINS_PER_MIN = 6


@dataclass(frozen=True, slots=True)
class Services:
    """The gallery's parts.

    Args:
        settings: all of them.
        store: the tag store.
        model: answers photos that are sent.
        credentials: the password, the tokens and the share links.
        uploads: a private folder for photos in progress.
        upload_limit: on photos that are sent.
        thumbnails: copies of the library's photos.
        login_limit: on attempts to log in.
        unknown: photos of places without a name.
    """

    settings: Settings
    store: Store
    model: ModelThread
    credentials: Credentials
    uploads: Path
    upload_limit: RateLimit
    thumbnails: Thumbnails
    login_limit: RateLimit = field(default_factory=lambda: RateLimit(LOGINS_PER_MIN))
    unknown: UnknownPlaces = field(default_factory=UnknownPlaces)
    name_languages: frozenset[str] = field(init=False)  # the gallery's own, and those of the names in the card

    def __post_init__(self) -> None:
        classes = self.model.tagger.bundle.card.classes
        named = languages(entry.landmark() for entry in classes)
        object.__setattr__(self, "name_languages", frozenset(named) | set(CODES))

    def query(self, connection: Connection, text: str) -> Node:
        """Read a query as `tagger query` does; an empty one finds all photos.

        Raises:
            QuerySyntaxError: it is not written in the query language.
            UnknownName: it names something that the store does not have.
        """
        return read_query(connection, text, zone=self.settings.zone()) if text.strip() else ALL


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _visitor(request: Request) -> Visitor:
    visitor: Visitor = request.state.visitor
    return visitor


Parts = Annotated[Services, Depends(_services)]
By = Annotated[Visitor, Depends(_visitor)]

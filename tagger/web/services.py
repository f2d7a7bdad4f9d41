"""What the routes use."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from db.engine import Store
from tagger.config.settings import Settings
from tagger.serving.model_thread import ModelThread
from tagger.serving.thumbnails import Thumbnails
from tagger.web.security.credentials import Credentials
from tagger.web.security.gate import Visitor
from tagger.web.security.rate_limits import RateLimit

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
    """

    settings: Settings
    store: Store
    model: ModelThread
    credentials: Credentials
    uploads: Path
    upload_limit: RateLimit
    thumbnails: Thumbnails
    login_limit: RateLimit = field(default_factory=lambda: RateLimit(LOGINS_PER_MIN))


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _visitor(request: Request) -> Visitor:
    visitor: Visitor = request.state.visitor
    return visitor


Parts = Annotated[Services, Depends(_services)]
By = Annotated[Visitor, Depends(_visitor)]

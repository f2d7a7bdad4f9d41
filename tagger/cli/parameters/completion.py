"""How a shell completes landmarks, countries and jobs: from the database, or from the bundle if there is none yet.

The one rule: a completion never fails. What cannot be read completes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tagger.core.types import Landmark


def landmarks(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of landmarks one of whose names begins like this."""
    from click.shell_completion import CompletionItem

    from tagger.core.landmark_names import names_of
    from tagger.core.text import plain, printable

    typed = plain(incomplete)
    return [
        CompletionItem(printable(landmark.id), help=printable(landmark.full_name))
        for landmark in _landmarks(ctx)
        if any(plain(name).startswith(typed) for name in names_of(landmark))
    ]


def countries(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The countries of landmarks."""
    from tagger.core.text import plain, printable

    names = sorted({landmark.country for landmark in _landmarks(ctx) if landmark.country})
    return [printable(name) for name in names if plain(name).startswith(plain(incomplete))]


def jobs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The names of jobs."""
    from tagger.jobs.registry import JOBS

    return [name for name in JOBS if name.startswith(incomplete)]


def _landmarks(ctx: click.Context) -> list[Landmark]:
    from db.engine import open_store, store_exists
    from db.read import catalog
    from tagger.config.settings import load_settings
    from tagger.core.errors import TaggerError
    from tagger.model.bundle import open_bundle

    options = {name: ctx.params.get(name) for name in ("db_url", "bundle")}
    try:
        settings = load_settings(options, ctx.params.get("config"))
        if store_exists(settings.db_url):
            with open_store(settings.db_url, for_reading=True) as store, store.read() as connection:
                return list(catalog.landmarks(connection).values())
        return [output.landmark() for output in open_bundle(settings.bundle, verify=False).card.classes]
    except TaggerError:
        return []

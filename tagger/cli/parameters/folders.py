"""Folders as arguments and options."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tagger.config.settings import Settings


class Folder(click.Path):
    """A path as written; an empty string, as of a variable that is not set, is not the current folder."""

    noun = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not value:
            self.fail(f"an empty string is not a {self.noun}.", param, ctx)
        return super().convert(value, param, ctx)


class Photo(Folder):
    """The path of a photo, or of a folder of them."""

    noun = "photo"


class AbsoluteFolder(Folder):
    """The same as an absolute path, without a slash at its end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return os.path.abspath(super().convert(value, param, ctx))


def folders_of(settings: Settings, given: Sequence[str]) -> list[str]:
    """The folders on the command line, else those of the settings.

    Raises:
        click.UsageError: there are none.
    """
    folders = list(given) or [str(folder) for folder in settings.folders]
    if not folders:
        raise click.UsageError('Name a FOLDER, or set folders in the settings file: folders = ["~/Pictures"]')
    return folders

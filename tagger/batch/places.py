"""Folders and object storage, as `pyarrow.fs` opens them: a path, or a URL such as ``s3://bucket/folder``."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pyarrow import ArrowException, fs

from tagger.core.errors import ConfigError
from tagger.core.text import without_secrets


@dataclass(frozen=True, slots=True)
class Place:
    """A file or a folder in a file system.

    Args:
        system: of the machine, or an object store.
        path: in that system.
        root: what comes before a path in a URL; empty for the machine's own files.
    """

    system: fs.FileSystem
    path: str
    root: str

    def url(self, path: str) -> str:
        """The name under which users know a path of this file system."""
        return f"{self.root}{path}"


def is_url(text: str) -> bool:
    """Whether a text is a URL rather than a path."""
    return "://" in text


def open_place(text: str) -> Place:
    """Open a path or a URL.

    Raises:
        ConfigError: the URL is malformed, or of a kind that `pyarrow.fs` does not know.
    """
    if not is_url(text):
        return Place(fs.LocalFileSystem(), os.path.abspath(text), "")
    try:
        system, path = fs.FileSystem.from_uri(text)
    except (ArrowException, OSError, ValueError) as error:
        problem = str(error).replace(text, without_secrets(text))
        raise ConfigError(
            f"{without_secrets(text)} cannot be opened ({problem}). Write a folder, or a URL as s3://bucket/folder, "
            "gs://bucket/folder or file:///folder."
        ) from error
    scheme = text.partition("://")[0]
    return Place(system, path.rstrip("/"), "" if scheme == "file" else f"{scheme}://")

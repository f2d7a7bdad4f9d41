"""The settings of workers."""

from __future__ import annotations

from posixpath import normpath
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from tagger.config.types import PathPair


class WorkerSettings(BaseSettings):
    """The part of `tagger.config.settings.Settings` that `tagger worker` alone uses."""

    worker_lease_s: Annotated[float, Field(ge=1, le=86_400)] = Field(
        60.0, description="A worker that is silent for so long counts as dead; others take its photos."
    )
    worker_paths: tuple[PathPair, ...] = Field(
        (), description="Folders with another path in the database, as /folder/here=/folder/there."
    )

    def path_map(self) -> dict[str, str]:
        """Folders of this machine, each with its path in the database."""
        return {normpath(here): normpath(there) for here, there in (pair.split("=") for pair in self.worker_paths)}

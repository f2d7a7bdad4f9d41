"""The group of the training steps on the command line."""

from __future__ import annotations

from typing import Any

import click

from tagger.core.errors import TaggerError
from tagger.core.problems import shortage
from tagger.core.streams import PIPE_CLOSED, drop_output


class Steps(click.Group):
    """Lists the steps in order, and turns an expected error into one sentence and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            drop_output()
            raise click.exceptions.Exit(PIPE_CLOSED) from error
        except Exception as error:
            expected = error if isinstance(error, TaggerError) else shortage(error)
            if expected is None:
                raise
            raise click.ClickException(str(expected)) from error

"""Commands that list where no subcommand is named: options before the subcommand's name are meant for it too."""

from __future__ import annotations

import click
from click.core import ParameterSource


def hand_down(ctx: click.Context) -> None:
    """Give the subcommand what was given to its group; where the subcommand is given the same option, that one counts.

    Raises:
        click.UsageError: the subcommand has no such option. It would otherwise be ignored without a word.
    """
    group, name = ctx.command, ctx.invoked_subcommand
    if not isinstance(group, click.Group) or name is None or (subcommand := group.get_command(ctx, name)) is None:
        return
    taken = {parameter.name for parameter in subcommand.params}
    given = [each for each in group.params if each.name and _is_given(ctx, each.name)]
    for option in given:
        if option.name not in taken:
            raise click.UsageError(f"{option.opts[0]} does not go together with '{name}'. Leave it out.", ctx)
    ctx.default_map = {name: {option.name: ctx.params[option.name] for option in given if option.name}}


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE

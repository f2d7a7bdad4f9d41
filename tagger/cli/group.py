"""Commands that list without a subcommand: options before the subcommand's name also apply to it."""

from __future__ import annotations

import click
from click.core import ParameterSource


def pass_options_down(ctx: click.Context) -> None:
    """Give the subcommand the options of its group; an option of its own wins.

    Raises:
        click.UsageError: the subcommand has no such option, which would otherwise be ignored silently.
    """
    group, name = ctx.command, ctx.invoked_subcommand
    if not isinstance(group, click.Group) or name is None or (subcommand := group.get_command(ctx, name)) is None:
        return
    allowed = {parameter.name for parameter in subcommand.params}
    given = {parameter.name: parameter for parameter in group.params if parameter.name and _is_given(ctx, parameter)}
    for option_name, parameter in given.items():
        if option_name not in allowed:
            raise click.UsageError(f"{parameter.opts[0]} cannot be used with '{name}'. Omit it.", ctx)
    ctx.default_map = {name: {option_name: ctx.params[option_name] for option_name in given}}


def _is_given(ctx: click.Context, parameter: click.Parameter) -> bool:
    return ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE

"""`tagger train`: the steps of `python -m training`."""

from __future__ import annotations

import click


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    options_metavar="STEP",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGUMENTS]...")
@click.pass_context
def train(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Train a bundle of your own, step by step; the same as 'python -m training'."""
    from tagger.core.errors import require_extra
    from training.cli import PACKAGES, main

    require_extra("Training", "train", *PACKAGES)
    main(arguments, prog_name=ctx.command_path)

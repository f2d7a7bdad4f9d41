"""`tagger bench`: the speed of this machine on a folder of photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tagger.cli import context
from tagger.cli.parameters.folders import Folder


@click.command()
@click.argument("folder", type=Folder(exists=True, file_okay=False))
@context.model_options
@context.CONFIG
def bench(folder: str, config: Path | None, **options: Any) -> None:
    """Measure photos/s on a FOLDER: end to end, decoding alone, model alone, and what limits a run."""
    from tagger.image.decode import prepare_own_process
    from tagger.library.scan import scan
    from tagger.library.selection import Globs
    from tagger.ops.bench import measure

    settings = context.open_settings(config, **options)
    paths = [found.path for found in scan([folder], Globs())]
    if not paths:
        raise click.ClickException(f"{folder} contains no photos. Name a folder with a few hundred.")
    prepare_own_process()
    rates = measure(context.open_model(settings), folder, paths, settings.top_k)
    click.echo(f"{rates.photos} photos")
    click.echo(f"end to end   {rates.end_to_end:8.1f} photos/s, into a fresh database")
    click.echo(f"decode only  {rates.decode:8.1f} photos/s")
    click.echo(f"model only   {rates.model:8.1f} photos/s")
    if rates.first_look is not None:
        click.echo(f"first look   {rates.first_look:8.1%} of the photos need no second look")
    click.echo(f"bound        {rates.bound:8.1f} photos/s")
    click.echo(rates.verdict)

"""`tagger batch`: tag really many photos with Ray, into Parquet files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.process import interrupt_on_signals

if TYPE_CHECKING:
    from tagger.batch.actor import ActorSettings
    from tagger.batch.run import BatchState
    from tagger.config.settings import Settings

PURPOSE = "tagger batch"


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--out", required=True, metavar="PLACE", help="Folder or URL for the Parquet files.")
@click.option("--actors", type=click.IntRange(1), metavar="N", help="Processes with the model; by default all fit in.")
@click.option("--cpus", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Cores of each.")
@click.option("--gpus", type=click.FloatRange(0), default=0.0, metavar="N", help="GPUs of each, such as 0.5.")
@click.option("--store", "is_stored", is_flag=True, help="Also store the tags in the database.")
@context.K
@context.STRICT
@context.DB
@context.model_options
@context.CONFIG
def batch(
    sources: tuple[str, ...],
    out: str,
    actors: int | None,
    cpus: int,
    gpus: float,
    is_stored: bool,
    config: Path | None,
    **options: Any,
) -> None:
    """Tag the photos of SOURCEs with Ray, on this machine or on the cluster that RAY_ADDRESS names.

    A SOURCE is a folder, a prefix in object storage such as s3://bucket/2024/, or a manifest: a .csv or .parquet file
    with a column of paths or URLs. Photos that have a result in PLACE are not tagged again.
    """
    from tagger.core.errors import require_extra

    require_extra(PURPOSE, "ray", "ray", "pyarrow")
    settings = context.open_settings(config, **options)
    interrupt_on_signals()
    try:
        state = _tag(settings, sources, out, (actors, cpus, gpus), is_stored=is_stored)
    except KeyboardInterrupt:
        context.exit_stopped()
    if state.counter["failed"]:
        sys.exit(context.SOME_FAILED)


def _tag(
    settings: Settings, sources: Sequence[str], out: str, size: tuple[int | None, int, float], *, is_stored: bool
) -> BatchState:
    from tqdm import tqdm

    from tagger.batch.places import open_place
    from tagger.batch.run import Actors, run_batch
    from tagger.batch.shards import Shards
    from tagger.batch.sources import photos
    from tagger.batch.storing import check_sources, in_folders, store_results
    from tagger.model.bundle import open_bundle

    if is_stored:
        check_sources(sources)
    bundle, run_options = open_bundle(settings.bundle), settings.run_options()
    shards = Shards(open_place(out), bundle.model_id, run_options.k, run_options.min_score)
    tables = in_folders(photos(sources, run_options)) if is_stored else photos(sources, run_options)
    with tqdm(unit=" photos", file=sys.stderr, disable=None) as bar:
        for state in run_batch(tables, shards, _for_actors(settings, size[1]), Actors(*size)):
            bar.update(state.photos - bar.n)
    click.echo(_summary(state, out), err=True)
    if is_stored:
        with context.open_store(settings) as store:
            stored = store_results(store, shards, sources, bundle, run_options)
            store.optimize()
            click.echo(f"Run {stored.run_id} is stored in {store.name}", err=True)
    return state


def _for_actors(settings: Settings, cpus: int) -> ActorSettings:
    from tagger.batch.actor import ActorSettings

    return ActorSettings(
        str(settings.bundle.absolute()) if settings.bundle else None,
        settings.engine,
        settings.device,
        settings.precision,
        cpus,
        settings.max_pixels,
        settings.max_file_bytes,
        settings.photo_timeout_s,
    )


def _summary(state: BatchState, out: str) -> str:
    from tagger.core.text import counted

    counts = state.counter
    lines = [
        f"{counts['tagged']} tagged, {counts['none']} without a known landmark, {counts['failed']} failed; "
        f"{state.done_before} had a result already."
    ]
    if state.photos:
        lines.append(f"{state.photos_per_s:.1f} photos/s, in {counted(len(state.shards), 'file')} in {out}")
        lines += sorted(f"Engine: {engine}" for engine in state.engines)
    return "\n".join(lines)

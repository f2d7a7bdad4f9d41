"""Store the results of a batch in the database, as a run of their own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from db.engine import Store
from tagger.batch.places import is_url
from tagger.batch.shards import Shards
from tagger.core.errors import ConfigError
from tagger.core.run_options import RunOptions
from tagger.core.text import counted, printable, without_secrets
from tagger.core.types import EngineInfo
from tagger.library import report
from tagger.library.finalize import group_duplicates
from tagger.library.locks.run import run_lock
from tagger.library.min_score import apply_min_score
from tagger.library.recorder import RunRecorder, new_start, register
from tagger.library.report import RunState
from tagger.model.bundle import Bundle

log = logging.getLogger(__name__)

JOB = "batch"
NO_ENGINE = EngineInfo("ray", "actors", "any", "the results of a batch")


def store_results(
    store: Store, shards: Shards, sources: Sequence[str], bundle: Bundle, options: RunOptions
) -> RunState:
    """Store the results in all shards; those that are stored already change nothing.

    Args:
        store: gets a run with the results.
        shards: complete ones; of their photos, those in folders are stored.
        sources: of the batch.
        bundle: whose model gave the answers.
        options: of the batch.

    Raises:
        RunInProgress: another run has the store.
    """
    state, elsewhere = RunState(roots=list(sources)), 0
    landmarks = {entry.id: entry.landmark() for entry in bundle.card.classes}
    with run_lock(store):
        model = register(store, bundle)
        apply_min_score(store, bundle.card, model=model, min_score=options.min_score)
        start = new_start(sources, options.k, NO_ENGINE, job=JOB, settings_hash=None)
        thresholds = bundle.card.stricter(options.min_score).thresholds
        record = RunRecorder(store, start, state, model=model, options=options, thresholds=thresholds)
        try:
            for name in shards.names():
                for row in shards.rows(name):
                    if is_url(row.path):  # of an earlier batch
                        elsewhere += 1
                    else:
                        record.add(row.file(), row.result(landmarks))
            record.flush()
            group_duplicates(store)
            record.finish(is_time_up=False)
        except BaseException as error:
            record.end_early(error)
            raise
        finally:
            report.write(store, state)
    if elsewhere:
        log.warning(
            "Not in the database, since no other command could open them: %s in object storage",
            counted(elsewhere, "photo"),
        )
    return state


def check_sources(sources: Sequence[str]) -> None:
    """Check that the files of these sources can be in the database.

    Raises:
        ConfigError: one is a URL, whose photos other commands could not open.
    """
    if urls := [source for source in sources if is_url(source) and not source.startswith("file://")]:
        raise _not_in_folders(urls[0])


def in_folders(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Tables of photos, after a check that their files can be in the database.

    Raises:
        ConfigError: one is in object storage.
    """
    for table in tables:
        if urls := table.filter(pc.match_substring(table.column("path"), "://")).column("path").to_pylist():
            raise _not_in_folders(printable(os.fsdecode(urls[0])))
        yield table


def _not_in_folders(url: str) -> ConfigError:
    return ConfigError(
        f"Only photos in folders can be stored in the database, since no other command can open "
        f"{without_secrets(url)}. Omit --store: the Parquet files have the tags."
    )

"""Store the results of a batch in the database, as a run of their own."""

from __future__ import annotations

from collections.abc import Sequence

from db.engine import Store
from tagger.batch.places import is_url
from tagger.batch.shards import Shards
from tagger.core.errors import ConfigError
from tagger.core.run_options import RunOptions
from tagger.core.types import EngineInfo
from tagger.library import report
from tagger.library.finalize import group_duplicates
from tagger.library.locks.run import run_lock
from tagger.library.min_score import apply_min_score
from tagger.library.recorder import RunRecorder, new_start, register
from tagger.library.report import RunState
from tagger.model.bundle import Bundle

JOB = "batch"
NO_ENGINE = EngineInfo("ray", "actors", "any", "the results of a batch")


def store_results(
    store: Store, shards: Shards, sources: Sequence[str], bundle: Bundle, options: RunOptions
) -> RunState:
    """Store the results in all shards; those that are stored already change nothing.

    Args:
        store: gets a run with the results.
        shards: complete ones.
        sources: of the batch.
        bundle: whose model gave the answers.
        options: of the batch.

    Raises:
        RunInProgress: another run has the store.
    """
    state = RunState(roots=list(sources))
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
                    record.add(row.file(), row.result(landmarks))
            record.flush()
            group_duplicates(store)
            record.finish(is_time_up=False)
        except BaseException as error:
            record.end_early(error)
            raise
        finally:
            report.write(store, state)
    return state


def check_sources(sources: Sequence[str]) -> None:
    """Check that the files of these sources can be in the database.

    Raises:
        ConfigError: one is a URL, whose photos other commands could not open.
    """
    if urls := [source for source in sources if is_url(source) and not source.startswith("file://")]:
        raise ConfigError(f"Only photos in folders can be stored in the database, not {urls[0]}. Omit --store.")

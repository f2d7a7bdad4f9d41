"""Which run a worker may join."""

from __future__ import annotations

from collections.abc import Iterable

from db.engine import Store
from db.write.runs import running
from db.write.shared.workers import SharedRun, shared_run, workers_at_work
from tagger.core.errors import RunInProgress, WorkersDiffer
from tagger.core.text import printable
from tagger.library.scan import is_below


def run_of_others(store: Store, *, model: int) -> SharedRun | None:
    """The run in progress that is shared; None if there is none. Raises as `check_model` does."""
    with store.read() as connection:
        run = shared_run(connection)
    if run:
        check_model(store, run, model=model)
    return run


def check_model(store: Store, run: SharedRun, *, model: int) -> None:
    """Check that a run's workers have a model.

    Raises:
        WorkersDiffer: they have another one.
    """
    with store.read() as connection:
        others = workers_at_work(connection, run.id)
    if others and run.model_id != model:
        raise WorkersDiffer(store.name, others[0])


def check_shared(store: Store) -> None:
    """Check that the run in progress is shared, or just starting.

    Raises:
        RunInProgress: it is not.
    """
    with store.read() as connection:
        shared, other = shared_run(connection), running(connection)
    if shared is None and other is not None:
        raise RunInProgress(store.name, str(other))


def includes(run: SharedRun, roots: Iterable[str]) -> bool:
    """Whether a run includes all of some folders."""
    return all(any(root == other or is_below(root, other) for other in run.roots) for root in map(printable, roots))

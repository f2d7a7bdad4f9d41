"""What a run would do, without doing it. No photo is read, so a moved file counts as gone here and new there."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from db.engine import Store
from db.errors import UnknownModel
from db.read.catalog import model_ids
from tagger.core.run_options import RunOptions
from tagger.core.text import counted
from tagger.library.comparison import compare, globs_of
from tagger.library.found_files import TO_TAG, Comparison
from tagger.library.missing import MissingFiles, Scope, find_missing
from tagger.library.plan import Plan
from tagger.library.roots import names_in_store
from tagger.library.scan import existing_roots
from tagger.model.bundle import Bundle

UNKNOWN = -1  # the row id of a model that the store has never seen
WORDS = {Comparison.NEW: "new", Comparison.CHANGED: "changed", Comparison.UNANSWERED: "again"}


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to a file."""

    change: str  # new, changed or again: it would be tagged; gone, moved, excluded or returned: it would be marked so
    path: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run or a job would do."""

    changes: Iterator[Change]
    summary: str
    warnings: Sequence[str] = ()


def preview_run(store: Store, bundle: Bundle, roots: Sequence[str], options: RunOptions) -> Preview:
    """What a run would do.

    Args:
        store: of earlier runs; nothing is written to it.
        bundle: of the model that would tag.
        roots: folders and files.
        options: of the run.

    Raises:
        FolderNotFound: a root does not exist.
    """
    absolute = [os.path.abspath(root) if root else root for root in roots]
    existing = existing_roots(absolute, skip_missing=options.skip_missing_roots)
    named, began = names_in_store(store, existing), datetime.now(UTC)
    plan, _ = compare(
        store, named, options, model=_model(store, bundle), before_folder=lambda: None, passed_over=Counter()
    )
    max_share = 1 if options.accept_missing else options.max_missing_share
    missing = find_missing(store, plan, Scope(named, globs_of(options), began, max_share))
    return Preview(_changes(plan, missing), _summary(plan, missing), list(map(str, missing.suspicious)))


def _model(store: Store, bundle: Bundle) -> int:
    try:
        with store.read() as connection:
            return model_ids(connection, bundle.model_id)[0]
    except UnknownModel:
        return UNKNOWN


def _changes(plan: Plan, missing: MissingFiles) -> Iterator[Change]:
    yield from (Change(WORDS[compared], file.path) for file, compared in plan.found.items(*TO_TAG))
    yield from (Change("again", file.path) for file in plan.suspects)
    for word in ("gone", "moved", "excluded", "returned"):
        yield from (Change(word, path) for path in getattr(missing, word))


def _summary(plan: Plan, missing: MissingFiles) -> str:
    counts = [f"{plan.found.count(compared)} {word}" for compared, word in WORDS.items()]
    superseded = plan.found.count(Comparison.SUPERSEDED)
    files = counted(superseded, "unchanged file")
    restored = f" This model's answers to {files} would count again." if superseded else ""
    marked = [f"{len(getattr(missing, word))} {word}" for word in ("gone", "moved", "excluded", "returned")]
    return (
        f"Would tag {counted(plan.photos, 'photo')}: {', '.join(counts)}. Unchanged: {plan.unchanged}; "
        f"failed before and left alone: {plan.set_aside}. Would mark {', '.join(marked)}.{restored}"
    )

"""Scan folders and compare them with the store, which is not changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from db.engine import Store
from db.read.files import failed_states, file_states
from db.write.runs import abandoned_files
from tagger.core.run_options import RunOptions
from tagger.library.found_files import FoundFiles
from tagger.library.path_map import SAME_PATHS, PathMap
from tagger.library.plan import Plan, make_plan
from tagger.library.roots import stored_roots
from tagger.library.scan import is_below, outermost, walk
from tagger.library.selection import Globs


def globs_of(options: RunOptions) -> Globs:
    """The globs and skipped folders of a run."""
    return Globs(options.include, options.exclude, options.skip_folders)


def compare(
    store: Store,
    roots: Sequence[str],
    options: RunOptions,
    *,
    model: int,
    before_folder: Callable[[], None],
    passed_over: Counter[str],
    paths: PathMap = SAME_PATHS,
) -> tuple[Plan, Mapping[str, int]]:
    """Compare folders with the store.

    Args:
        store: of earlier runs.
        roots: absolute, as the store names them.
        options: of the run.
        model: the row id of the model whose answers count.
        before_folder: called before each folder; may raise to end the scan.
        passed_over: counts by suffix the files that are not photos.
        paths: where the files of the store are on this machine.

    Returns:
        What a run does with each file, and the files that were in progress when runs died, with the number of deaths.
    """

    def is_elsewhere(folder: str) -> bool:
        """Whether a linked folder belongs to a root of earlier runs, and to none of this one."""
        with store.read() as connection:
            name = stored_roots(connection).name_of(paths.stored(folder))
        return name is not None and not any(name == root or is_below(name, root) for root in roots)

    globs = globs_of(options)
    here = [paths.here(root) for root in roots]
    scanned = walk(here, globs, before_folder=before_folder, is_elsewhere=is_elsewhere, passed_over=passed_over)
    found = FoundFiles(paths.stored_folders(scanned) if paths.folders else scanned)
    with store.read() as connection:
        unfinished = abandoned_files(connection, model=model)
        stored = file_states(connection, outermost(roots), model=model, k=options.k, redo_undone=options.redo_undone)
        if paths.folders:
            stored = paths.visible(stored)
        failed = failed_states(connection, model=model)
        return make_plan(found, stored, failed, unfinished, options), unfinished

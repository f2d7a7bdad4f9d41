"""The options of one run, and the limits of its work on one photo."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

# Cores that this process may use: a container or `taskset` may allow fewer than there are.
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run looks for, what it keeps, and how it meets what goes wrong.

    Args:
        k: suggestions kept for each photo.
        include: globs; only files that match one are tagged. Empty means all.
        exclude: globs; no file or folder that matches one is tagged.
        retry_after_h: hours until a file that failed is tried again; doubled after each attempt.
        max_attempts: after so many attempts a file is in quarantine.
        max_missing_share: if a larger share of a folder's files is missing, none of them is marked as gone.
        vote_gap_min: minutes between an unsure photo and the sure ones beside it; 0 turns votes off.
        retry_failed: also try files that are not due yet, or in quarantine.
        redo_undone: also tag photos whose suggestions were undone.
        accept_missing: mark missing files as gone, however many there are.
        skip_new: leave out files that no model has answered yet; the nightly job tags those.
        skip_missing_roots: go on without the roots that do not exist.
    """

    k: int = 5
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    retry_after_h: float = 6.0
    max_attempts: int = 3
    max_missing_share: float = 0.2
    vote_gap_min: float = 0.0
    retry_failed: bool = False
    redo_undone: bool = False
    accept_missing: bool = False
    skip_new: bool = False
    skip_missing_roots: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the work on one photo.

    Args:
        max_pixels: a photo that needs more of them in memory is refused before memory is allocated (large JPEGs are
            decoded at a fraction of their size).
        max_file_bytes: larger files are not read.
        threads: photos decoded at a time.
    """

    max_pixels: int = 100_000_000
    max_file_bytes: int = 500_000_000
    threads: int = CORES

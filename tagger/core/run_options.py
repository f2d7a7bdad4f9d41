"""The options of one run, and the limits of its work on one photo."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

# Cores that this process may use, which a container or `taskset` may limit.
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

STRICT_SCORE = 0.8  # `--strict`; docs/REFERENCE.md says what it costs


# Folders in which storage devices and programs keep thumbnails, deleted files and old versions, not photos that their
# owner put there. Those whose names begin with a dot (`.@__thumb`, `.thumbnails`, `.Trash-1000`) are hidden anyway.
SKIP_FOLDERS = (
    # storage devices: Synology, QNAP, Asustor, Buffalo, NetApp, Western Digital
    *("@eaDir", "@tmp", "@Recycle", "@Recently-Snapshot", "@SynoResource", "#recycle", "#snapshot", "~snapshot"),
    *("trashbox", "eaDir_tmp"),
    # file systems and archives
    *("$RECYCLE.BIN", "RECYCLER", "RECYCLED", "System Volume Information", "found.[0-9][0-9][0-9]", "lost+found"),
    *("Network Trash Folder", "Temporary Items", "TheVolumeSettingsFolder", "__MACOSX"),
    # photo programs and synchronisation: Lightroom, Nextcloud, GoodSync
    *("*.lrdata", "*.lrcat-data", "appdata_*", "files_trashbin", "files_versions", "_gsdata_"),
    # the hidden ones, for those who look them up here
    *(".@__thumb", ".dtrash", ".thumbnails", ".Trash-*", ".Trashes", ".SynologyWorkingDirectory", ".stfolder"),
    *(".stversions", ".picasaoriginals", ".nextcloud", ".immich"),
)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of one run.

    Args:
        k: suggestions kept for each photo.
        min_score: a tag needs at least this score, besides its landmark's own threshold.
        include: globs; only files that match one are tagged. Empty means all.
        exclude: globs; no file or folder that matches one is tagged.
        skip_folders: globs of folder names, in any case; no such folder is walked.
        retry_after_h: hours until a failed file is tried again; doubled after each attempt.
        max_attempts: after this many attempts a file is in quarantine.
        max_missing_share: if a larger share of a folder's files is missing, none of them is marked as gone.
        vote_gap_min: minutes between an unsure photo and its sure neighbours; 0 turns votes off.
        retry_failed: also try files that are not due yet, or in quarantine.
        reread: read unchanged files too; one whose content is known is not tagged again.
        redo_undone: also tag photos whose suggestions were undone.
        accept_missing: mark missing files as gone, however many there are.
        skip_new: leave files without an answer to the nightly job.
        skip_missing_roots: ignore roots that do not exist.
    """

    k: int = 5
    min_score: float = 0.0
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    skip_folders: Sequence[str] = SKIP_FOLDERS
    retry_after_h: float = 6.0
    max_attempts: int = 3
    max_missing_share: float = 0.2
    vote_gap_min: float = 0.0
    retry_failed: bool = False
    reread: bool = False
    redo_undone: bool = False
    accept_missing: bool = False
    skip_new: bool = False
    skip_missing_roots: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the work on one photo.

    Args:
        max_pixels: a photo with more, or whose decoding takes more than 3.4 bytes for each of these, is rejected
            before memory is allocated. Large JPEGs count at the fraction of their size at which they are decoded.
        max_file_bytes: larger files are not read.
        threads: photos decoded at the same time.
    """

    max_pixels: int = 100_000_000
    max_file_bytes: int = 500_000_000
    threads: int = CORES

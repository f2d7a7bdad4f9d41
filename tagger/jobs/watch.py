"""Watch folders: tag each new photo soon after it is complete, and follow files that are moved or deleted.

The one rule: the watch is only the fast path. The next full or nightly scan finds what the system does not report, such
as files on a network drive.
"""

from __future__ import annotations

import errno
import logging
import os
import queue
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from db.read.folders import has_present_files
from tagger.core.errors import FolderNotFound, FolderNotReadable, RunInProgress, TaggerError, WatchFailed
from tagger.jobs import tagging
from tagger.jobs.debounce import Debouncer
from tagger.library.roots import stored_name
from tagger.library.scan import is_below, outermost, scan
from tagger.library.selection import Globs, would_find

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

    from tagger.jobs.context import JobContext

log = logging.getLogger(__name__)

JOB = "watch"
POLL_S = 0.5
CHECK_ROOTS_S = 30.0  # how often to check that the folders are still the same ones
FILES_PER_RUN = 1000
LIMITS = {errno.ENOSPC: "fs.inotify.max_user_watches=524288", errno.EMFILE: "fs.inotify.max_user_instances=1024"}
EVENTS = ("created", "modified", "moved", "closed", "deleted")


def watch(
    context: JobContext, folders: Sequence[str], *, tag_existing: bool = True, skip_missing: bool = False
) -> None:
    """Tag the photos in folders, then each new one, and follow moves and deletions, until `context.stop` is set.

    Args:
        folders: watched to every depth.
        tag_existing: False leaves the photos that are already there to the nightly job.
        skip_missing: a folder that is missing or unreadable is watched once it can be.

    Raises:
        FolderNotFound: one of the folders does not exist.
        FolderNotReadable: one of them cannot be opened.
        WatchFailed: the system refuses to watch; the message says what to do.
    """
    globs = Globs(context.settings.include, context.settings.exclude, context.settings.skip_folders)
    absolute = [os.path.abspath(folder) for folder in folders]
    if not skip_missing:
        for path in absolute:
            _check(path)
    paths = _distinct(context, absolute, globs)
    changes: queue.SimpleQueue[str] = queue.SimpleQueue()
    debouncer = Debouncer(context.settings.watch_settle_s)
    roots = [_Root(path, changes) for path in paths]
    with ExitStack() as stack:
        for root in roots:
            stack.callback(root.close)
            root.observe()
        pending, checked_at = _Pending(context, paths if tag_existing else ()), time.monotonic()
        while not context.stop.is_set():
            pending.tag()
            context.stop.wait(POLL_S)
            now = time.monotonic()
            for path in _drain(changes):
                for file in _photos(path, paths, globs):
                    debouncer.add(file, now=now)
            pending.add(debouncer.settled(now=now))
            if now - checked_at >= CHECK_ROOTS_S:
                pending.add([root.path for root in roots if root.is_new()])
                checked_at = now


def _distinct(context: JobContext, folders: Sequence[str], globs: Globs) -> list[str]:
    """The folders by their names in the store, without those that a scan of another one reaches."""
    with context.store.read() as connection:
        names = list(dict.fromkeys(stored_name(connection, folder) for folder in folders))
    real = {name: os.path.realpath(name) for name in names}

    def is_reached(name: str) -> bool:
        return any(
            is_below(real[name], real[other]) and would_find(real[other], os.path.join(real[name], "photo.jpg"), globs)
            for other in names
        )

    return [name for name in names if not is_reached(name)]


def _check(root: str) -> None:
    """Check that a folder can be watched."""
    try:
        os.scandir(root).close()
    except PermissionError as error:
        raise FolderNotReadable(root, str(error.strerror)) from error
    except OSError as error:
        raise FolderNotFound(root) from error


class _Pending:
    """Files and folders that wait for a run, and those that were deleted."""

    def __init__(self, context: JobContext, paths: Iterable[str]) -> None:
        self._context = context
        self._paths = list(paths)
        self._is_waiting = False

    def add(self, paths: Iterable[str]) -> None:
        self._paths += paths

    def tag(self) -> None:
        """Tag those that exist, and look for the others, unless another run is in progress."""
        batch, self._paths = self._paths[:FILES_PER_RUN], self._paths[FILES_PER_RUN:]
        existing = [path for path in batch if os.path.lexists(path)]
        deleted = self._stored(path for path in batch if not os.path.lexists(path))
        if not existing and not deleted:
            return
        try:
            options = replace(self._context.settings.run_options(), skip_missing_roots=True)
            log.info("%s", tagging.run(self._context, existing, job=JOB, options=options, deleted=deleted).message)
        except RunInProgress as error:
            if not self._is_waiting:
                log.info("%s; new photos wait until it has ended", error.who)
            self._paths, self._is_waiting = batch + self._paths, True
            return
        except TaggerError as error:
            sentence = str(error).removesuffix(".")
            log.error("New photos could not be tagged: %s. The next full scan will find them.", sentence)
        self._is_waiting = False

    def _stored(self, paths: Iterable[str]) -> list[str]:
        """The paths at or below which the store has present files."""
        with self._context.store.read() as connection:
            return [path for path in outermost(list(paths)) if has_present_files(connection, path)]


def _photos(path: str, roots: Sequence[str], globs: Globs) -> Iterator[str]:
    """The changed photos: the file itself, all in a new folder, or a deleted file or folder while its root exists."""
    if not os.path.lexists(path):
        if any(is_below(path, root) and os.path.isdir(root) for root in roots):
            yield path
        return
    whole = Globs(skip_folders=globs.skip_folders)
    paths = [found.path for found in scan([path], whole)] if os.path.isdir(path) else [path]
    for file in paths:
        if any(is_below(file, root) and would_find(root, file, globs) for root in roots):
            yield file


def _drain(changes: queue.SimpleQueue[str]) -> list[str]:
    paths: set[str] = set()
    while not changes.empty():
        paths.add(changes.get())
    return sorted(paths)


class _Handler(FileSystemEventHandler):
    """Reports events in a folder, under the folder's name in the settings."""

    def __init__(self, changes: queue.SimpleQueue[str], observed: str, named: str) -> None:
        self._changes = changes
        self._observed, self._named = observed, named

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in EVENTS or (event.is_directory and event.event_type == "modified"):
            return
        for path in (event.src_path, event.dest_path):  # a move has both
            if path:
                self._changes.put(self._named + os.fsdecode(path).removeprefix(self._observed))


class _Root:
    """A folder that is observed for as long as it is the same one.

    The system keeps watching a folder that was unmounted, renamed or deleted, and does not report its replacement.
    """

    def __init__(self, path: str, changes: queue.SimpleQueue[str]) -> None:
        self.path = path
        self._changes = changes
        self._observer: BaseObserver | None = None
        self._identity: tuple[int, int] | None = None
        self._last_message = ""

    def observe(self) -> None:
        """Start to observe the folder, if it exists.

        Raises:
            WatchFailed: the system refuses.
        """
        self.close()
        identity = _identity(self.path)
        if identity is None:
            self._log(
                logging.WARNING, f"{self.path} is missing or cannot be read; it will be watched as soon as it is there"
            )
            return
        observer, place = Observer(), os.path.realpath(self.path)  # not the link, which the system would watch itself
        try:
            observer.schedule(_Handler(self._changes, place, self.path), place, recursive=True)
            observer.start()
        except OSError as error:
            raise WatchFailed(str(error), LIMITS.get(error.errno or 0)) from error
        self._observer, self._identity = observer, identity
        self._log(logging.INFO, f"Watching {self.path}")

    def is_new(self) -> bool:
        """Whether the folder was replaced or is back; it is then observed."""
        is_alive = self._observer is None or all(emitter.is_alive() for emitter in self._observer.emitters)
        if is_alive and _identity(self.path) == self._identity:
            return False
        try:
            self.observe()
        except WatchFailed as error:
            self._log(logging.ERROR, str(error))
        return self._observer is not None

    def close(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        self._observer = self._identity = None

    def _log(self, level: int, message: str) -> None:
        """Log a message once."""
        if message != self._last_message or level < logging.WARNING:
            log.log(level, "%s", message)
        self._last_message = message


def _identity(folder: str) -> tuple[int, int] | None:
    """The folder's device and inode; None if it cannot be read."""
    try:
        os.scandir(folder).close()
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino

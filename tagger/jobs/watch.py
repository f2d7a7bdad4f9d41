"""Folders that are watched: a new photo is tagged soon after it is complete.

The one rule: the watch is only the fast path. What the system does not tell it (files on a network drive, a flood of
them) the next full look finds, or the night.
"""

from __future__ import annotations

import errno
import logging
import os
import queue
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from tagger.core.errors import FolderClosed, FolderNotFound, RunInProgress, TaggerError, WatchFailed
from tagger.jobs import tagging
from tagger.jobs.debounce import Debouncer
from tagger.library.scan import Globs, comes_upon, scan

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

    from tagger.jobs.context import JobContext

log = logging.getLogger(__name__)

JOB = "watch"
LOOK_S = 0.5
ROOTS_S = 30.0  # how often it is asked whether the folders are still the same ones
FILES_A_RUN = 1000
LIMITS = {errno.ENOSPC: "fs.inotify.max_user_watches=524288", errno.EMFILE: "fs.inotify.max_user_instances=1024"}
HAPPENS = ("created", "modified", "moved", "closed")

# watchdog may come upon a new folder twice, by the system's word and by its own walk; that does no harm.
warnings.filterwarnings("ignore", "Callback with id .* already exists", RuntimeWarning)


def watch(work: JobContext, folders: Sequence[str], *, looks_first: bool = True, skip_missing: bool = False) -> None:
    """Tag what is there, then what comes, until `work.stop` is set.

    Args:
        looks_first: False leaves what is there to the night.
        skip_missing: a folder that is not there, or closed, is watched once it is there.

    Raises:
        FolderNotFound: one of them is not there.
        FolderClosed: one of them may not be entered.
        WatchFailed: the system refuses to watch; the message says what to do.
    """
    paths = [os.path.abspath(folder) for folder in folders]
    if not skip_missing:
        for path in paths:
            _look_into(path)
    happened: queue.SimpleQueue[str] = queue.SimpleQueue()
    settling = Debouncer(work.settings.watch_settle_s)
    with _observed(paths, happened) as roots:
        waiting, looked_at = _Queue(work, paths if looks_first else ()), time.monotonic()
        while not work.stop.is_set():
            waiting.tag()
            work.stop.wait(LOOK_S)
            now = time.monotonic()
            for path in _drained(happened):
                for file in _photos(path, paths, Globs(work.settings.include, work.settings.exclude)):
                    settling.add(file, now=now)
            waiting.add(settling.settled(now=now))
            if now - looked_at >= ROOTS_S:
                waiting.add([root.path for root in roots if root.is_new()])
                looked_at = now


def _look_into(root: str) -> None:
    """Raises:
    FolderNotFound: it is not there.
    FolderClosed: it may not be entered.
    """
    try:
        os.scandir(root).close()
    except PermissionError as error:
        raise FolderClosed(root, str(error.strerror)) from error
    except OSError as error:
        raise FolderNotFound(root) from error


class _Queue:
    """What waits for its run."""

    def __init__(self, work: JobContext, paths: Iterable[str]) -> None:
        self._work = work
        self._paths = list(paths)
        self._is_told = False

    def add(self, paths: Iterable[str]) -> None:
        self._paths += paths

    def tag(self) -> None:
        """Tag what is still there of it; while another run is at work it waits on."""
        some, self._paths = self._paths[:FILES_A_RUN], self._paths[FILES_A_RUN:]
        some = [path for path in some if os.path.lexists(path)]
        if not some:
            return
        try:
            options = replace(self._work.settings.run_options(), skip_missing_roots=True)
            log.info("%s", tagging.run(self._work, some, job=JOB, options=options).message)
        except RunInProgress as error:
            if not self._is_told:
                log.info("%s; what is new waits for its end", error.who)
            self._paths, self._is_told = some + self._paths, True
            return
        except TaggerError as error:
            sentence = str(error).removesuffix(".")
            log.error("What is new could not be tagged: %s. The next full look finds it again.", sentence)
        self._is_told = False


def _photos(path: str, roots: Sequence[str], globs: Globs) -> Iterator[str]:
    """The photos that a change is about: the file itself, or all in a folder that came as a whole."""
    paths = [found.path for found in scan([path], Globs())] if os.path.isdir(path) else [path]
    for file in paths:
        if any(file.startswith(f"{root.rstrip('/')}/") and comes_upon(root, file, globs) for root in roots):
            yield file


def _drained(happened: queue.SimpleQueue[str]) -> Iterator[str]:
    seen: set[str] = set()
    while not happened.empty():
        seen.add(happened.get())
    yield from sorted(path for path in seen if os.path.lexists(path))


class _Handler(FileSystemEventHandler):
    """Tells of what happens in a folder, by the name that it has in the settings."""

    def __init__(self, happened: queue.SimpleQueue[str], observed: str, named: str) -> None:
        self._happened = happened
        self._observed, self._named = observed, named

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in HAPPENS or (event.is_directory and event.event_type == "modified"):
            return
        path = os.fsdecode(event.dest_path if event.event_type == "moved" else event.src_path)
        self._happened.put(self._named + path.removeprefix(self._observed))


class _Root:
    """A folder that is observed as long as it is the same one. The system goes on to watch one that was unmounted,
    renamed or deleted, and says nothing of what is mounted or made at its place."""

    def __init__(self, path: str, happened: queue.SimpleQueue[str]) -> None:
        self.path = path
        self._happened = happened
        self._observer: BaseObserver | None = None
        self._identity: tuple[int, int] | None = None
        self._told = ""

    def observe(self) -> None:
        """From now on, if it is there.

        Raises:
            WatchFailed: the system refuses.
        """
        self.close()
        identity = _identity(self.path)
        if identity is None:
            self._tell(logging.WARNING, "%s is not there, or closed; it is watched once it is there", self.path)
            return
        observer, place = Observer(), os.path.realpath(self.path)  # of a link the system would watch the link itself
        try:
            observer.schedule(_Handler(self._happened, place, self.path), place, recursive=True)
            observer.start()
        except OSError as error:
            raise WatchFailed(str(error), LIMITS.get(error.errno or 0)) from error
        self._observer, self._identity = observer, identity
        self._tell(logging.INFO, "Watching %s", self.path)

    def is_new(self) -> bool:
        """Whether it is another folder than before, or back; it is observed anew then."""
        is_awake = self._observer is None or all(emitter.is_alive() for emitter in self._observer.emitters)
        if is_awake and _identity(self.path) == self._identity:
            return False
        try:
            self.observe()
        except WatchFailed as error:
            self._tell(logging.ERROR, "%s", error)
        return self._observer is not None

    def close(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        self._observer = self._identity = None

    def _tell(self, level: int, message: str, *arguments: object) -> None:
        """Once, however often it is found."""
        if (told := message % arguments) != self._told or level < logging.WARNING:
            log.log(level, "%s", told)
        self._told = told


def _identity(folder: str) -> tuple[int, int] | None:
    """By which it is told from another one at its place; None where it cannot be looked into."""
    try:
        os.scandir(folder).close()
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def _observed(paths: Sequence[str], happened: queue.SimpleQueue[str]) -> Iterator[list[_Root]]:
    roots = [_Root(path, happened) for path in paths]
    try:
        for root in roots:
            root.observe()
        yield roots
    finally:
        for root in roots:
            root.close()

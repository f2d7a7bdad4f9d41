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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from tagger import night
from tagger.errors import EXPECTED, FolderClosed, FolderNotFound, RunInProgress, WatchFailed
from tagger.scan import Globs, comes_upon, scan
from tagger.settling import Settling

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

    from tagger.jobs import Work

log = logging.getLogger(__name__)

JOB = "watch"
LOOK_S = 0.5
FILES_A_RUN = 1000
LIMITS = {errno.ENOSPC: "fs.inotify.max_user_watches=524288", errno.EMFILE: "fs.inotify.max_user_instances=1024"}
HAPPENS = ("created", "modified", "moved", "closed")


def watch(work: Work, folders: Sequence[str], *, looks_first: bool = True) -> None:
    """Tag what is there, then what comes, until `work.stop` is set.

    Args:
        looks_first: False leaves what is there to the night.

    Raises:
        FolderNotFound: one of them is not there.
        FolderClosed: one of them may not be entered.
        WatchFailed: the system refuses to watch; the message says what to do.
    """
    roots = [os.path.abspath(folder) for folder in folders]
    for root in roots:
        _look_into(root)
    happened: queue.SimpleQueue[str] = queue.SimpleQueue()
    settling = Settling(work.settings.watch_settle_s)
    with _observed(roots, happened):
        log.info("Watching %s", ", ".join(roots))
        waiting = list(roots) if looks_first else []  # for their run
        while not work.stop.is_set():
            waiting = _tag(work, waiting)
            work.stop.wait(LOOK_S)
            now = time.monotonic()
            for path in _drained(happened):
                for file in _photos(path, roots, Globs(work.settings.include, work.settings.exclude)):
                    settling.add(file, now=now)
            waiting += settling.settled(now=now)


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


def _tag(work: Work, waiting: list[str]) -> list[str]:
    """Returns what is still waiting: all of it where another run is at work."""
    some, rest = waiting[:FILES_A_RUN], waiting[FILES_A_RUN:]
    if not some:
        return []
    try:
        rules = replace(work.settings.rules(), skip_missing=True)
        log.info("%s", night.run(work, some, job=JOB, rules=rules).message)
    except RunInProgress:
        return waiting
    except EXPECTED as error:
        log.error("What is new could not be tagged: %s. The next full look finds it again.", error)
    return rest


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
    def __init__(self, happened: queue.SimpleQueue[str]) -> None:
        self._happened = happened

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in HAPPENS or (event.is_directory and event.event_type == "modified"):
            return
        self._happened.put(os.fsdecode(event.dest_path if event.event_type == "moved" else event.src_path))


@contextmanager
def _observed(roots: Sequence[str], happened: queue.SimpleQueue[str]) -> Iterator[BaseObserver]:
    observer = Observer()
    try:
        for root in roots:
            observer.schedule(_Handler(happened), root, recursive=True)
        observer.start()
    except OSError as error:
        raise WatchFailed(str(error), LIMITS.get(error.errno or 0)) from error
    try:
        yield observer
    finally:
        observer.stop()
        observer.join()

"""What people read about an exception: one sentence that says what is wrong and what to do.

The one rule: if the system runs out of something, no photo is blamed for it.
"""

from __future__ import annotations

import errno
import os
import threading
import traceback

from tagger.core.errors import OutOfResources, TaggerError
from tagger.core.text import printable, printable_lines

MEMORY, THREADS, FILES, SPACE = "memory", "threads, or memory for them", "open files", "disk space"
BY_NUMBER = {
    errno.ENOMEM: MEMORY,
    errno.EAGAIN: THREADS,
    errno.EMFILE: FILES,
    errno.ENFILE: FILES,
    errno.ENOSPC: SPACE,
    errno.EDQUOT: SPACE,
    errno.EFBIG: SPACE,
}
BY_WORDS = {  # of errors without a number, from Python, C++ and the loader of shared libraries
    "start new thread": THREADS,
    "emporarily unavailable": THREADS,
    "std::bad_alloc": MEMORY,
    "annot allocate memory": MEMORY,
    "not enough memory": MEMORY,
    "failed to map segment": MEMORY,
}
ADVICE = {
    MEMORY: "Close other programs or allow this one more memory, then run again.",
    THREADS: "Close other programs or raise the limits ('ulimit -u', 'ulimit -v'), then run again.",
    FILES: "Raise the limit ('ulimit -n'), then run again.",
    SPACE: "Free some, or write elsewhere, then run again.",
}
MOST_LETTERS = 300
ROW_READERS = ("db.read.", "sqlalchemy.", "tagger.core.evidence")


def shortage(error: BaseException | None) -> OutOfResources | None:
    """The error of a system that ran out of something, also as the cause of another error; None if it did not."""
    while error is not None:
        if isinstance(error, OutOfResources):
            return error
        if resource := _resource(error):
            return OutOfResources(resource, ADVICE[resource])
        error = error.__cause__
    return None


def describe(error: BaseException) -> str:
    """One sentence about any exception."""
    if isinstance(error, TaggerError):
        return printable_lines(str(error))
    if found := shortage(error):
        return str(found)
    if isinstance(error, OSError) and error.strerror:
        where = f"{printable(os.fsdecode(error.filename))}: " if isinstance(error.filename, str | bytes) else ""
        return f"{where}{error.strerror}."
    what = f"({type(error).__name__}: {printable(' '.join(str(error).split()))[:MOST_LETTERS]})"
    if _was_reading_rows(error):
        return f"The database may be damaged: it contains an unusable value {what}. Restore a backup."
    return (
        f"Something unexpected happened {what}. 'tagger doctor' checks the set-up and the database; "
        "TAGGER_LOG_LEVEL=debug shows where it happened."
    )


def _was_reading_rows(error: BaseException) -> bool:
    """Whether an error came up where stored values are read."""
    modules = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(module.startswith(ROW_READERS) for module in modules)


def require_threads(count: int) -> None:
    """Check that this process may start some threads: libraries in C++ hang or abort where they cannot.

    Raises:
        OutOfResources: it cannot.
    """
    over = threading.Event()
    try:
        for _ in range(count):
            threading.Thread(target=over.wait, name="reserve", daemon=True).start()
    except RuntimeError as error:
        raise OutOfResources(THREADS, ADVICE[THREADS]) from error
    finally:
        over.set()


def _resource(error: BaseException) -> str | None:
    if isinstance(error, MemoryError):
        return MEMORY
    if isinstance(error, OSError) and error.errno in BY_NUMBER:
        return BY_NUMBER[error.errno]
    if isinstance(error, RuntimeError | ImportError):
        return next((resource for words, resource in BY_WORDS.items() if words in str(error)), None)
    return None

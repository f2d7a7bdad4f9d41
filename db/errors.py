"""The errors of a store, a branch of the tree in `tagger.core.errors`.

StoreError
├── MalformedUrl          the database URL is malformed, or names neither a file nor a server's database
├── StoreUnreachable      the database cannot be opened, read or written
├── StoreLocked           another process kept the write lock for too long
├── NotAStore             the file is not a tag database, or it is damaged
├── LogWithoutStore       the file is gone, but its write-ahead log is not
├── StoreTooOld           written by an earlier version of the tagger, and not writable
├── StoreTooNew           written by a later version of the tagger
├── BackupFailed          the database could not be copied
├── CopyDiffers           a copy of a store has other rows
├── RunNotEnded           the run is still in progress
├── QuerySyntaxError      a query is not written in the query language
└── UnknownName           a filter names something that the store does not have
    ├── UnknownLandmark
    ├── UnknownCountry
    ├── UnknownCity
    ├── UnknownModel
    ├── AmbiguousModel    several models fit a name
    ├── UnknownRun
    ├── UnknownFolder
    └── UnknownPhoto
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

from tagger.core.errors import StoreError
from tagger.core.sentence import Sentence, ask_which
from tagger.core.text import display_width, printable

AROUND = 100  # characters of a query that are shown before a mistake, and after it


class MalformedUrl(StoreError):
    """The database URL is malformed, or names neither a SQLite file nor a PostgreSQL database."""


class StoreUnreachable(StoreError):
    """The database cannot be opened, read or written.

    Args:
        name: its file or URL.
        problem: a clause that says why.
        advice: the next step.
    """

    def __init__(
        self,
        name: str,
        problem: str,
        advice: str = "Check the folder's permissions and free space, or name another with --db.",
    ) -> None:
        self.problem = problem
        super().__init__(f"The database {name} cannot be used: {problem}. {advice}")


class StoreReplaced(StoreUnreachable):
    """The opened file has been replaced; further writes would be lost."""

    def __init__(self, file: str) -> None:
        StoreError.__init__(
            self, f"The database {file} was replaced or deleted while it was in use. Start the process again."
        )


class StoreLocked(StoreError):
    def __init__(self, file: str, timeout_s: float) -> None:
        super().__init__(
            f"The database {file} was locked by another process for more than {timeout_s:g} s. "
            "Wait for the other run to end, then run again."
        )


class NotAStore(StoreError):
    """The file is not a tag database, or it is damaged.

    Args:
        file: the database.
        problem: a clause.
        backup: its newest sound copy, if there is one.
    """

    def __init__(self, file: str, problem: str, backup: Path | None = None) -> None:
        advice = how_to_restore(file, backup) if backup else "Name another file with --db, or restore a backup."
        super().__init__(f"{file} is not a tag database: {problem}. {advice}")


class LogWithoutStore(StoreError):
    """The file is gone, but the log with its latest changes is not, and it would end up in a new database."""

    def __init__(self, file: str, backup: Path | None) -> None:
        advice = how_to_restore(file, backup) if backup else f"To start a new database, remove {file}-wal."
        super().__init__(
            f"The database {file} does not exist, but {file}-wal, which contains its latest changes, does. "
            f"Put the database back beside it. {advice}"
        )


def how_to_restore(file: str, backup: Path) -> str:
    """The commands that put a backup in a database's place."""
    quoted = {name: shlex.quote(printable(f"{file}{name}")) for name in ("", "-wal", "-shm")}
    return (
        f"Its newest backup is {printable(str(backup))}. To restore it, stop whatever uses the database, then: "
        f"rm -f {quoted['-wal']} {quoted['-shm']} && cp {shlex.quote(printable(str(backup)))} {quoted['']}"
    )


class StoreTooOld(StoreError):
    def __init__(self, file: str) -> None:
        super().__init__(
            f"The database {file} was written by an earlier version of the tagger, and cannot be upgraded, since it "
            "is not writable. Run the command as a user who may write to it, or on a copy: --db COPY"
        )


class StoreTooNew(StoreError):
    def __init__(self, file: str, revision: str) -> None:
        super().__init__(
            f"The database {file} was written by a newer version of the tagger: revision {revision} is unknown here. "
            "Upgrade the tagger: git pull in its folder, then install it as before, and restart what still runs."
        )


class BackupFailed(StoreError):
    def __init__(self, folder: str, problem: str) -> None:
        super().__init__(
            f"The database could not be copied to {folder}: {problem}. Older copies are untouched. "
            "Check the folder's permissions and free space, or name another: jobs.backup_folder."
        )


class CopyDiffers(StoreError):
    def __init__(self, name: str, table: str, expected: int, found: int) -> None:
        super().__init__(
            f"{name} is not a copy: its table {table} has {found:,} rows, and not the same {expected:,} as the "
            "original. Copy into a new database, while nobody uses either of the two."
        )


class RunNotEnded(StoreError):
    def __init__(self, run_id: int) -> None:
        super().__init__(f"Run {run_id} is still in progress. Stop it, or wait until it has ended, and try again.")


class QuerySyntaxError(StoreError):
    """A query is not written in the query language.

    Args:
        text: the query.
        at: the index of the character where the mistake is.
        *sentences: what is wrong.

    Attributes:
        pointed: the query around the mistake, with a mark below that.
    """

    def __init__(self, text: str, at: int, *sentences: Sentence) -> None:
        self.at = at
        self.sentences = (Sentence("The query is wrong at character {number}.", number=at + 1), *sentences)
        start = max(0, at - AROUND)
        margin = " " * display_width(printable(text[start:at]))
        self.pointed = f"{printable(text[start : at + AROUND])}\n{margin}^"
        super().__init__(f"{' '.join(map(printable, map(str, self.sentences)))}\n{indent(self.pointed, ' ' * 4)}")


class UnknownName(StoreError):
    """A filter names something that the store does not have.

    Args:
        sentence: says what is unknown.
        nearest: similar names, best first.
        fallback: what to do on the command line if there is no similar name.

    Attributes:
        sentences: all but the fallback.
    """

    def __init__(self, sentence: Sentence, nearest: Sequence[str], fallback: str) -> None:
        self.nearest = tuple(nearest)
        self.sentences = (sentence, *ask_which(nearest))
        super().__init__(" ".join([*map(str, self.sentences), *([] if nearest else [fallback])]))


class UnknownLandmark(UnknownName):
    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        super().__init__(
            Sentence("No landmark is called {name}.", name=repr(name)), nearest, "'tagger labels' lists all of them."
        )


class UnknownCountry(UnknownName):
    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        super().__init__(
            Sentence("No landmark is in {name}.", name=repr(name)), nearest, "'tagger labels' lists all countries."
        )


class UnknownCity(UnknownName):
    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        super().__init__(
            Sentence("No landmark is in the city {name}.", name=repr(name)),
            nearest,
            "'tagger labels' lists all cities.",
        )


class UnknownModel(UnknownName):
    def __init__(self, name: str, nearest: Sequence[str], models: Sequence[str] = ()) -> None:
        fallback = f"The models are: {', '.join(models)}." if models else "'tagger runs' lists the models used so far."
        super().__init__(Sentence("No model is called {name}.", name=repr(name)), nearest, fallback)


class AmbiguousModel(UnknownName):
    def __init__(self, name: str, models: Sequence[str]) -> None:
        super().__init__(
            Sentence("Several models are called {name}.", name=repr(name)),
            models,
            "Write its name and version, or its id.",
        )


class UnknownRun(UnknownName):
    def __init__(self, run_id: int) -> None:
        super().__init__(Sentence("There is no run {number}.", number=run_id), (), "'tagger runs' lists all of them.")


class UnknownFolder(UnknownName):
    def __init__(self, folder: str, *, is_gone: bool = False) -> None:
        if is_gone:
            super().__init__(
                Sentence("All files below {folder} are gone.", folder=repr(folder)), (), "Add --gone to list them."
            )
        else:
            super().__init__(
                Sentence("The database has no files below {folder}.", folder=repr(folder)),
                (),
                "Check the path, or tag the folder first.",
            )


class UnknownPhoto(UnknownName):
    def __init__(self, sha256: str) -> None:
        super().__init__(
            Sentence("The photo {sha256} is not in the store.", sha256=sha256),
            (),
            "Run 'tagger tag' on its folder first.",
        )

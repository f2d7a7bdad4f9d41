"""Every expected error, one tree. A class writes its own sentence: the thing, then what to do next.

    TaggerError
    ├── ConfigError            a setting is unknown, malformed or contradictory
    ├── MissingExtra           an optional package is not installed
    ├── BundleError            a model folder cannot be used
    │   ├── BundleNotFound
    │   ├── BundleDamaged      a file is missing, truncated or altered
    │   └── BundleTooNew       written by a later version of the tagger
    ├── EngineError
    │   ├── EngineUnavailable  what was asked for does not exist on this machine
    │   └── EngineFailed       inference broke in the middle of a run
    ├── WatchFailed            the system refuses to watch a folder
    ├── UnknownJob             a job is called that there is not
    ├── DecoderUnavailable     no process can be started to decode photos
    ├── FolderNotFound         a folder to scan is not there
    ├── FolderClosed           a folder to watch, or one above it, may not be entered
    ├── RunInProgress          another run has the database
    ├── PhotoError             one photo cannot be read; the pipeline turns it into `Failed`
    └── StoreError             the database cannot do what is asked of it; `db.errors` has its branches

A surface catches `TaggerError`; the message is meant for people as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from tagger.core.text import did_you_mean


class TaggerError(Exception):
    """Root of what a caller may want to catch."""


class ConfigError(TaggerError):
    """A setting is unknown, malformed or contradictory."""


class MissingExtra(TaggerError):
    """An optional package is not installed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs the extra '{extra}': pip install 'landmark-tagger[{extra}]'")


def require_extra(purpose: str, extra: str, *packages: str) -> None:
    """Check that the packages of an extra are installed.

    Raises:
        MissingExtra: one of them is not.
    """
    if any(find_spec(package) is None for package in packages):
        raise MissingExtra(purpose, extra)


class BundleError(TaggerError):
    """A model folder cannot be used."""


class BundleNotFound(BundleError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} is no bundle: it has no card.json. Name a folder made by 'python -m training export', "
            "or leave --bundle out to use the shipped one."
        )


class BundleDamaged(BundleError):
    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(f"{file}: {problem}. Export or download the bundle again.")


class BundleTooNew(BundleError):
    def __init__(self, file: Path, found: object, known: int) -> None:
        super().__init__(
            f"{file} has bundle format {found}, this version reads up to {known}. "
            "Upgrade: pip install --upgrade landmark-tagger"
        )


class EngineError(TaggerError):
    """Root of what goes wrong in a runtime."""


class EngineUnavailable(EngineError):
    """What was asked for does not exist on this machine."""


class EngineFailed(EngineError):
    """Inference broke; the message names the engine and the batch."""


class WatchFailed(TaggerError):
    """Args:
    limit: the kernel's setting that is too low, if that is the reason.
    """

    def __init__(self, problem: str, limit: str | None) -> None:
        remedy = f"Raise the limit: sudo sysctl {limit}" if limit else "Tag the folder at night instead: jobs.nightly"
        super().__init__(f"The folders cannot be watched: {problem}. {remedy}")


class UnknownJob(TaggerError):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        jobs = list(known)
        super().__init__(f"No job is called {name!r}.{did_you_mean(name, jobs)} There are: {', '.join(jobs)}.")


class DecoderUnavailable(TaggerError):
    def __init__(self, end: str) -> None:
        super().__init__(
            f"No process can be started to decode photos: {end}. "
            "See what 'python -m tagger.image.decoder_worker' says, "
            "and how much memory and how many processes are allowed."
        )


class FolderNotFound(TaggerError):
    def __init__(self, folder: str) -> None:
        super().__init__(
            f"{folder!r} is neither a file nor a folder. Check the path, or mount the drive, and run again."
        )


class FolderClosed(TaggerError):
    def __init__(self, folder: str, problem: str) -> None:
        super().__init__(
            f"{folder!r} may not be entered: {problem}. Give this user the right to read it, and run again."
        )


class RunInProgress(TaggerError):
    """Its `who` says who is at work, without advice, for those who wait."""

    def __init__(self, database: str, holder: str) -> None:
        self.who = f"Another run is at work on {database} ({holder})"
        super().__init__(f"{self.who}. Wait until it has ended, or stop it, then run again.")


class PhotoError(TaggerError):
    """One photo cannot be read.

    Args:
        kind: a short stable word for programs, see `tagger.image.decode.KINDS`.
        message: a sentence for people.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class StoreError(TaggerError):
    """Root of what can be wrong with a store."""

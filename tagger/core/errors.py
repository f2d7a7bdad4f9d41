"""All expected errors, in one tree. A class writes its own sentence: what is wrong, then what to do next.

    TaggerError
    ├── ConfigError            a setting is unknown, malformed or contradictory
    ├── MissingExtra           an optional package is not installed
    ├── BundleError            a model folder cannot be used
    │   ├── BundleNotFound
    │   ├── BundleDamaged      a file is missing, truncated or altered
    │   └── BundleTooNew       written by a later version of the tagger
    ├── EngineError
    │   ├── EngineUnavailable  this machine does not have what was requested
    │   └── EngineFailed       inference failed in the middle of a run
    ├── OutOfResources         the system has no memory, threads, open files or disk space left
    ├── WatchFailed            the system refuses to watch a folder
    ├── UnknownJob             there is no job of this name
    ├── UnknownLanguage        no landmark has a name in this language
    ├── DecoderUnavailable     no process can be started to decode photos
    ├── FolderNotFound         a folder to scan does not exist
    ├── FolderNotReadable      a folder to watch, or one above it, cannot be opened
    ├── RunInProgress          another run uses the database
    ├── BatchFailed            Ray cannot do the work of a batch
    ├── WorkersDiffer          the workers on the database use another model
    ├── WorkerGivenUp          a worker was silent for so long that others do its work
    ├── WorkerBlind            a worker does not see the files that it should tag
    ├── BotInProgress          another bot uses the database or the token
    ├── SidecarError           one XMP sidecar cannot be used
    ├── TeachingError          photos cannot teach a place, or nobody has taught it
    ├── DecisionsError         a CSV of decisions, or a photo to decide about, cannot be read
    ├── PhotoError             one photo cannot be read; the pipeline turns it into `Failed`
    └── StoreError             the database cannot do what is asked; `db.errors` has its branches

A surface catches `TaggerError` and shows its message.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from tagger.core.text import did_you_mean


class TaggerError(Exception):
    """The root of all expected errors."""


class ConfigError(TaggerError):
    """A setting is unknown, malformed or contradictory."""


class MissingExtra(TaggerError):
    """An optional package is not installed."""

    def __init__(self, purpose: str, extra: str) -> None:
        from tagger.core.extras import install_command  # would slow down every start

        super().__init__(f"{purpose} needs the extra '{extra}': {install_command(extra)}")


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
            f"{folder} is not a bundle: it has no card.json. Name a folder made by 'python -m training export', "
            "or omit --bundle to use the shipped one."
        )


class BundleDamaged(BundleError):
    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(f"{file}: {problem}. Export or download the bundle again.")


class BundleTooNew(BundleError):
    def __init__(self, file: Path, found: object, known: int) -> None:
        super().__init__(
            f"{file} has bundle format {found}, but this version reads only up to {known}. "
            "Upgrade the tagger: git pull in its folder, then install it as before."
        )


class EngineError(TaggerError):
    """A runtime cannot do its work."""


class EngineUnavailable(EngineError):
    """This machine does not have what was requested."""


class EngineFailed(EngineError):
    """Inference failed; the message names the engine and the batch."""


class OutOfResources(TaggerError):
    """The system ran out of something; `tagger.core.problems.shortage` finds out of what."""

    def __init__(self, resource: str, advice: str) -> None:
        super().__init__(f"The system ran out of {resource}. {advice}")


class WatchFailed(TaggerError):
    """The system refuses to watch a folder.

    Args:
        problem: what the system says.
        limit: the kernel's setting that is too low, if that is the reason.
    """

    def __init__(self, problem: str, limit: str | None) -> None:
        advice = f"Raise the limit: sudo sysctl {limit}" if limit else "Tag the folder at night instead: jobs.nightly"
        super().__init__(f"The folders cannot be watched: {problem}. {advice}")


class UnknownJob(TaggerError):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        jobs = list(known)
        super().__init__(f"There is no job {name!r}.{did_you_mean(name, jobs)} The jobs are: {', '.join(jobs)}.")


class UnknownLanguage(TaggerError):
    def __init__(self, language: str, known: Iterable[str]) -> None:
        super().__init__(f"There are no names in the language {language!r}. There are: {', '.join(known)}.")


class DecoderUnavailable(TaggerError):
    def __init__(self, end: str) -> None:
        super().__init__(
            f"No process can be started to decode photos: {end}. "
            "Check what 'python -m tagger.image.decoder_worker' prints, and the limits on memory and processes."
        )


class FolderNotFound(TaggerError):
    def __init__(self, folder: str) -> None:
        super().__init__(
            f"{folder!r} is neither a file nor a folder. Check the path, or mount the drive, and run again."
        )


class FolderNotReadable(TaggerError):
    def __init__(self, folder: str, problem: str) -> None:
        super().__init__(
            f"{folder!r} cannot be opened: {problem}. Give this user permission to read it, and run again."
        )


class RunInProgress(TaggerError):
    """Another run uses the database; `who` names it without advice, for callers that wait."""

    def __init__(self, database: str, holder: str) -> None:
        self.who = f"Another run is in progress on {database} ({holder})"
        super().__init__(f"{self.who}. Wait until it has ended, or stop it, then run again.")


class BatchFailed(TaggerError):
    """Ray cannot do the work of a batch; the message is a clause, and the next step."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"The batch has ended: {problem}.")


class WorkersDiffer(TaggerError):
    """The workers on the database use another model, so their answers could not be told apart.

    Args:
        database: theirs.
        worker: one of them.
    """

    def __init__(self, database: str, worker: str) -> None:
        super().__init__(
            f"The workers on {database} use another model ({worker}). Start this one with the same --bundle, "
            "or wait until they have ended."
        )


class WorkerGivenUp(TaggerError):
    """This worker was silent for so long that others do its work."""

    def __init__(self, lease_s: float) -> None:
        super().__init__(
            f"This worker was silent for {lease_s:g} s, because its machine or the database is too busy, so other "
            "workers tag its photos now. Start it again; if that happens often, raise the setting worker_lease_s."
        )


class WorkerBlind(TaggerError):
    """A worker does not see files that another one has found, so it leaves them to the others.

    Args:
        path: of one of them on this machine.
    """

    def __init__(self, path: str) -> None:
        super().__init__(
            f"This worker cannot see {path!r}, which another worker has found, so it leaves the photos to the others. "
            "Mount the drive here, let this user read the folder, or correct worker_paths, and start it again."
        )


class BotInProgress(TaggerError):
    """Another bot uses the database or the token; two would answer everything twice.

    Args:
        what: what both need, such as "the database /data/tags.sqlite".
        holder: the process that has it, and since when.
        advice: what the user can do instead.
    """

    def __init__(self, what: str, holder: str, advice: str) -> None:
        super().__init__(f"Another bot is using {what} ({holder}). Stop it first, or {advice}.")


class TeachingError(TaggerError):
    """Photos cannot teach a place, or nobody has taught it."""


class DecisionsError(TaggerError):
    """A CSV of decisions, or a photo to decide about, cannot be read."""


class PhotoError(TaggerError):
    """One photo cannot be read.

    Args:
        kind: a stable word for programs, see `tagger.image.decode.KINDS`.
        message: a sentence for people.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class SidecarError(TaggerError):
    """One XMP sidecar cannot be used; the message is a clause about "it"."""


class StoreError(TaggerError):
    """The database cannot do what is requested."""

"""Check the set-up of this machine. Each check is one line; a problem comes with its solution."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from PIL import Image

from db.engine import Store, open_store, store_exists
from db.errors import NotAStore
from db.location import store_file, store_name
from db.read.catalog import last_starts
from db.write.backup import newest_copy
from tagger.config.bot_token import read_token
from tagger.config.cron import local
from tagger.config.settings import Settings
from tagger.core.errors import TaggerError
from tagger.core.extras import install_command
from tagger.core.text import format_bytes
from tagger.core.version import __version__
from tagger.model.predictor import load

PACKAGES = ("numpy", "pillow", "openvino", "sqlalchemy", "torch", "pillow-heif", "matplotlib")
ADVISED_FREE_BYTES = 1_000_000_000
GREY_TAGGED = "the bundle tags a plain grey picture; train it with more kinds of photos that show no landmark"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Args:
        status: ``problem`` if something does not work, ``warning`` if it works less well than it could.
        text: for anything but ``ok`` it says what to do.
    """

    topic: str
    status: Literal["ok", "warning", "problem"]
    text: str


def examine(settings: Settings, settings_file: Path | None = None) -> Iterator[Finding]:
    """Run all checks; an early problem may explain later ones.

    Args:
        settings: those of the commands that should work.
        settings_file: where they come from, to name it.
    """
    yield Finding("versions", "ok", _versions())
    yield from _checked("settings", lambda: [_settings(settings, settings_file)])
    yield from _checked("model", lambda: _model(settings))
    yield from _checked("formats", _formats)
    yield from _checked("folders", lambda: [_folders(settings)])
    yield from _of_store(settings)
    yield from _checked("disk", lambda: [_disk(settings)])


def _checked(topic: str, check: Callable[[], Sequence[str]]) -> Iterator[Finding]:
    """One finding for what was checked, and one for each warning that the check returns after it."""
    try:
        text, *warnings = check()
    except TaggerError as error:
        yield Finding(topic, "problem", str(error))
        return
    yield Finding(topic, "ok", text)
    yield from (Finding(topic, "warning", warning) for warning in warnings)


def _versions() -> str:
    versions = [f"landmark-tagger {__version__}", f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"no {package}")
    return ", ".join(versions)


def _model(settings: Settings) -> list[str]:
    """Open the bundle, which verifies it, and run the model once. The warnings of its card follow."""
    model = load(settings.bundle, engine=settings.engine, device=settings.device, precision=settings.precision)
    card = model.bundle.card
    answer = model.suggest(Image.new("RGB", (320, 240), "grey"), min_score=settings.min_score)
    first = card.first_look
    looks = f"two looks: {first.network} answers none below {first.none_below:.1%}" if first else "one look"
    strict = f"; a tag needs a score of {settings.min_score:g}" if settings.min_score else ""
    text = (
        f"{card.name} {card.version} in {model.bundle.folder}, verified, {len(card.classes)} landmarks; "
        f"{looks}; {model.engine.info}; a grey picture shows {answer.status}{strict}"
    )
    untested = [GREY_TAGGED] if answer.status == "tagged" else []  # by a calibration of earlier versions
    return [text, *(card.warnings or untested)]


def _settings(settings: Settings, file: Path | None) -> str:
    """The settings file, and the bot's token if there is one: nothing is sent to Telegram."""
    text = str(file) if file else "there is no settings file"
    if settings.bot_token is None and settings.bot_token_file is None:
        return text
    read_token(settings)
    return f"{text}; the bot's token is well-formed"


def _formats() -> list[str]:
    if find_spec("pillow_heif") is None:
        return ["all but HEIC", f"HEIC photos cannot be read; to read them: {install_command('heif')}"]
    return ["all, HEIC too"]


def _folders(settings: Settings) -> str:
    """The folders of the settings, each of which must exist and be readable."""
    problems = list(filter(None, map(_folder_problem, settings.folders)))
    if problems:
        raise TaggerError("; ".join(problems))
    return ", ".join(map(str, settings.folders)) or "the settings name none for the nightly job and 'tagger watch'"


def _folder_problem(folder: Path) -> str | None:
    try:
        with os.scandir(folder) as entries:
            if next(entries, None) is None:
                return f"{folder} is empty: mount its drive, or correct the setting folders"
    except OSError as error:
        return f"{folder} cannot be read ({error.strerror}): mount its drive, or correct the setting folders"
    return None


def _of_store(settings: Settings) -> Iterator[Finding]:
    """Open the database, which upgrades it, and check what is in it."""
    if not store_exists(settings.db_url):
        yield Finding("database", "ok", f"{store_name(settings.db_url)} does not exist yet; 'tagger tag' creates it")
        return
    try:
        with open_store(settings.db_url, backup_folder=settings.jobs.backup_folder, for_reading=True) as store:
            yield from _checked("database", lambda: _database(store))
            yield from _checked("jobs", lambda: [_jobs(store, settings.zone())])
    except TaggerError as error:
        yield Finding("database", "problem", str(error))


def _database(store: Store) -> list[str]:
    """Read the whole database."""
    backup = newest_copy(store.file, store.backup_folder)
    if damage := store.find_damage():
        raise NotAStore(store.name, f"it is damaged ({damage})", backup)
    text = f"{store.name} is sound and up to date, {format_bytes(store.size_bytes())}; {_backups(store, backup)}"
    if not store.is_writable():
        return [text, f"{store.name} or its folder is not writable by this user, so nothing can be stored"]
    return [text]


def _backups(store: Store, newest: Path | None) -> str:
    if store.is_on_server:
        return "its backups are left to the server"
    return f"its newest backup is {newest}" if newest else "it has no backup yet"


def _jobs(store: Store, zone: tzinfo | None) -> str:
    """How the jobs ended when they last ran, for example last night."""
    with store.read() as connection:
        last = last_starts(connection)
    problems = [
        f"{row.job} {row.status} on {local(row.started_at, zone)}: {row.message}. "
        f"Once that is fixed: tagger jobs run {row.job}"
        for row in last.values()
        if row.status in ("failed", "died")
    ]
    if problems:
        raise TaggerError("; ".join(problems))
    ended = (f"{row.job} {row.status} on {local(row.started_at, zone)}" for row in last.values())
    return ", ".join(ended) or "no job has run yet"


def _disk(settings: Settings) -> str:
    """The free space where the database is, or will be."""
    folder = (store_file(settings.db_url) or Path(settings.bot_folder)).parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{format_bytes(free)} free in {folder}"
    if free < ADVISED_FREE_BYTES:
        raise TaggerError(f"{text}: free some, or put the database elsewhere with --db or TAGGER_DB_URL")
    return text

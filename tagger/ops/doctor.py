"""Check the set-up of this machine. Each check is one line; a problem comes with its solution."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from PIL import Image

from db.engine import open_store
from db.location import store_exists, store_file
from tagger.config.settings import Settings
from tagger.core.errors import TaggerError
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


def examine(settings: Settings) -> Iterator[Finding]:
    """Run all checks; an early problem may explain later ones."""
    yield Finding("versions", "ok", _versions())
    yield from _checked("model", lambda: _model(settings))
    yield from _checked("database", lambda: [_database(settings)])
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


def _database(settings: Settings) -> str:
    file = store_file(settings.db_url)
    if not store_exists(settings.db_url):
        return f"{file} does not exist yet; 'tagger tag' makes it"
    with open_store(settings.db_url):
        return f"{file} can be opened and is current, {format_bytes(file.stat().st_size)}"


def _disk(settings: Settings) -> str:
    """Free space where the database is, or will be."""
    folder = store_file(settings.db_url).parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{format_bytes(free)} free in {folder}"
    if free < ADVISED_FREE_BYTES:
        raise TaggerError(f"{text}: free some, or put the database elsewhere with --db or TAGGER_DB_URL")
    return text

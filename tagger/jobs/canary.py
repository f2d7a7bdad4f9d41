"""Known pictures, asked again and again: a model, a driver or a library that broke is found the next morning.

The one rule: the last answer that was as it should be is kept until one as good comes, so a drop is told every time
until it is mended. Whoever accepts the new answer takes the picture out of the folder, or moves it to another label.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db.engine import Store
from db.rows import CanaryRow
from db.write.canary import NOTHING, canaries, forget_canaries, keep_canaries
from tagger.core.errors import ConfigError, FolderNotFound
from tagger.core.text import printable
from tagger.library.recorder import register
from tagger.library.scan import Globs, scan

if TYPE_CHECKING:
    from tagger.core.types import Answer
    from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

UNREADABLE = "unreadable"
DRAWN = ("grey", "red", "green", "blue", "orange")
DRAWN_SIZE_PX = (320, 240)
DRIFT = 0.05  # of a score: another precision moves one by less, another network by more


@dataclass(frozen=True, slots=True)
class Drop:
    before: CanaryRow
    now: CanaryRow

    def __str__(self) -> str:
        told = (f"{row.found} {row.score:.0%}" for row in (self.before, self.now))
        return f"{self.now.label} (it was {next(told)}, now {next(told)})"


@dataclass(frozen=True, slots=True)
class Seen:
    """Args:
    right: how many pictures are answered as they should be.
    drops: those that once were and are not any more.
    """

    pictures: int
    right: int
    drops: tuple[Drop, ...]

    def __str__(self) -> str:
        told = f"{self.right} of {self.pictures} known pictures are answered as they should be"
        if not self.drops:
            return told
        return f"THE MODEL GOT WORSE: {told}; these were, and are not any more: {', '.join(map(str, self.drops))}"


def check(store: Store, tagger: Tagger, folder: Path | None) -> Seen:
    """Ask a model for pictures, and compare with what it, or the model before it, said last.

    Args:
        folder: a folder for each landmark, named by its id, and one named ``none``; None for drawn pictures, whose
            right answer is the one that the same model gave first.

    Raises:
        FolderNotFound: the folder is not there.
        ConfigError: it holds no picture, or a folder in it is no landmark of the model.
    """
    model = register(store, tagger.bundle)
    with store.read() as connection:
        before = canaries(connection, model=None if folder else model)
    rows = list(_asked(tagger, folder)) if folder else [_settled(row, before) for row in _drawn(tagger)]
    may_drift = 1.0 if folder else DRIFT
    drops = [Drop(was, row) for row in rows if (was := before.get(row.sha256)) and _is_drop(was, row, may_drift)]
    dropped = {drop.now.sha256 for drop in drops}
    sound = [row for row in rows if row.sha256 not in dropped]
    with store.write() as connection:
        keep_canaries(connection, sound, model=model)
        forget_canaries(connection, but=[row.sha256 for row in rows])
    seen = Seen(len(rows), sum(row.is_right for row in sound), tuple(drops))
    log.log(logging.ERROR if drops else logging.INFO, "%s", seen)
    return seen


def _asked(tagger: Tagger, folder: Path) -> Iterator[CanaryRow]:
    if not folder.is_dir():
        raise FolderNotFound(str(folder))
    paths = [found.path for found in scan([str(folder)], Globs())]
    labels = [Path(path).relative_to(folder.absolute()).parts[0] for path in paths]
    _check_labels(labels, [NOTHING, *(known.id for known in tagger.bundle.card.classes)], folder)
    for path, label, result in zip(paths, labels, tagger.tag(paths, 1), strict=True):
        found, score = _best(result.answer)
        yield CanaryRow(result.sha256 or _digest(path.encode()), printable(Path(path).name), label, found, score)


def _check_labels(labels: Sequence[str], known: Sequence[str], folder: Path) -> None:
    if not labels:
        raise ConfigError(f"{folder} holds no pictures. Put some into a folder for each landmark, named by its id.")
    for label in labels:
        if label not in known:
            raise ConfigError(f"{folder / label}: {label!r} is no landmark of this model. See 'tagger labels' for all.")


def _drawn(tagger: Tagger) -> Iterator[CanaryRow]:
    from PIL import Image

    for colour in DRAWN:
        picture = Image.new("RGB", DRAWN_SIZE_PX, colour)
        found, score = _best(tagger.suggest(picture, 1))
        yield CanaryRow(_digest(picture.tobytes()), f"a {colour} picture", found, found, score)


def _settled(row: CanaryRow, before: dict[str, CanaryRow]) -> CanaryRow:
    """A drawn picture, expected to be what it was the first time."""
    first = before.get(row.sha256)
    return CanaryRow(row.sha256, row.label, first.expected, row.found, row.score) if first else row


def _is_drop(before: CanaryRow, row: CanaryRow, may_drift: float) -> bool:
    if not before.is_right or before.expected != row.expected:
        return False
    return not row.is_right or abs(row.score - before.score) > may_drift


def _best(answer: Answer) -> tuple[str, float]:
    if answer.status == "failed":
        return UNREADABLE, 0.0
    best = answer.suggestions[0]
    return (best.landmark.id if answer.status == "tagged" else NOTHING), best.score


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

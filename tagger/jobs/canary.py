"""Check the model on known pictures, to notice a broken model, driver or library soon.

The one rule: the last right answer is kept until another right answer comes, so a regression is reported every time
until it is fixed. To accept a new answer, remove the picture from its folder or move it to another label.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from db.engine import Store
from db.rows import CanaryRow
from db.write.canary import NOTHING, canaries, prune_canaries, save_canaries
from tagger.core.errors import ConfigError, FolderNotFound
from tagger.core.text import printable
from tagger.library.recorder import register
from tagger.library.scan import scan
from tagger.library.selection import Globs

if TYPE_CHECKING:
    from tagger.core.types import Answer
    from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

UNREADABLE = "unreadable"
COLOURS = ("grey", "red", "green", "blue", "orange")
DRAWN_SIZE_PX = (320, 240)
MAX_DRIFT = 0.05  # of a score: a different precision changes it by less, a different network by more


@dataclass(frozen=True, slots=True)
class Regression:
    """A picture whose answer was right before, and is now wrong."""

    before: CanaryRow
    now: CanaryRow

    def __str__(self) -> str:
        before, now = (f"{row.found} {row.score:.0%}" for row in (self.before, self.now))
        return f"{self.now.label} (it was {before}, now {now})"


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """The result on all pictures."""

    pictures: int
    right: int  # how many answers are right
    regressions: tuple[Regression, ...]

    def __str__(self) -> str:
        message = f"{self.right} of {self.pictures} known pictures have the right answer"
        if not self.regressions:
            return message
        return f"THE MODEL GOT WORSE: {message}; right before, wrong now: {', '.join(map(str, self.regressions))}"


def check(store: Store, tagger: Tagger, folder: Path | None) -> CanaryReport:
    """Run a model on the pictures, and compare its answers with the last right ones.

    Args:
        folder: one folder for each landmark, named after its id, and one named ``none``; None for drawn pictures, for
            which the first answer of the same model is taken as right.

    Raises:
        FolderNotFound: the folder does not exist.
        ConfigError: it contains no pictures, or one of its folders is not named after a landmark of the model.
    """
    model = register(store, tagger.bundle)
    with store.read() as connection:
        before = canaries(connection, model=None if folder else model)
    rows = list(_from_folder(tagger, folder)) if folder else [_expect_first(row, before) for row in _drawn(tagger)]
    max_drift = 1.0 if folder else MAX_DRIFT
    regressions = [
        Regression(last, row) for row in rows if (last := before.get(row.sha256)) and _is_worse(last, row, max_drift)
    ]
    worse = {regression.now.sha256 for regression in regressions}
    sound = [row for row in rows if row.sha256 not in worse]
    with store.write() as connection:
        save_canaries(connection, sound, model=model)
        prune_canaries(connection, keep=[row.sha256 for row in rows])
    report = CanaryReport(len(rows), sum(row.is_right for row in sound), tuple(regressions))
    log.log(logging.ERROR if regressions else logging.INFO, "%s", report)
    return report


def _from_folder(tagger: Tagger, folder: Path) -> Iterator[CanaryRow]:
    if not folder.is_dir():
        raise FolderNotFound(str(folder))
    paths = [found.path for found in scan([str(folder)], Globs())]
    labels = [Path(path).relative_to(folder.absolute()).parts[0] for path in paths]
    _check_labels(labels, [NOTHING, *(landmark.id for landmark in tagger.bundle.card.classes)], folder)
    for path, label, result in zip(paths, labels, tagger.tag(paths, 1, gps=False), strict=True):
        found, score = _best(result.answer)
        yield CanaryRow(result.sha256 or _digest(path.encode()), printable(Path(path).name), label, found, score)


def _check_labels(labels: Sequence[str], allowed: Sequence[str], folder: Path) -> None:
    if not labels:
        raise ConfigError(
            f"{folder} contains no pictures. Put some into one folder for each landmark, named after its id."
        )
    for label in labels:
        if label not in allowed:
            raise ConfigError(
                f"{folder / label}: {label!r} is not a landmark of this model. 'tagger labels' lists them all."
            )


def _drawn(tagger: Tagger) -> Iterator[CanaryRow]:
    from PIL import Image

    for colour in COLOURS:
        picture = Image.new("RGB", DRAWN_SIZE_PX, colour)
        found, score = _best(tagger.suggest(picture, 1))
        yield CanaryRow(_digest(picture.tobytes()), f"a {colour} picture", found, found, score)


def _expect_first(row: CanaryRow, before: dict[str, CanaryRow]) -> CanaryRow:
    """The row of a drawn picture, with the first answer to it as the expected one."""
    first = before.get(row.sha256)
    return replace(row, expected=first.expected) if first else row


def _is_worse(before: CanaryRow, row: CanaryRow, max_drift: float) -> bool:
    if not before.is_right or before.expected != row.expected:
        return False
    return not row.is_right or abs(row.score - before.score) > max_drift


def _best(answer: Answer) -> tuple[str, float]:
    if answer.status == "failed":
        return UNREADABLE, 0.0
    best = answer.suggestions[0]
    return (best.landmark.id if answer.status == "tagged" else NOTHING), best.score


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

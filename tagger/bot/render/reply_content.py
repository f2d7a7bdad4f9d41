"""What an answer shows: landmarks by their numbers in the store, with scores, and why they stand where they do.

The one rule: an answer that is edited says what it said before, so this is stored with it; coordinates are not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tagger.core.types import Failed, Result
from tagger.evidence.albums import fuse
from tagger.evidence.gps import decisive_evidence

MOST_PLACES = 5  # all tags of an album up to here; below that three, with what is only guessed
FEWEST_PLACES = 3


@dataclass(frozen=True, slots=True)
class ProcessedPhoto:
    """One photo after it was looked at.

    Args:
        file_unique_id: Telegram's number of a photo's content; None for a file.
        kept: where its bytes are kept.
    """

    message_id: int
    result: Result
    file_unique_id: str | None = None
    kept: Path | None = None


class ShownLandmark(NamedTuple):
    """Args:
    photos: how many of an album show it.
    is_tag: it is said, not only guessed.
    """

    landmark_id: int
    score: float
    photos: int
    is_tag: bool


class PhotoVerdict(NamedTuple):
    """What is said of one photo."""

    landmark_id: int | None
    score: float | None


class ShownEvidence(NamedTuple):
    """Args:
    kind: near or far, see `tagger.evidence.gps.Reason`.
    """

    kind: str
    landmark_id: int
    km: float


@dataclass(frozen=True, slots=True)
class ReplyContent:
    """Args:
    photos: how many were looked at.
    unread: how many could not be.
    """

    places: tuple[ShownLandmark, ...]
    reasons: tuple[ShownEvidence, ...]
    photos: int
    unread: int

    @property
    def is_tagged(self) -> bool:
        return any(place.is_tag for place in self.places)

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}  # `asdict` copies deeply, which takes long

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ReplyContent:
        places, reasons = (
            (ShownLandmark(*each) for each in value["places"]),
            (ShownEvidence(*each) for each in value["reasons"]),
        )
        return cls(tuple(places), tuple(reasons), value["photos"], value["unread"])


def reply_content(
    seen: Sequence[ProcessedPhoto], thresholds: dict[str, float], numbers: dict[str, int]
) -> tuple[ReplyContent, dict[int, PhotoVerdict]]:
    """What some photos show together, and what that says of each.

    Args:
        thresholds: the smallest score at which a landmark is a tag, by its key.
        numbers: the landmarks' numbers, by key.

    Returns:
        The look, and by message number what is told of a photo. Of photos that failed nothing is.
    """
    read = [photo for photo in seen if not isinstance(photo.result.answer, Failed)]
    answers = [photo.result.answer for photo in read]
    found = fuse(answers, thresholds)
    tags = [place for place in found if place.is_tag][:MOST_PLACES]
    shown = found[: max(len(tags), FEWEST_PLACES)]
    places = tuple(ShownLandmark(numbers[p.landmark.id], p.score, len(p.photos), p.is_tag) for p in shown)
    evidence = [e for answer in answers if (e := decisive_evidence(answer))]
    reasons = tuple(ShownEvidence(e.kind, numbers[e.landmark], round(e.km, 1)) for e in evidence)
    told = {
        photo.message_id: next(
            (PhotoVerdict(numbers[p.landmark.id], p.score) for p in tags if index in p.photos), PhotoVerdict(None, None)
        )
        for index, photo in enumerate(read)
    }
    return ReplyContent(places, reasons, len(read), len(seen) - len(read)), told

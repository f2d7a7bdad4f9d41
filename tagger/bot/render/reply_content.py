"""What an answer shows: landmarks by their ids in the store, their scores, and the evidence for them.

An edited answer keeps what it showed before, so this is stored with the answer; it contains no
coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tagger.core.types import Failed, Result
from tagger.evidence.albums import fuse
from tagger.evidence.gps import decisive_evidence

MAX_TAGS = 5  # of an album
MIN_LANDMARKS = 3  # if there are fewer tags, guesses are added


@dataclass(frozen=True, slots=True)
class ProcessedPhoto:
    """A photo and the model's answer to it.

    Args:
        file_unique_id: Telegram's id of a photo's content; None for a file.
        kept: where its bytes are kept.
    """

    message_id: int
    result: Result
    file_unique_id: str | None = None
    kept: Path | None = None


class ShownLandmark(NamedTuple):
    """A landmark in an answer.

    Attributes:
        photo_count: how many photos of an album show it.
        is_tag: its score reaches its threshold; else it is a guess.
    """

    landmark_id: int
    score: float
    photo_count: int
    is_tag: bool


class PhotoVerdict(NamedTuple):
    """What the answer says about one photo; no landmark if it shows none."""

    landmark_id: int | None
    score: float | None


class ShownEvidence(NamedTuple):
    """A file's coordinates as evidence.

    Attributes:
        kind: near or far, see `GpsEvidence`.
    """

    kind: str
    landmark_id: int
    km: float


@dataclass(frozen=True, slots=True)
class ReplyContent:
    """The content of an answer.

    Args:
        photo_count: how many photos could be read.
        unread_count: how many could not.
    """

    landmarks: tuple[ShownLandmark, ...]
    evidence: tuple[ShownEvidence, ...]
    photo_count: int
    unread_count: int

    def as_json(self) -> dict[str, Any]:
        """What is stored; earlier versions used the same names."""
        return {
            "places": self.landmarks,
            "reasons": self.evidence,
            "photos": self.photo_count,
            "unread": self.unread_count,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ReplyContent:
        landmarks = tuple(ShownLandmark(*shown) for shown in value["places"])
        evidence = tuple(ShownEvidence(*shown) for shown in value["reasons"])
        return cls(landmarks, evidence, value["photos"], value["unread"])


def reply_content(
    photos: Sequence[ProcessedPhoto], thresholds: dict[str, float], landmark_ids: dict[str, int]
) -> tuple[ReplyContent, dict[int, PhotoVerdict]]:
    """What photos show together, and what that means for each of them.

    Args:
        photos: one photo or the photos of an album.
        thresholds: the smallest score at which a landmark is a tag, by key.
        landmark_ids: the landmarks' ids in the store, by key.

    Returns:
        The content, and by message the verdict on each photo that could be read.
    """
    readable = [photo for photo in photos if not isinstance(photo.result.answer, Failed)]
    answers = [photo.result.answer for photo in readable]
    found = fuse(answers, thresholds)
    tags = [landmark for landmark in found if landmark.is_tag][:MAX_TAGS]
    landmarks = tuple(
        ShownLandmark(landmark_ids[shown.landmark.id], shown.score, len(shown.photos), shown.is_tag)
        for shown in found[: max(len(tags), MIN_LANDMARKS)]
    )
    decisive = [e for answer in answers if (e := decisive_evidence(answer, thresholds))]
    evidence = tuple(ShownEvidence(e.kind, landmark_ids[e.landmark], round(e.km, 1)) for e in decisive)
    verdicts = {
        photo.message_id: next(
            (PhotoVerdict(landmark_ids[tag.landmark.id], tag.score) for tag in tags if index in tag.photos),
            PhotoVerdict(None, None),
        )
        for index, photo in enumerate(readable)
    }
    return ReplyContent(landmarks, evidence, len(readable), len(photos) - len(readable)), verdicts

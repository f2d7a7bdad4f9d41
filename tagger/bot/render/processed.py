"""Photos with the model's answers, and what they show together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tagger.bot.render.error_texts import OF_MESSAGE
from tagger.bot.render.reply_text import ReplyContent, ShownEvidence, ShownLandmark
from tagger.bot.services import Services
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


class PhotoVerdict(NamedTuple):
    """What the answer says about one photo; no landmark if it shows none."""

    landmark_id: int | None
    score: float | None


Verdicts = dict[int, PhotoVerdict]  # by message


def content_of(services: Services, photos: Sequence[ProcessedPhoto]) -> tuple[ReplyContent, Verdicts]:
    """What photos show together, and the verdict on each of them that could be read."""
    thresholds, landmark_ids = services.batcher.thresholds, services.landmark_ids
    readable = [photo for photo in photos if not isinstance(photo.result.answer, Failed)]
    model_answers = [photo.result.answer for photo in readable]
    services.know({suggestion.landmark.id for answer in model_answers for suggestion in answer.suggestions})
    found = fuse(model_answers, thresholds)
    tags = [landmark for landmark in found if landmark.is_tag][:MAX_TAGS]
    landmarks = tuple(
        ShownLandmark(landmark_ids[shown.landmark.id], shown.score, len(shown.photos), shown.is_tag)
        for shown in found[: max(len(tags), MIN_LANDMARKS)]
    )
    decisive = [e for answer in model_answers if (e := decisive_evidence(answer, thresholds))]
    evidence = tuple(ShownEvidence(e.kind, landmark_ids[e.landmark], round(e.km, 1)) for e in decisive)
    verdicts = {
        photo.message_id: next(
            (PhotoVerdict(landmark_ids[tag.landmark.id], tag.score) for tag in tags if index in tag.photos),
            PhotoVerdict(None, None),
        )
        for index, photo in enumerate(readable)
    }
    failures = [photo.result.answer.kind for photo in photos if isinstance(photo.result.answer, Failed)]
    other_count = sum(kind in OF_MESSAGE for kind in failures)
    return ReplyContent(landmarks, evidence, len(readable), len(failures) - other_count, other_count), verdicts

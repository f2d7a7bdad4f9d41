"""Weigh known answers by positions that other programs have written into photos since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from db.read.files import content_answer
from db.read.photos import position_of
from db.write.files import Scanned
from db.write.scores import replace_scores
from tagger.core.types import NoLandmark, Tagged
from tagger.evidence.gps import apply_gps_prior

if TYPE_CHECKING:
    from db.engine import Connection


def weigh(connection: Connection, batch: Iterable[Scanned], *, model: int, thresholds: Mapping[str, float]) -> None:
    """Weigh the stored answers to photos whose metadata were read again, as if they had always been there.

    Only stored suggestions are weighed, by the model's own scores; nothing is inferred. Without a position an answer
    stays as it is.

    Args:
        connection: of a transaction that writes; the batch was written in it.
        batch: of a run.
        model: the row id of the model in use.
        thresholds: the smallest score at which a landmark is a tag, by landmark.
    """
    for _, result in batch:
        if not (result.is_inherited and result.info and result.sha256):
            continue
        position = position_of(connection, result.sha256)
        answer = content_answer(connection, result.picture or result.sha256, model=model, k=0)
        weighed = answer and apply_gps_prior(answer, position, thresholds)
        if weighed != answer and isinstance(weighed, Tagged | NoLandmark):
            replace_scores(connection, result.sha256, weighed, model=model)

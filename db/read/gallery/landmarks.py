"""The landmarks of a library: how many photos show each, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from db.dialect import of_greatest
from db.read.catalog import landmarks
from db.schema.models import File, Photo
from db.schema.views import machine_tag, person_tag
from tagger.core import types


@dataclass(frozen=True, slots=True)
class LandmarkCard:
    """A landmark.

    Args:
        landmark: what the store knows of it.
        photos: how many present photos show it.
        first_at: when the earliest was taken; None without photos.
        last_at: when the latest was taken.
        sha256: of the latest.
    """

    landmark: types.Landmark
    photos: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    sha256: str | None = None


def landmark_cards(connection: Connection) -> list[LandmarkCard]:
    """All landmarks, those with the most photos first."""
    cards = {id_: LandmarkCard(landmark) for id_, landmark in landmarks(connection).items()}
    for view in (machine_tag, person_tag):  # no photo has tags in both, nor a landmark twice
        is_present = select(File.id).where(File.photo_id == view.c.photo_id, File.gone_at.is_(None)).exists()
        counted = (
            select(view.c.landmark_id, func.count(), func.min(Photo.taken_at), func.max(Photo.taken_at))
            .join(Photo, Photo.id == view.c.photo_id)
            .where(view.c.is_current, is_present)
            .group_by(view.c.landmark_id)
        )
        newest = (
            select(view.c.landmark_id, of_greatest(Photo.sha256, Photo.taken_at), func.max(Photo.taken_at))
            .join(Photo, Photo.id == view.c.photo_id)
            .where(view.c.is_current, is_present)
            .group_by(view.c.landmark_id)
        )
        covers = {id_: sha256 for id_, sha256, _ in connection.execute(newest)}
        for id_, photos, first_at, last_at in connection.execute(counted):
            cards[id_] = _sum(cards[id_], LandmarkCard(cards[id_].landmark, photos, first_at, last_at, covers[id_]))
    return sorted(cards.values(), key=lambda card: (-card.photos, card.landmark.name))


def _sum(one: LandmarkCard, other: LandmarkCard) -> LandmarkCard:
    if one.first_at is None or one.last_at is None or other.first_at is None or other.last_at is None:
        return other if one.first_at is None else one
    newest = max(one, other, key=lambda card: card.last_at or datetime.min)
    return LandmarkCard(
        one.landmark,
        one.photos + other.photos,
        min(one.first_at, other.first_at),
        newest.last_at,
        newest.sha256,
    )

"""Which of a person's own photos a query finds, see docs/QUERY.md. Only conditions on what the person knows work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from db.read.query_language.tree import And, Circle, Condition, Node, Not, conditions
from db.telegram.people import PersonsPhoto
from tagger.core.distance import distance_km
from tagger.core.types import Position

CERTAIN = 1.0  # the score that a person's decision counts as
# `db.read.query_language.names` makes landmarks of countries and cities.
KEYS = ("landmark", "country", "city", "score", "taken", "tagged", "state", "near")

Positions = Mapping[int, Position]  # of landmarks, by row id


@dataclass(frozen=True, slots=True)
class _Row:
    """A photo, and what the person says about its answer."""

    photo: PersonsPhoto
    state: str
    positions: Positions

    def is_near(self, circle: Circle) -> bool:
        middle = Position(circle.lat, circle.lon)
        found = (self.positions[number] for number in self.photo.landmark_ids if number in self.positions)
        return any(distance_km(middle, position) <= circle.km for position in found)


MATCHES: dict[str, Callable[[_Row, Any], bool]] = {
    "landmark": lambda row, landmarks: not set(landmarks.ids).isdisjoint(row.photo.landmark_ids),
    "score": lambda row, scores: (CERTAIN if row.photo.score is None else row.photo.score) in scores,
    "taken": lambda row, period: row.photo.taken_at in period,
    "tagged": lambda row, period: row.photo.received_at in period,
    "state": lambda row, name: row.state == str(name),
    "near": _Row.is_near,
}


def matching(photos: Iterable[PersonsPhoto], query: Node, positions: Positions) -> list[PersonsPhoto]:
    """The photos of landmarks that a query finds, in their order.

    A photo whose answer the person rejected is listed with that answer, too, if the query names this state.

    Args:
        photos: all photos of the person.
        query: its names were looked up, and its keys are in `KEYS`.
        positions: where landmarks are; where a photo was taken is not stored.
    """
    names_rejected = any(found.key == "state" and str(found.value) == "rejected" for found in conditions(query))
    rows = (row for photo in photos for row in _rows(photo, positions) if names_rejected or row.state != "rejected")
    return [row.photo for row in rows if _matches(row, query)]


def _rows(photo: PersonsPhoto, positions: Positions) -> Iterator[_Row]:
    answered, score = photo.answer or (None, None)
    if photo.landmark_ids:
        state = "confirmed" if answered in photo.landmark_ids else "corrected"
        yield _Row(photo, state if photo.is_decided else "unreviewed", positions)
    if answered is not None and photo.is_decided and answered not in photo.landmark_ids:
        yield _Row(replace(photo, landmark_ids=(answered,), score=score), "rejected", positions)


def _matches(row: _Row, node: Node) -> bool:
    if isinstance(node, Condition):
        return MATCHES[node.key](row, node.value)
    if isinstance(node, Not):
        return not _matches(row, node.node)
    return (all if isinstance(node, And) else any)(_matches(row, inner) for inner in node.nodes)

"""Which of a person's own photos a query finds, see docs/QUERY.md. Only conditions on what the person knows work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from db.read.query_language.tree import And, Condition, Node, Not
from db.telegram.people import PersonsPhoto

CERTAIN = 1.0  # the score that a person's decision counts as

MATCHES: dict[str, Callable[[PersonsPhoto, Any], bool]] = {
    "landmark": lambda photo, landmarks: not set(landmarks.ids).isdisjoint(photo.landmark_ids),
    "score": lambda photo, scores: (CERTAIN if photo.score is None else photo.score) in scores,
    "taken": lambda photo, period: photo.taken_at in period,
    "tagged": lambda photo, period: photo.received_at in period,
}
KEYS = {*MATCHES, "country", "city"}  # `db.read.query_language.names` makes landmarks of these two


def matching(photos: Iterable[PersonsPhoto], query: Node) -> list[PersonsPhoto]:
    """The photos of landmarks that a query finds, whose names were looked up and whose keys are in `KEYS`."""
    return [photo for photo in photos if photo.landmark_ids and _matches(photo, query)]


def _matches(photo: PersonsPhoto, node: Node) -> bool:
    if isinstance(node, Condition):
        return MATCHES[node.key](photo, node.value)
    if isinstance(node, Not):
        return not _matches(photo, node.node)
    return (all if isinstance(node, And) else any)(_matches(photo, inner) for inner in node.nodes)

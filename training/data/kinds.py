"""What the kinds of negatives mean to people: other sights, documents, ordinary photos."""

from __future__ import annotations

from typing import Literal

Audience = Literal["sight", "document", "ordinary"]

AUDIENCES: tuple[Audience, ...] = ("sight", "ordinary", "document")
SIGHT_PREFIX = "sight_"
SIGHTS = frozenset({"sight", "sights", "castle_church_bridge", "other_landmark", "other_landmarks"})
DOCUMENTS = frozenset(
    {"document", "documents", "meme", "memes", "receipt", "receipts", "screen_text", "screenshot", "screenshots"}
)


def audience(kind: str) -> Audience:
    """The group that a negative's kind belongs to.

    Args:
        kind: the label of a negative in the manifest, such as ``sight_church``, ``screenshot`` or ``food``.

    Returns:
        ``sight`` for places that travellers photograph but the model does not know, ``document`` for text and
        screens, ``ordinary`` for everything else, including unknown kinds.
    """
    if kind.startswith(SIGHT_PREFIX) or kind in SIGHTS:
        return "sight"
    return "document" if kind in DOCUMENTS else "ordinary"

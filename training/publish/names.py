"""Names and places in a bundle's card, from the file that describes the landmarks.

The one rule: they are not part of a model's identity, so a card with better names re-tags no library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tagger.core.errors import ConfigError
from tagger.model.bundle import Bundle, open_bundle, write_card
from tagger.model.card import FORMAT, Card, LandmarkClass
from training.data.landmarks import load_landmarks


def update_names(folder: Path | None, landmarks: Path) -> Bundle:
    """Rewrite a bundle's card with the names and places of a file.

    Args:
        folder: None means the shipped bundle.

    Raises:
        ConfigError: the file is invalid, or describes other landmarks.
        BundleError: the folder is not a valid bundle.
    """
    bundle = open_bundle(folder)
    classes = load_landmarks(landmarks)
    if [entry.id for entry in classes] != [entry.id for entry in bundle.card.classes]:
        raise ConfigError(f"{landmarks} does not describe the landmarks of {bundle.folder} in their order.")
    return write_card(bundle.folder, described(bundle.card, classes))


def described(card: Card, classes: Sequence[LandmarkClass]) -> Card:
    """The card in the present format with the names and places of these classes, and with its own thresholds."""
    thresholds = card.thresholds
    entries = tuple(replace(entry, threshold=thresholds[entry.id]) for entry in classes)
    return replace(card, format=FORMAT, classes=entries)

"""Let a model that answers for a long time know what was taught meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.engine import Store
from db.taught.places import model_number, taught_version

if TYPE_CHECKING:
    from tagger.model.predictor import Tagger


def follow_taught(store: Store, tagger: Tagger) -> None:
    """Give a model the taught places of a store, if they changed since."""
    with store.read() as connection:
        if taught_version(connection) == tagger.taught.version:
            return
        model = model_number(connection, tagger.bundle.model_id)
    if model is None:
        return
    from tagger.library.taught.places import load_taught

    tagger.taught = load_taught(store, tagger.bundle, model=model)

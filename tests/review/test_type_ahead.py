"""Landmarks are found while a name is typed, in any language."""

from __future__ import annotations

from tagger.core.types import Landmark
from tagger.model.bundle import open_bundle, shipped_folder
from tagger.review.type_ahead import matches

PARTS = [
    Landmark("eiffel_tower", "Eiffel Tower", "France", names={"fr": "Tour Eiffel", "ja": "エッフェル塔"}),
    Landmark("tower_bridge", "Tower Bridge", "United Kingdom"),
    Landmark("sacre_coeur", "Sacré-Cœur", "France", aliases=("Basilica of the Sacred Heart",)),
]
LANDMARKS = {landmark.id: landmark for landmark in PARTS}


def found(text: str, limit: int = 9) -> list[str]:
    return [landmark.id for landmark in matches(text, LANDMARKS, limit=limit)]


def test_nothing_typed_yet_offers_all_in_their_order() -> None:
    assert (found(""), found("  ", limit=1)) == (list(LANDMARKS), ["eiffel_tower"])


def test_any_word_of_a_name_in_any_language_may_begin_it() -> None:
    assert found("to") == found("Tow") == ["eiffel_tower", "tower_bridge"]
    assert found("tour e") == found("エッフ") == found("EIFFEL") == ["eiffel_tower"]
    assert found("sacre c") == found("basil") == found("sacred") == ["sacre_coeur"]


def test_a_whole_name_comes_first_and_a_typo_is_forgiven() -> None:
    assert found("Tower Bridge")[0] == "tower_bridge"
    assert found("eifel towr")[:1] == ["eiffel_tower"]
    assert found("qqqq") == []


def test_the_shipped_landmarks_are_found_by_their_foreign_names() -> None:
    card = open_bundle(shipped_folder(), verify=False).card
    shipped = {output.id: output.landmark() for output in card.classes}
    for text, key in (("장", None), ("Эйфел", "eiffel_tower"), ("埃菲", "eiffel_tower"), ("Kolosse", "colosseum")):
        ids = [landmark.id for landmark in matches(text, shipped, limit=5)]
        assert key is None or key in ids, text

"""What the kinds of negatives mean to people."""

from __future__ import annotations

import pytest

from training.data.kinds import AUDIENCES, Audience, audience


@pytest.mark.parametrize("kind", ["sight_church", "sight_", "other_landmark", "castle_church_bridge", "sights"])
def test_places_to_visit_are_sights(kind: str) -> None:
    assert audience(kind) == "sight"


@pytest.mark.parametrize("kind", ["document", "documents", "screenshot", "screen_text", "meme", "receipts"])
def test_text_and_screens_are_documents(kind: str) -> None:
    assert audience(kind) == "document"


@pytest.mark.parametrize("kind", ["food", "people", "buildings", "other", "my_own_kind", "sightseeing_bus", ""])
def test_everything_else_is_ordinary(kind: str) -> None:
    assert audience(kind) == "ordinary"


def test_figures_can_be_listed_for_all_audiences() -> None:
    kinds: dict[Audience, str] = {"sight": "sight_lake", "ordinary": "pets", "document": "meme"}
    assert [audience(kinds[group]) for group in AUDIENCES] == list(AUDIENCES)

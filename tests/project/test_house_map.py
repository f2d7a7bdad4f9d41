"""The map in ARCHITECTURE.md shows the house as it is."""

from __future__ import annotations

from tests.project.house_map import DOCUMENT, drawn


def test_the_map_of_the_house_is_drawn_from_the_imports_as_they_are() -> None:
    is_current = DOCUMENT.read_text() == drawn()
    assert is_current, "draw it again: python -m tests.project.house_map"

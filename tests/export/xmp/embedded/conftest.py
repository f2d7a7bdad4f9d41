"""One tool at a time."""

from __future__ import annotations

import pytest

from tagger.export.xmp import embedding

TOOLS = ("exiv2", "exiftool")


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Only one of the two tools is there."""
    name: str = request.param
    missing = "exiftool" if name == "exiv2" else "exiv2"
    if missing == "exiftool":
        monkeypatch.setattr(embedding.shutil, "which", lambda _: None)  # type: ignore[attr-defined]
    else:
        monkeypatch.setattr(embedding, "find_spec", lambda _: None)
    return name

from __future__ import annotations

from pathlib import Path

import pytest

from db.engine import Store
from tests.export.xmp.written import photo, tag_photos


@pytest.fixture
def paris(tmp_path: Path, store: Store) -> Path:
    """A photo of the Eiffel Tower."""
    path = photo(tmp_path / "library" / "paris.jpg")
    tag_photos(store, [path])
    return path

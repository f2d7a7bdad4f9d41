from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Of a test's database, which `store` has migrated."""
    return f"sqlite:///{tmp_path / 'tags.sqlite'}"

"""`make tag` and `make extras`, on an environment whose commands are scripts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(target: str, environment: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a target; the environment counts as installed."""
    (environment / "bin").mkdir(parents=True, exist_ok=True)
    (environment / ".core").touch()
    settings = [f"{name}={value}" for name, value in {"VENV": str(environment), **variables}.items()]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", target, *settings], cwd=ROOT, env=plain, capture_output=True, text=True, timeout=60, check=False
    )


def script(file: Path, line: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{line}\n")
    file.chmod(0o755)


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (3, 0), (1, 2), (130, 2)])
def test_a_run_with_photos_that_cannot_be_read_is_a_good_run(status: int, expected: int, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "tagger", f"exit {status}")
    done = make("tag", tmp_path, PHOTOS=str(tmp_path))
    assert done.returncode == expected
    assert (f"Error {status}" in done.stderr) == (expected != 0)


def test_extras_are_added_to_the_environment(tmp_path: Path) -> None:
    script(tmp_path / "bin" / "pip", 'echo "pip $@"')
    assert "pip install --quiet --editable .[bot,watch]" in make("extras", tmp_path, EXTRAS="bot,watch").stdout
    missing = make("extras", tmp_path)
    assert (missing.returncode, "make extras EXTRAS=" in missing.stderr) == (2, True)

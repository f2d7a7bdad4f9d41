"""Environments that a check installs, kept in the user's cache until what they are made from changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "landmark-tagger-checks"


def environment(name: str, source: Path, install: Callable[[Path], None], *, made_by: Path | None = None) -> Path:
    """A virtual environment with the package as it is now.

    Args:
        source: the wheel, or a folder with the package's source.
        install: installs the package and all that it needs into a new environment; skipped where the cache has one of
            the same `pyproject.toml`, into which the package alone goes again.
        made_by: a script that the environment depends on too.
    """
    parts = [(ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), made_by.read_bytes() if made_by else b""]
    folder = CACHE / f"{name}-{hashlib.sha256(b''.join(parts)).hexdigest()[:12]}"
    complete = folder / "complete"
    if complete.exists():
        run(sys.executable, "-m", "pip", f"--python={folder}/bin/python", "install", "--quiet",
            "--disable-pip-version-check", "--no-deps", "--force-reinstall", str(source))  # fmt: skip
        return folder
    for old in CACHE.glob(f"{name}-*"):
        shutil.rmtree(old)
    folder.parent.mkdir(parents=True, exist_ok=True)
    install(folder)
    complete.touch()
    return folder


def size_mb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink()) / 1e6


def run(*command: str, cwd: Path = ROOT) -> str:
    """What a command prints; its failure ends the check."""
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    return done.stdout

"""Training: a folder of labelled photos in, a model bundle out. See `python -m training --help`."""

from __future__ import annotations

from pathlib import Path

RUNS = Path("runs")  # where runs keep their files, below the current folder

"""How often is the installed `tagger tag --json` right on the test split of LANDMARK_DATA?

Landmarks that the shipped bundle does not know are left out. Options of `tagger tag` may follow.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.processes import print_table, tagger_command
from tagger.model.bundle import open_bundle


def answers(folder: Path, options: tuple[str, ...]) -> list[tuple[str, dict[str, Any]]]:
    """The name of each photo's folder, and its JSON line."""
    with TemporaryDirectory() as place:
        command = tagger_command("tag", folder, "--json", "--db", f"{place}/tags.sqlite", *options)
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [(Path(line["path"]).parent.name, line) for line in map(json.loads, lines)]


def ratio(hits: list[bool]) -> str:
    return f"{sum(hits) / len(hits):6.1%}  ({sum(hits)} of {len(hits)})"


def main(*options: str, data: Path) -> None:
    known = {entry.id for entry in open_bundle().card.classes}
    landmarks = [(label, line) for label, line in answers(data / "landmarks" / "test", options) if label in known]
    negatives = answers(data / "negatives" / "test", options)
    named = [(label, [s["landmark"] for s in line["suggestions"]], line["status"]) for label, line in landmarks]
    tagged = [(label, names) for label, names, status in named if status == "tagged"]
    rows = [
        ("first suggestion right", ratio([label == names[0] for label, names, _ in named])),
        ("one of five right", ratio([label in names[:5] for label, names, _ in named])),
        ("landmark photos tagged", ratio([status == "tagged" for _, _, status in named])),
        ("of these, rightly", ratio([label == names[0] for label, names in tagged])),
        ("negatives tagged", ratio([line["status"] == "tagged" for _, line in negatives])),
    ]
    print_table(rows)

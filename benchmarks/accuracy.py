"""How right the installed `tagger tag --json` is on the test split of LANDMARK_DATA; landmarks that the shipped bundle
does not know are left out.

LANDMARK_DATA=… python -m benchmarks.accuracy [OPTION OF tagger tag …]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.setting import say_setting, table, tagger_command
from tagger.model.bundle import open_bundle


def answers(folder: Path, options: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """Each photo's folder name and JSON line."""
    with TemporaryDirectory() as place:
        command = [str(tagger_command()), "tag", str(folder), "--json", "--db", f"{place}/tags.sqlite", *options]
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [(Path(line["path"]).parent.name, line) for line in map(json.loads, lines)]


def share(hits: list[bool]) -> str:
    return f"{sum(hits) / len(hits):6.1%}  ({sum(hits)} of {len(hits)})"


def main() -> None:
    if not (data := os.environ.get("LANDMARK_DATA")):
        sys.exit("Set LANDMARK_DATA to the folder with the photos.")
    say_setting()
    known = {entry.id for entry in open_bundle().card.classes}
    landmarks = [
        (label, line) for label, line in answers(Path(data) / "landmarks" / "test", sys.argv[1:]) if label in known
    ]
    negatives = answers(Path(data) / "negatives" / "test", sys.argv[1:])
    named = [(label, [s["landmark"] for s in line["suggestions"]], line["status"]) for label, line in landmarks]
    tagged = [(label, names) for label, names, status in named if status == "tagged"]
    rows = [
        ("first suggestion right", share([label == names[0] for label, names, _ in named])),
        ("one of five right", share([label in names[:5] for label, names, _ in named])),
        ("landmark photos tagged", share([status == "tagged" for _, _, status in named])),
        ("of these, rightly", share([label == names[0] for label, names in tagged])),
        ("negatives tagged", share([line["status"] == "tagged" for _, line in negatives])),
    ]
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()

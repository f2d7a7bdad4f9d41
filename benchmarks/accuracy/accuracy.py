"""How often is the installed `tagger tag --json` right on the test split of LANDMARK_DATA?

Landmarks that the shipped bundle does not know are left out. With --before BUNDLE, those that an earlier bundle knows
are counted apart from the new ones. Options of `tagger tag` may follow.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.processes import print_table, tagger_command
from tagger.model.bundle import open_bundle
from training.data.kinds import audience

NEGATIVES = {
    "sight": "other sights tagged",
    "ordinary": "ordinary photos tagged",
    "document": "documents and screenshots tagged",
}

Labelled = list[tuple[str, dict[str, Any]]]  # the name of each photo's folder, and its JSON line


def answers(folder: Path, options: tuple[str, ...]) -> Labelled:
    with TemporaryDirectory() as place:
        command = tagger_command("tag", folder, "--json", "--db", f"{place}/tags.sqlite", *options)
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [(Path(line["path"]).parent.name, line) for line in map(json.loads, lines)]


def ratio(hits: list[bool]) -> str:
    return f"{sum(hits) / len(hits):6.1%}  ({sum(hits)} of {len(hits)})" if hits else "   none"


def landmark_rows(photos: Labelled, of: str = "") -> list[tuple[str, str]]:
    named = [(label, [s["landmark"] for s in line["suggestions"]], line["status"]) for label, line in photos]
    tagged = [(label, names) for label, names, status in named if status == "tagged"]
    return [
        (f"first suggestion correct{of}", ratio([label == names[0] for label, names, _ in named])),
        (f"one of the first five correct{of}", ratio([label in names[:5] for label, names, _ in named])),
        (f"landmark photos tagged{of}", ratio([status == "tagged" for _, _, status in named])),
        (f"correctly tagged{of}", ratio([status == "tagged" and label == names[0] for label, names, status in named])),
        (f"tags correct{of}", ratio([label == names[0] for label, names in tagged])),
    ]


def main(*options: str, data: Path, before: str = "") -> None:
    known = {entry.id for entry in open_bundle().card.classes}
    landmarks = [(label, line) for label, line in answers(data / "landmarks" / "test", options) if label in known]
    negatives = answers(data / "negatives" / "test", options)
    rows = landmark_rows(landmarks)
    if before:
        earlier = {entry.id for entry in open_bundle(Path(before)).card.classes}
        rows += landmark_rows([photo for photo in landmarks if photo[0] in earlier], ", known before")
        rows += landmark_rows([photo for photo in landmarks if photo[0] not in earlier], ", new")
    for group, name in NEGATIVES.items():
        own = [line["status"] == "tagged" for label, line in negatives if audience(label) == group]
        rows.append((name, ratio(own)))
    print_table(rows)

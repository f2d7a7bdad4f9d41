"""The built wheel, installed alone into an environment of its own, tags a drawn picture and contains no tests.

Run by `make wheel`; not a pytest file, since it builds an environment of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import zipfile
from functools import partial
from pathlib import Path

from PIL import Image

from tests.project.environments import ROOT, environment, run, size_mb

LIMIT_MB = 400
NEEDED = {
    "db/migrations/env.py",
    "tagger/bundles/world/card.json",
    "tagger/bundles/world/first_look/model.onnx",
    "tagger/library/report.html.j2",
    "training/landmarks.toml",
    "training/recipes/transfer.toml",
    "training/publish/templates/run.html.j2",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wheel = build(folder)
        check_content(wheel)
        start = time.monotonic()
        place = environment("wheel", wheel, partial(install, wheel))
        check_size(place, time.monotonic() - start)
        check_use(place / "bin" / "tagger", folder)
    print("The wheel is sound.")


def build(folder: Path) -> Path:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_content(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    strangers = [name for name in names if name.split("/")[0] in ("tests", "benchmarks", "docs")]
    if strangers:
        sys.exit(f"The wheel holds what does not belong there: {strangers[:5]}")
    if missing := NEEDED.difference(names):
        sys.exit(f"The wheel lacks {missing}")


def install(wheel: Path, place: Path) -> None:
    run(sys.executable, "-m", "venv", str(place))
    run(str(place / "bin" / "pip"), "install", "--quiet", str(wheel))


def check_size(place: Path, seconds: float) -> None:
    size = size_mb(place)
    print(f"The core install takes {size:.0f} MB; it took {seconds:.0f} s.")
    if size > LIMIT_MB:
        sys.exit(f"That is over the limit of {LIMIT_MB} MB.")


def check_use(tagger: Path, folder: Path) -> None:
    if "Usage: tagger" not in run(str(tagger), "--help", cwd=folder):
        sys.exit("tagger --help says something strange")
    (folder / "photos").mkdir()
    Image.linear_gradient("L").convert("RGB").save(folder / "photos" / "drawn.jpg")
    arguments = ("tag", str(folder / "photos"), "--json", "--db", str(folder / "tags.sqlite"))
    (line,) = run(str(tagger), *arguments, cwd=folder).splitlines()
    answer = json.loads(line)
    if answer["status"] not in ("tagged", "none") or len(answer["suggestions"]) != 5:
        sys.exit(f"A drawn picture should have an answer with five suggestions: {line}")


if __name__ == "__main__":
    main()

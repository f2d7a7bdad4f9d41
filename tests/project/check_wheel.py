"""The built wheel, installed alone into an empty environment, tags a drawn picture and contains no tests.

Run by `make wheel`; not a pytest file, since it builds an environment of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
LIMIT_BYTES = 400_000_000
NEEDED = {
    "db/migrations/env.py",
    "tagger/bundles/world/card.json",
    "tagger/library/report.html.j2",
    "training/landmarks.toml",
    "training/publish/templates/run.html.j2",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        wheel = build(folder)
        check_content(wheel)
        start = time.monotonic()
        environment = install(wheel, folder)
        seconds = time.monotonic() - start
        check_size(environment, seconds)
        check_use(environment / "bin" / "tagger", folder)
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


def install(wheel: Path, folder: Path) -> Path:
    environment = folder / "environment"
    run(sys.executable, "-m", "venv", str(environment))
    run(str(environment / "bin" / "pip"), "install", "--quiet", str(wheel))
    return environment


def check_size(environment: Path, seconds: float) -> None:
    size = sum(file.stat().st_size for file in environment.rglob("*") if file.is_file() and not file.is_symlink())
    print(f"The core install takes {size / 1e6:.0f} MB; it took {seconds:.0f} s.")
    if size > LIMIT_BYTES:
        sys.exit(f"That is over the limit of {LIMIT_BYTES / 1e6:.0f} MB.")


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


def run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    main()

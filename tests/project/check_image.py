"""The steps of the container image, run as they are in an empty environment: what they install works and is healthy.

Run by `make image`; not a pytest file, since it builds an environment of its own. No container engine is needed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.project.environments import ROOT, environment, size_mb

CONTAINER = ROOT / "deploy" / "container"
EMPTY = {"PATH": os.defpath, "LANG": "C.UTF-8"}
TIMEOUT_S = 120


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        context = copy_context(folder / "src")
        extras = re.findall(r"^RUN .*install\.sh /src /opt/tagger (\S+)$", dockerfile(), re.M)[0]
        start = time.monotonic()
        place = environment(
            "image",
            context,
            lambda target: step("install.sh", context, target, extras),
            made_by=CONTAINER / "install.sh",
        )
        print(f"Installed [{extras}] in {time.monotonic() - start:.0f} s, {size_mb(place):.0f} MB.")
        shutil.rmtree(context)  # what runs is what was installed
        tagger = place / "bin" / "tagger"
        step("check.sh", tagger)
        check_health(tagger, folder)
    print("The image's steps are sound.")


def dockerfile() -> str:
    return (CONTAINER / "Dockerfile").read_text()


def copy_context(target: Path) -> Path:
    """Copies what the image is built from: the files that its .dockerignore lets in."""
    ignored = shutil.ignore_patterns("__pycache__")
    for line in (CONTAINER / "Dockerfile.dockerignore").read_text().splitlines():
        if not line.startswith("!"):
            continue
        source = ROOT / line[1:]
        if source.is_dir():
            shutil.copytree(source, target / line[1:], ignore=ignored)
        else:
            target.mkdir(exist_ok=True)
            shutil.copy(source, target)
    return target


def check_health(tagger: Path, folder: Path) -> None:
    """Unhealthy before it runs, healthy while it does."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    if healthy(port):
        sys.exit("health.sh calls a process healthy that does not run")
    variables = EMPTY | {
        "HOME": str(folder),
        "TAGGER_DB_URL": str(folder / "tagger.sqlite"),
        "TAGGER_FOLDERS": json.dumps([str(folder)]),
        "TAGGER_METRICS_LISTEN": f"127.0.0.1:{port}",
    }
    process = subprocess.Popen([tagger, "schedule"], env=variables, cwd=folder)
    try:
        end = time.monotonic() + TIMEOUT_S
        while not healthy(port):
            if time.monotonic() > end:
                sys.exit("health.sh never calls it healthy")
            time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        if process.wait(TIMEOUT_S):
            sys.exit(f"A stop ends it with {process.returncode}")
    finally:
        process.kill()


def healthy(port: int) -> bool:
    command = [str(CONTAINER / "health.sh"), str(port)]
    return subprocess.run(command, env=EMPTY, capture_output=True, check=False).returncode == 0


def step(script: str, *arguments: object) -> None:
    python = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}"}
    done = subprocess.run([CONTAINER / script, *map(str, arguments)], env=EMPTY | python, cwd="/", check=False)
    if done.returncode:
        sys.exit(f"{script} ended with {done.returncode}")


if __name__ == "__main__":
    main()

"""The steps of the container image, run as they are in an empty environment: what they install works and is healthy.

Run by `make image`; not a pytest file, since it builds an environment of its own. No container engine is needed, which
`tests.project.build_image` has. As root it also tags photos as the image's user on a read-only file system.
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

from tests.drawn import photos
from tests.project.environments import ROOT, environment, size_mb

CONTAINER = ROOT / "deploy" / "container"
EMPTY = {"PATH": os.defpath, "LANG": "C.UTF-8"}
TIMEOUT_S = 120

# In a mount namespace of its own: $1 is the root, $2 the environment, $3 the user, $4 Python, perhaps in root's home.
READ_ONLY = """
mount --bind "$2" "$1/tagger"
mount --bind "$4" "$1/python"
case "$4" in /root/*) mount -t tmpfs -o mode=755 tmpfs /root; mkdir -p "$4"; mount --bind "$1/python" "$4" ;; esac
mount --bind "$1/data" "$1/data"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mount -o remount,bind,ro /
mount -o remount,bind,ro "$1/tagger"
for folder in photos tagger; do
    if touch "$1/$folder/written" 2>/dev/null; then echo "$folder can be written to" >&2; exit 1; fi
done
export HOME="$1/data" XDG_CACHE_HOME="$1/data/cache" TMPDIR="$1/tmp" TAGGER_DB_URL="$1/data/tagger.sqlite"
exec setpriv --reuid "$3" --regid "$3" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \\
    "$1/tagger/bin/python" -m tagger tag "$1/photos"
"""


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
        check_rights(place, folder)
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


def check_rights(place: Path, folder: Path) -> None:
    """Tags photos as the image does: as its user, with no right that root has, and only /data and /tmp to write to."""
    if os.geteuid() or not shutil.which("setpriv"):
        print("Only root, with setpriv, can check the rights of the image's user: skipped.")
        return
    root, (user,) = folder / "root", re.findall(r"^USER (\d+):", dockerfile(), re.M)
    for name in ("tagger", "python", "data", "tmp"):
        (root / name).mkdir(parents=True)
    for parent in (folder, root):
        parent.chmod(0o755)
    step("prepare.sh", root / "data", user)
    photos(root / "photos", 4)
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", READ_ONLY, "sh", root, place, user,
               sys.base_prefix]  # fmt: skip
    done = subprocess.run([*map(str, command)], env=EMPTY, capture_output=True, text=True, check=False)
    if done.returncode or "0 failed" not in done.stdout + done.stderr:
        sys.exit(f"The image's user cannot tag photos on a read-only file system: {done.stdout}{done.stderr}")
    print("The image's user tags photos on a read-only file system.")


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

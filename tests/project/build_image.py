"""Builds the container image with an engine and runs it, on a machine that reaches Debian's packages but no registry.

Run by `make container` as root; it needs buildah, podman, runc and debootstrap. `python:3.12-slim` comes from a
registry, so Debian with its own Python takes its name here: the image's size is about the same, not its Python.

The build takes minutes. What it prints is in docs/SCALE.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.drawn import photos
from tests.project.environments import ROOT

SUITE = "bookworm"
PACKAGES = "ca-certificates,python3,python3-venv"
BASE, IMAGE = "docker.io/library/python:3.12-slim", "localhost/landmark-tagger"
CERTIFICATES = Path("/etc/ssl/certs")
LIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=1000:1000")
LARGEST_MB, PHOTOS = 900, 4


def main() -> None:
    if missing := [program for program in ("buildah", "podman", "runc", "debootstrap") if not installed(program)]:
        sys.exit(f"Install {', '.join(missing)} first.")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        build_base(folder / "base")
        build_image(folder)
        size_mb = image_size_mb(IMAGE)
        print(f"{IMAGE}: {size_mb:.0f} MB, of these {image_size_mb(BASE):.0f} MB the base")
        if size_mb > LARGEST_MB:
            sys.exit(f"The image is larger than {LARGEST_MB} MB")
        run_image(folder)


def build_base(folder: Path) -> None:
    """An image of Debian with Python, under the name of the base that the Dockerfile wants."""
    run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(folder))
    run("rm", "-rf", f"{folder}/var/lib/apt/lists", f"{folder}/var/cache/apt")
    container = run("buildah", "from", "scratch").strip()
    run("buildah", "copy", "--quiet", container, str(folder), "/")
    run("buildah", "commit", "--quiet", "--rm", container, BASE)


def build_image(folder: Path) -> None:
    """The Dockerfile as it is; pip's settings and this machine's certificates are mounted while it runs."""
    settings = folder / "pip.conf"
    settings.write_text(f"[global]\ncert = {CERTIFICATES}/ca-certificates.crt\n")
    mounts = ["--volume", f"{settings}:/etc/pip.conf:ro", "--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    file = "deploy/container/Dockerfile"
    run("buildah", "build", "--pull-never", "--format", "docker", *mounts, "--file", file, "--tag", IMAGE, ".")


def image_size_mb(image: str) -> float:
    return int(run("podman", "image", "inspect", "--format", "{{.Size}}", image)) / 1e6


def run_image(folder: Path) -> None:
    """Tag photos without rights, network or anything to write to but /data and /tmp."""
    folder.chmod(0o755)
    photos(folder / "photos", PHOTOS)
    rights = ["--read-only", "--tmpfs", "/tmp", "--network", "none", "--cap-drop", "all"]
    mounts = ["--volume", f"{folder}/photos:/photos:ro", "--volume", "/data"]
    lines = [json.loads(line) for line in podman(*rights, *mounts, IMAGE, "tag", "/photos", "--json").splitlines()]
    if len(lines) != PHOTOS or any(line["status"] == "failed" for line in lines):
        sys.exit(f"The image does not tag photos: {lines}")
    who = podman(*rights, "--entrypoint", "id", IMAGE)
    print(f"It tags photos as {who.split()[0]} on a read-only file system.")


def podman(*arguments: str) -> str:
    options = ["--runtime", "runc", "--cgroup-manager", "cgroupfs"]
    return run("podman", *options, "run", "--rm", *LIMITS, "--security-opt", "no-new-privileges", *arguments)


def installed(program: str) -> bool:
    return any(Path(folder, program).exists() for folder in (*os.get_exec_path(), "/usr/sbin"))


def run(*command: str) -> str:
    """What a command prints; its failure ends the build."""
    environment = os.environ | {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}{' '.join(command)} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    main()

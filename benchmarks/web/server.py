"""The gallery as a process of its own."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import tagger_command

START_S = 120.0
POLL_S = 0.1

Address = tuple[str, int]


@contextmanager
def gallery(place: Path, database: Path) -> Iterator[Address]:
    """`tagger web` on a database, until the block ends.

    Args:
        place: a folder for its files.
        database: exists, or is created.
    """
    address = ("127.0.0.1", _free_port())
    command = tagger_command("web", "--no-browser", "--listen", f"{address[0]}:{address[1]}", "--db", database)
    variables = {"TAGGER_WEB_FOLDER": str(place / "web"), "TAGGER_WEB_CACHE": str(place / "thumbnails")}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=os.environ | variables)
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_for(address: Address, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection(*address, timeout=5)
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(POLL_S)
        finally:
            connection.close()
    raise RuntimeError("tagger web has not started")

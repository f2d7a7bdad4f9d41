"""The bot and the tests' Bot API server as separate processes.

All times are taken by the server, when an update leaves it and when a request arrives.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.processes import tagger_command


class Server:
    """`python -m tests.botapi`, driven over HTTP."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.botapi"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        address = json.loads(self._process.stdout.readline())
        self.url, self.token = address["url"], address["token"]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def __call__(self, command: str, **parameters: Any) -> Any:
        request = urllib.request.Request(f"{self.url}/control/{command}", json.dumps(parameters).encode())
        with urllib.request.urlopen(request, timeout=300) as response:
            return json.loads(response.read())["result"]

    @property
    def cpu_s(self) -> float:
        """The processor time that it has taken."""
        return _cpu_s(self._process.pid)

    def photos(self) -> list[dict[str, Any]]:
        """Each photo that was sent: when it was delivered, and its answers."""
        return [row for row in self("answers") if row["kind"] == "photo"]

    def wait_answered(self, photos: int, timeout_s: float = 600, poll_s: float = 0.1) -> None:
        until = time.monotonic() + timeout_s
        while self("state")["answered"] < photos:
            if time.monotonic() > until:
                raise TimeoutError(f"after {timeout_s} s not all of {photos} photos are answered")
            time.sleep(poll_s)


class Bot:
    """`tagger bot` with the shipped model.

    Args:
        server: stands in for Telegram.
        folder: for its database and its downloads.
        command: another one to run instead, without its database.
        variables: more environment variables.
    """

    def __init__(self, server: Server, folder: Path, *command: str, **variables: str) -> None:
        self.database = folder / "tags.sqlite"
        self._command = [*(command or tagger_command("bot")), "--db", str(self.database)]
        self._environment = os.environ | {
            "TAGGER_BOT_API_URL": server.url,
            "TAGGER_BOT_TOKEN": server.token,
            "TAGGER_BOT_FOLDER": str(folder / "telegram"),
            **variables,
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, env=self._environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        if self.process.wait(60) != 0:
            raise RuntimeError("the bot did not end with 0")

    @property
    def peak_mb(self) -> float:
        return _peak_mb(self.process.pid)

    @property
    def tree_peak_mb(self) -> float:
        """The same with the bot's decoders, each at its own time."""
        return sum(map(_peak_mb, self._processes()))

    @property
    def cpu_s(self) -> float:
        """The processor time that the bot and its decoders have taken."""
        return sum(map(_cpu_s, self._processes()))

    def _processes(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *(int(number) for task in tasks for number in task.read_text().split())]


def _peak_mb(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc has no peak memory of the bot")


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # in user mode and in the kernel

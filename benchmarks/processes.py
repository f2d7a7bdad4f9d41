"""Run the `tagger` command as a process, measure its cost, and print figures."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.postgres import running_server, server_programs


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a whole process, from start to end."""

    seconds: float
    cpu_s: float
    peak_mb: float


def tagger_command(*arguments: object) -> list[str]:
    """A command line of the `tagger` in this environment."""
    return [str(Path(sys.executable).with_name("tagger")), *map(str, arguments)]


def cost(command: Sequence[str], **variables: str) -> Cost:
    """Run a command, which must exit with 0. Byte code is kept between starts, as by default."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet, start = subprocess.DEVNULL, time.perf_counter()
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment | variables)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def start_tagging(folder: Path, database: Path, **variables: str) -> subprocess.Popen[bytes]:
    command = tagger_command("tag", folder, "--db", database)
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, env=os.environ | variables)


def ask(database: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def run_seconds(database: Path) -> float:
    """Duration of the last run, without the start of its process."""
    query = "SELECT (julianday(finished_at) - julianday(started_at)) * 86400 FROM run ORDER BY id DESC"
    return float(ask(database, query)[0][0])


def print_table(rows: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in rows)
    print("\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in rows), flush=True)


@contextmanager
def database_of(store: str, folder: Path) -> Iterator[str]:
    """The URL of a new database, in a file or on a server of its own."""
    if store == "sqlite":
        yield f"sqlite:///{folder / 'tags.sqlite'}"
        return
    programs = server_programs()
    assert programs, "no PostgreSQL server is installed"
    with running_server(programs) as server:
        yield server.create()

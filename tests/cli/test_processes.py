"""Every command that ends by itself, once as a process of its own; the other files run commands in the tests' process.

The commands that go on until they are stopped are processes in `test_jobs.py` and in the bot's tests, and so is
`tagger bench` in `test_doctor.py`. However the output of a process ends (a closed pipe, a full disk, a poor encoding),
there is no traceback.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tagger.cli import main
from tagger.model.bundle import write_bundle
from tests.cli.conftest import Tagger, lines
from tests.drawn import COLOURS, card, colour_network, jpeg, photos

pytestmark = pytest.mark.process

COMMANDS = [
    "tag LIBRARY --json",
    "query",
    "query --json",
    "query --csv",
    "labels",
    "runs",
    "doctor",
    "--help",
    "--version",
]


@pytest.mark.parametrize(
    ("command", "code", "stdout", "stderr"),
    [
        ("tag LIBRARY --retry-failed", 3, "", "0 tagged, 0 without a known landmark, 1 failed"),
        ("suggest LIBRARY/00000.jpg", 0, "Red Rock", "Engine: openvino"),
        ("query red_rock", 0, "Red Rock, Nowhere", ""),
        ("query red_rok", 1, "", "Did you mean 'red_rock'"),
        ("query --none --failed", 2, "", "Usage: tagger query"),
        ("labels", 0, "Red Rock, Nowhere", ""),
        ("runs", 0, "9 tagged", ""),
        ("runs show 1", 0, "9 tagged, 3 without a known landmark, 1 failed", ""),
        ("runs undo 1 --yes", 0, "", "Undid "),
        ("jobs", 0, "never ran", ""),
        ("jobs run digest", 0, "1 run", ""),
        ("bot", 1, "", "The bot has no token. Ask @BotFather"),
        ("doctor", 0, "is sound and up to date", ""),
        ("--version", 0, "tagger, version", ""),
    ],
)
def test_a_command_as_a_process(
    tagger: Tagger, tagger_process: Tagger, library: Path, command: str, code: int, stdout: str, stderr: str
) -> None:
    (library / "bad.jpg").write_text("no photo")
    tagger("tag", library)
    done = tagger_process(*command.replace("LIBRARY", str(library)).split())
    assert done.returncode == code, done.stderr
    assert stdout in done.stdout
    assert bool(done.stdout) == bool(stdout)
    assert stderr in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def shell(tagger: Tagger, own: dict[str, str], library: Path) -> Tagger:
    """Runs `tagger …` within a line of bash, in a library that is tagged."""
    tagger("tag", library)

    def run(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = f"{shlex.quote(sys.executable)} -m tagger"
        text = line.replace("TAGGER", command).replace("LIBRARY", str(library))
        return subprocess.run(
            ["bash", "-c", text],
            env=os.environ | own | environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=120,
        )

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_pipe_ends_a_command_silently_as_the_system_would(shell: Tagger, command: str) -> None:
    done = shell(f"TAGGER {command} | true; echo ${{PIPESTATUS[0]}}")
    assert (done.stdout, done.stderr) == ("141\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_under_the_output_is_one_sentence(shell: Tagger, command: str) -> None:
    done = shell(f"TAGGER {command} > /dev/full")
    assert done.returncode == 1
    assert done.stderr == "Error: The system ran out of disk space. Free some, or write elsewhere, then run again.\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["tag LIBRARY --json", "query", "--help"])
def test_closed_streams_do_no_harm(shell: Tagger, command: str, closed: str) -> None:
    done = shell(f"TAGGER {command} {closed}")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr + done.stdout
    assert shell("TAGGER query --json | wc -l").stdout == "9\n"


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "latin-1:surrogateescape"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_any_encoding_will_do_for_any_name(shell: Tagger, library: Path, environment: dict[str, str]) -> None:
    (library / "长城 Käse.jpg").write_bytes(jpeg(COLOURS["red_rock"], size=(70, 50)))
    (library / os.fsdecode(b"\xff.jpg")).write_bytes(jpeg(COLOURS["red_rock"], size=(72, 50)))
    assert shell("TAGGER tag LIBRARY", **environment).returncode == 0
    for command in ("query", "query --csv", "runs show 1", "tag LIBRARY --json", "doctor"):
        done = shell(f"TAGGER {command}", **environment)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert len(shell("TAGGER query", **environment).stdout.splitlines()) == 11


@pytest.mark.parametrize("room_kb", [8, 40, 120, 200])
def test_a_run_on_a_full_disk_counts_only_what_it_stored_and_blames_no_photo(
    shell: Tagger, library: Path, tagger: Tagger, room_kb: int
) -> None:
    photos(library, 300, start=100)
    size_kb = (library.parent / "tags.sqlite").stat().st_size // 1024
    done = shell(f"ulimit -f {size_kb + room_kb}; TAGGER tag LIBRARY")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: The database ")
    assert "Traceback" not in done.stderr
    counted = [run["counts"]["tagged"] for run in lines(tagger("runs", "--json"))]
    assert sum(counted) == len(lines(tagger("query", "--json")))
    after = tagger("tag", library)
    assert (after.returncode, " 0 failed" in after.stderr) == (0, True)
    assert "in progress when a run died" not in after.stderr
    assert len(lines(tagger("query", "--json"))) == 9 + 225


@pytest.mark.parametrize("room_kb", [0, 50, 150])
def test_a_full_disk_leaves_no_part_of_a_new_database(shell: Tagger, library: Path, room_kb: int) -> None:
    database = library.parent / "new" / "tags.sqlite"
    done = shell(f"ulimit -f {room_kb}; TAGGER tag LIBRARY", TAGGER_DB_URL=str(database))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: The database {database} cannot be used")
    assert list(database.parent.iterdir()) == []


def test_a_card_that_does_not_fit_its_network_blames_no_photo(
    shell: Tagger, library: Path, tagger: Tagger, tmp_path: Path
) -> None:
    write_bundle(tmp_path / "misfit", card(), {"model.onnx": colour_network(list(COLOURS.values()))})
    for command in ["tag LIBRARY"] * 4 + ["suggest LIBRARY/00000.jpg"]:
        done = shell(f"TAGGER {command} --bundle {tmp_path}/misfit")
        assert done.returncode == 1
        problem = r"the network's output has the shape \[1,3\], but the card describes \[1,4\]"
        assert re.fullmatch(rf"Error: {tmp_path}/misfit/model\.onnx: {problem}\. Export .*\n", done.stderr)
    assert lines(tagger("query", "--failed", "--json")) == []
    assert tagger("tag", library, "--retry-failed").returncode == 0


def test_an_error_that_nobody_expected_is_one_sentence(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(main.commands["labels"], "callback", fail)
    done = tagger("labels")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "Error: Something unexpected happened (ZeroDivisionError: division by zero). 'tagger d"
    )
    assert len(done.stderr.splitlines()) == 1

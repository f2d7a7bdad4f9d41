"""However a review ends, the terminal is as it was, and nothing that was decided is lost."""

from __future__ import annotations

import os
import signal
import sys
import termios
from pathlib import Path

import pytest

from tests.cli.review.conftest import Sits, decided

pytestmark = pytest.mark.process


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_gives_the_terminal_back(album: Path, sits: Sits, own: dict[str, str], number: int) -> None:
    person = sits(album)
    person.see("1 of 6")
    person.decide("a")
    assert person.stop(number) == 130
    assert person.is_restored()
    assert b"Reviewed 1 photo: 1 confirmed, 0 rejected, 0 corrected, 0 none. 5 left." in person.output
    assert b"run the same command again to continue" in person.output
    assert len(decided(own["TAGGER_DB_URL"])) == 1


def test_ctrl_c_while_a_name_is_typed_gives_the_terminal_back(album: Path, sits: Sits) -> None:
    person = sits(album)
    person.see("1 of 6")
    person.press("cgre")
    person.see("Which landmark? gre")
    person.press("\x03")
    assert (person.ends(), person.is_restored()) == (130, True)


def test_an_error_gives_the_terminal_back_and_is_told_in_a_sentence(
    album: Path, sits: Sits, own: dict[str, str]
) -> None:
    person = sits(album)
    person.see("1 of 6")
    database = Path(own["TAGGER_DB_URL"])
    database.rename(database.with_suffix(".moved"))
    person.press("a")
    person.see("was replaced or deleted")
    person.press("?")
    assert (person.ends(), person.is_restored()) == (1, True)
    assert b"Error: The database" in person.output.split(b"\x1b[?1049l")[-1]


def test_a_bug_gives_the_terminal_back(album: Path, sits: Sits, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "from tagger.cli.review import screen\ndef fails(*_): raise RuntimeError('a bug')\nscreen.help_lines = fails\n"
    )
    person = sits(album, environment={"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', os.getcwd())}"})
    person.see("1 of 6")
    person.press("?")
    assert (person.ends(), person.is_restored()) == (1, True)


def test_a_killed_review_loses_nothing_that_was_decided(album: Path, sits: Sits, own: dict[str, str]) -> None:
    person = sits(album)
    person.see("1 of 6")
    for key in "ar":
        person.decide(key)
    assert person.stop(signal.SIGKILL) == -signal.SIGKILL
    assert [verdict for _, verdict, _ in decided(own["TAGGER_DB_URL"])] == ["shows", "not"]
    sits(album).see("1 of 4")


def test_ctrl_z_gives_the_terminal_back_and_fg_goes_on(album: Path, sits: Sits) -> None:
    person = sits(shell=True, environment={"PS1": "ready> "})
    person.see("ready>")
    person.press(f"{sys.executable} -m tagger review {album}\r")
    person.see("1 of 6")
    person.decide("a")
    person.press("\x1a")
    person.read(b"\x1b[?1049l", b"Stopped")
    assert person.output.rindex(b"\x1b[?25h") > person.output.rindex(b"\x1b[?25l")
    person.press("echo $((6*7))\r")
    person.read(b"42")
    person.output = b""
    person.press("fg\r")
    person.read(b"\x1b[?1049h")  # the shell would take what is typed before
    person.see("2 of 6", "? help")
    person.decide("n")
    person.press("q")
    person.read(b"Reviewed 2 photos: 1 confirmed, 0 rejected, 0 corrected, 1 none. 4 left.")
    person.press("exit\r")
    assert person.ends() == 0
    assert termios.tcgetattr(person.slave) == person.before


def test_a_terminal_that_goes_away_ends_the_review(album: Path, sits: Sits, own: dict[str, str]) -> None:
    person = sits(album)
    person.see("1 of 6")
    person.decide("a")
    person.press("\x04")  # Ctrl-D, as at the end of a script
    assert (person.ends(), person.is_restored()) == (0, True)
    assert len(decided(own["TAGGER_DB_URL"])) == 1

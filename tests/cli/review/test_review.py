"""A person reviews photos in a terminal, with one key each."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path

import pytest

from tests.cli.conftest import Tagger
from tests.cli.review.conftest import Sits, decided, draw_jpegs

pytestmark = pytest.mark.process
NAME = re.compile(r"IMG_\d+\.jpg")


def shown(text: str) -> str:
    """The name of the photo on the screen."""
    return str(NAME.findall(text)[0])


def test_each_key_decides_and_the_closing_line_counts(album: Path, sits: Sits, own: dict[str, str]) -> None:
    person = sits(album)
    person.see("1 of 6", "a right", "? help")
    names = [shown(person.text())]
    names += [shown(person.decide(key)) for key in ("a", "r", "n")]
    person.press("c")
    person.see("Which landmark?")
    person.press("blue la\r")
    person.see("5 of 6", "1 confirmed, 1 rejected", "1 none")
    person.press(" ")
    person.see("6 of 6", "comes again at the end")
    person.press("q")
    assert person.ends() == 0
    assert [row[:2] for row in decided(own["TAGGER_DB_URL"])[:3]] == [
        (names[0], "shows"),
        (names[1], "not"),
        (names[2], "none"),
    ]
    assert decided(own["TAGGER_DB_URL"])[3] == (names[3], "shows", "blue_lake")
    closing = rb"Reviewed 4 photos: \d confirmed, 1 rejected, \d corrected, 1 none\. 2 left, of which 1 skipped\."
    assert re.search(closing, person.output)
    assert person.is_restored()


def test_the_photo_says_why(album: Path, sits: Sits) -> None:
    person = sits("red_rock")
    screen = "\n".join(person.see("1 of 2", "Red Rock, Nowhere?"))
    assert re.search(r"score \d+%, \d+% ahead of (Green Hill|Blue Lake)", screen)
    assert "taken 2024-05-01 12:00" in screen and "taken 1.1 km away" in screen
    assert re.search(r"photo \d s (before|after): (Green Hill|Blue Lake)", screen)
    assert str(album / "IMG_0000.jpg") in screen or str(album / "IMG_0003.jpg") in screen
    assert b"\x1b]8;;file://" in person.output


def test_undo_goes_back_several_steps(album: Path, sits: Sits, own: dict[str, str]) -> None:
    person = sits(album)
    first = shown("\n".join(person.see("1 of 6")))
    for key in ("a", " ", "n"):
        person.decide(key)
    person.press("u")
    person.see("3 of 6", "Taken back:")
    person.press("uu")
    person.see("1 of 6")
    assert shown(person.text()) == first
    person.press("u")
    person.see("There is nothing to undo.")
    assert decided(own["TAGGER_DB_URL"]) == []
    person.decide("r")
    assert [row[:2] for row in decided(own["TAGGER_DB_URL"])] == [(first, "not")]


def test_the_next_review_goes_on_and_what_was_skipped_comes_last(album: Path, sits: Sits) -> None:
    person = sits(album)
    skipped = shown("\n".join(person.see("1 of 6")))
    for key in (" ", "a", "n"):
        person.decide(key)
    person.press("q")
    person.ends()
    again = sits(album)
    again.see("1 of 4")
    for place in range(1, 4):
        assert shown(again.text()) != skipped
        again.decide("a")
        again.see(f"{place + 1} of 4")
    assert shown(again.text()) == skipped
    again.press("a")
    assert again.ends() == 0
    assert b"Reviewed 4 photos: 4 confirmed, 0 rejected, 0 corrected, 0 none.\r\n" in again.output
    last = sits(album)
    assert last.ends() == 0
    assert b"There is nothing to review." in last.output


def test_a_name_is_chosen_while_it_is_typed(album: Path, sits: Sits, own: dict[str, str]) -> None:
    person = sits(album)
    person.see("1 of 6")
    person.press("c")
    person.see("Which landmark?", "> ")
    person.press("zzz")
    person.see("No landmark has such a name.")
    person.press("\x7f\x7f\x7fhill")
    person.see("> Green Hill")
    person.press("\x1b")
    person.see("a right")
    person.press("c")
    person.see("Which landmark?")
    person.press("\x1b[200~Red\x1b[201~")
    person.see("> Red Rock")
    person.press("\x15")
    lines = person.see("Red Rock", "Green Hill", "Blue Lake")
    second, third = (line.strip() for line in lines if line.startswith("  ") and line.strip())
    person.press("\x1b[B")
    person.see(f"> {second}")
    person.press("\x1b[B")
    person.see(f"> {third}")
    person.press("\r")
    person.see("2 of 6", f"shows {third.split(',')[0]}.")
    assert len(decided(own["TAGGER_DB_URL"])) == 1


def test_text_that_is_pasted_by_accident_decides_nothing(album: Path, sits: Sits, own: dict[str, str]) -> None:
    person = sits(album)
    person.see("1 of 6")
    person.press("\x1b[200~aaarrrnnn\x1b[201~")
    person.press("?")
    person.see("Each key is stored at once")
    assert decided(own["TAGGER_DB_URL"]) == []


def test_photos_that_vanish_are_passed_over_and_counted(album: Path, sits: Sits) -> None:
    person = sits(album)
    first = shown("\n".join(person.see("1 of 6")))
    others = sorted(photo for photo in album.iterdir() if photo.name != first)
    others[0].unlink()
    others[1].write_bytes(b"another photo")
    person.press("a")
    for _ in range(3):
        person.see(" of 6")
        person.press("a")
    assert person.ends() == 0
    assert b"Passed over: 1 photo changed, 1 photo gone since they were tagged. Run 'tagger tag'" in person.output


def test_names_with_control_characters_are_shown_escaped(tmp_path: Path, tagger: Tagger, sits: Sits) -> None:
    draw_jpegs(tmp_path / "evil", 1)
    evil = tmp_path / "evil" / "a\x1b[31m\n\x07\udcffb.jpg"
    (tmp_path / "evil" / "IMG_0000.jpg").rename(evil)
    tagger("tag", tmp_path / "evil")
    person = sits()
    person.see(r"a\x1b[31m\n\x07\xffb.jpg")
    assert b"\x1b[31m" not in person.output


def test_a_pipe_is_refused_in_a_sentence(album: Path, tagger: Tagger) -> None:
    refused = tagger("review", album)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "Error: A review needs a terminal. In a script, use 'tagger decide'.\n"


def test_a_database_that_is_not_writable_is_refused_in_a_sentence(
    album: Path,
    tagger: Tagger,
    public_folder: Path,
    without_privileges: Callable[[], AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_module("tagger.cli.review.command"), "_has_terminal", lambda: True)
    file, settings = public_folder / "tags.sqlite", public_folder / "tagger.toml"
    shutil.copy(album.parent / "tags.sqlite", file)
    settings.touch()
    file.chmod(0o444)
    public_folder.chmod(0o555)
    with without_privileges():
        refused = tagger("review", "--db", file, "--config", settings)
    assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1)
    assert "not writable" in refused.stderr


def test_a_dumb_terminal_gets_plain_lines(album: Path, sits: Sits, own: dict[str, str]) -> None:
    person = sits(album, environment={"TERM": "dumb"})
    person.read(b"1 of 6", b"a right")
    person.press("a")
    person.read(b"2 of 6")
    person.press("cgreen\r")
    person.read(b"3 of 6")
    person.press("q")
    assert person.ends() == 0
    assert b"\x1b" not in person.output
    assert len(decided(own["TAGGER_DB_URL"])) == 2


def test_the_screen_follows_the_size_of_the_terminal(album: Path, sits: Sits) -> None:
    person = sits(album)
    person.see("1 of 6")
    person.resize(40, 8)
    lines = person.see("1 of 6", "q quit   ? help")
    person.press("x")
    person.see("? explains the keys")
    assert all(len(line.rstrip()) <= 40 for line in lines)
    person.press("?")
    person.see("Each key is stored at once", "a     right")
    person.press("x")
    person.resize(100, 30)
    person.press("?")
    person.see("Any key goes on")


def test_letters_are_in_the_encoding_of_the_terminal(album: Path, sits: Sits) -> None:
    person = sits(album, environment={"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1", "TERM": "dumb"})
    person.read(b"1 of 6")
    os.write(person.master, b"c\xe9")
    person.read("Which landmark? \N{LATIN SMALL LETTER E WITH ACUTE}".encode("latin-1"))
    person.press("\x03")
    assert person.ends() == 130
    assert "\N{LATIN SMALL LETTER E WITH ACUTE}".encode() not in person.output


def test_open_hands_the_photo_to_the_systems_viewer(album: Path, sits: Sits, tmp_path: Path) -> None:
    viewer = tmp_path / "bin" / "xdg-open"
    viewer.parent.mkdir()
    viewer.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/opened\n')
    viewer.chmod(0o755)
    person = sits(album, "--open", environment={"PATH": f"{viewer.parent}:/usr/bin:/bin"})
    person.see("1 of 6")
    person.decide("a")
    person.press("oq")
    person.ends()
    opened = [Path(line).name for line in (tmp_path / "opened").read_text().splitlines()]
    assert len(opened) == 3 and opened[1] == opened[2]


@pytest.mark.slow
def test_a_hundred_photos_by_keys(tmp_path: Path, tagger: Tagger, sits: Sits, own: dict[str, str]) -> None:
    draw_jpegs(tmp_path / "many", 100)
    tagger("tag", tmp_path / "many")
    person = sits(tmp_path / "many")
    person.see("1 of 100")
    keys = "arna" * 25
    for place, key in enumerate(keys[:-1], start=2):
        person.press(key)
        person.see(f"{place} of 100")
        if place % 10 == 0:
            person.press("u")
            person.see(f"{place - 1} of 100")
            person.press(key)
            person.see(f"{place} of 100")
    person.press(keys[-1])
    assert person.ends() == 0
    verdicts = [verdict for _, verdict, _ in decided(own["TAGGER_DB_URL"])]
    assert [verdicts.count(verdict) for verdict in ("shows", "not", "none")] == [50, 25, 25]
    assert b"Reviewed 100 photos: 50 confirmed, 25 rejected, 0 corrected, 25 none.\r\n" in person.output

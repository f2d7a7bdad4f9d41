"""Pictures in the terminal, where it says that it can show them."""

from __future__ import annotations

import base64
import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tagger.cli.review.pictures import Area, cell_px_in, encoded, protocol_by_name, protocol_in
from tests.cli.review.conftest import Sits
from tests.drawn import COLOURS

AREA = Area(row=3, column=1, rows=10, columns=40, cell_px=(8, 16))
KITTY = "\x1b_Gi=31;OK\x1b\\\x1b[6;16;8t\x1b[?62;c"
SIXEL = "\x1b[6;16;8t\x1b[?62;4;22c"


def from_kitty(output: bytes) -> Image.Image:
    """The picture that kitty would show: the chunks of the first transmission."""
    first = output[output.index(b"\x1b_Ga=T") :]
    chunks = re.findall(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\", first)
    data = b""
    for head, chunk in chunks:
        data += chunk
        if head.endswith(b"m=0"):
            break
    return Image.open(io.BytesIO(base64.b64decode(data)))


@pytest.mark.process
@pytest.mark.usefixtures("album")
def test_kitty_shows_the_whole_photo(sits: Sits) -> None:
    person = sits("red_rock", replies=KITTY)
    person.see("1 of 2")
    person.read(b"\x1b_Ga=T")
    person.read(b"m=0")
    picture = from_kitty(person.output)
    assert picture.size == (180, 120)  # as the file, not cut to a square
    mean = np.asarray(picture.convert("RGB")).mean(axis=(0, 1))
    assert np.abs(mean - COLOURS["red_rock"]).max() < 15
    assert next(place for place, line in enumerate(person.screen.display) if "Red Rock" in line) > 15
    person.decide("a")
    person.press("q")
    assert (person.ends(), person.is_restored()) == (0, True)


@pytest.mark.process
def test_sixel_is_used_where_the_terminal_has_that(album: Path, sits: Sits) -> None:
    person = sits(album, replies=SIXEL)
    person.read(b'\x1bP0;1;0q"1;1;180;120')
    person.see("1 of 6")
    person.press("q")
    assert person.ends() == 0


@pytest.mark.process
def test_a_photo_that_cannot_be_decoded_is_still_reviewed(album: Path, sits: Sits) -> None:
    for photo in album.iterdir():
        at = photo.stat()
        data = photo.read_bytes()
        photo.write_bytes(data[:300] + bytes(len(data) - 300))
        os.utime(photo, ns=(at.st_atime_ns, at.st_mtime_ns))
    person = sits(album, replies=KITTY)
    person.see("1 of 6", "No picture:")
    person.press("q")
    person.ends()


def test_replies_say_what_a_terminal_can_show() -> None:
    assert protocol_in("\x1b_Gi=31;OK\x1b\\") == "kitty"
    assert protocol_in("\x1b_Gi=31;ENOTSUP\x1b\\") is None
    assert protocol_in("\x1b[?62;4;22c") == "sixel"
    assert protocol_in("\x1b[?64;22c") is None
    assert (cell_px_in("\x1b[6;18;9t"), cell_px_in("\x1b[6;0;0t"), cell_px_in("\x1b[?62c")) == ((9, 18), None, None)


def test_iterm2_is_known_by_its_name_except_inside_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LC_TERMINAL", "iTerm2")
    assert protocol_by_name() == "iterm2"
    monkeypatch.setenv("TERM", "tmux-256color")
    assert protocol_by_name() is None


def test_a_picture_keeps_its_shape_and_is_in_the_middle() -> None:
    wide = np.zeros((100, 400, 3), np.uint8)
    text = encoded(wide, "iterm2", AREA)
    assert text.startswith("\x1b[3;1H") and "width=40;height=5;" in text
    data = base64.b64decode(text.split(":")[1].rstrip("\x07"))
    assert Image.open(io.BytesIO(data)).size == (320, 80)
    assert encoded(wide[:, :80], "iterm2", AREA).startswith("\x1b[3;16H")


def test_sixel_paints_each_pixel_in_its_colour() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.choice(np.array([0, 255], np.uint8), (20, 33, 3))
    assert (painted(encoded(pixels, "sixel", AREA)) == pixels).all()


def painted(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """What a terminal paints from a sixel picture."""
    width, height, body = re.search(r'q"1;1;(\d+);(\d+)(.*)\x1b\\', text).groups()  # type: ignore[union-attr]
    colours, canvas = {}, np.zeros((int(height) + 6, int(width), 3), np.uint8)
    x = y = colour = 0
    for token in re.findall(r"#\d+;2;\d+;\d+;\d+|#\d+|!\d+.|.", body):
        if found := re.fullmatch(r"#(\d+);2;(\d+);(\d+);(\d+)", token):
            colours[int(found[1])] = [round(int(found[n]) * 2.55) for n in (2, 3, 4)]
        elif token[0] == "#":
            colour = int(token[1:])
        elif token in "$-":
            x, y = 0, y + (6 if token == "-" else 0)
        else:
            count = int(token[1:-1]) if token[0] == "!" else 1
            for bit in range(6):
                if ord(token[-1]) - 63 >> bit & 1:
                    canvas[y + bit, x : x + count] = colours[colour]
            x += count
    return canvas[: int(height)]

"""Pictures in a terminal, by the protocols of kitty, iTerm2 and sixel.

No library on PyPI speaks all three without a toolkit of its own or an old Pillow, and each takes a few lines.

Source:
    https://sw.kovidgoyal.net/kitty/graphics-protocol, https://iterm2.com/documentation-images.html,
    https://vt100.net/docs/vt3xx-gp/chapter14.html
"""

from __future__ import annotations

import base64
import io
import os
import re
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from tagger.cli.review.text import cut
from tagger.core.text import printable
from tagger.image.preprocess import Pixels

Protocol = Literal["kitty", "iterm2", "sixel"]

CELL_PX = (10, 20)  # of a terminal that does not say
CHUNK = 4096  # characters of a kitty message
COLOURS = 128  # of a sixel picture
LEAST_ROWS = 5  # a smaller picture says nothing
JPEG_QUALITY = 85
SIXEL_RUN = re.compile(rb"(.)\1{3,}")


class Area(NamedTuple):
    """Where a picture goes, in cells; rows and columns count from 1."""

    row: int
    column: int
    rows: int
    columns: int
    cell_px: tuple[int, int]

    @property
    def size_px(self) -> tuple[int, int]:
        return self.columns * self.cell_px[0], self.rows * self.cell_px[1]


def protocol_by_name() -> Protocol | None:
    """What this terminal is known for; most others answer questions."""
    names = (os.environ.get("TERM_PROGRAM"), os.environ.get("LC_TERMINAL"))
    is_inside = "TMUX" in os.environ or os.environ.get("TERM", "").startswith(("screen", "tmux"))
    return "iterm2" if not is_inside and not {"iTerm.app", "iTerm2"}.isdisjoint(names) else None


def protocol_in(reply: str) -> Protocol | None:
    """What a terminal's reply says that it can show."""
    if reply.startswith("\x1b_G") and ";OK" in reply:
        return "kitty"
    if reply.startswith("\x1b[?") and "4" in reply[3:-1].split(";"):
        return "sixel"
    return None


def cell_px_in(reply: str) -> tuple[int, int] | None:
    """The width and height of a cell that a reply names."""
    found = re.fullmatch(r"\x1b\[6;(\d+);(\d+)t", reply)
    return (int(found[2]), int(found[1])) if found and int(found[1]) and int(found[2]) else None


def encoded(pixels: Pixels, protocol: Protocol, area: Area) -> str:
    """A picture as text that shows it in the middle of an area.

    Args:
        pixels: (H, W, 3) uint8.
        protocol: of the terminal.
        area: its place; the picture keeps its shape, and is not enlarged.
    """
    image = Image.fromarray(pixels)
    image.thumbnail(area.size_px)
    rows, columns = (-(-image.height // area.cell_px[1]), -(-image.width // area.cell_px[0]))
    at = f"\x1b[{area.row};{area.column + max(0, area.columns - columns) // 2}H"
    if protocol == "kitty":
        return at + _kitty(image, rows)
    if protocol == "iterm2":
        return at + _iterm2(image, rows, columns)
    return at + sixel(image)


def in_words(problem: str, area: Area) -> str:
    """Why there is no picture, as text in its place."""
    return f"\x1b[{area.row};{area.column}H{cut(printable(f'No picture: {problem}'), area.columns)}"


def _kitty(image: Image.Image, rows: int) -> str:
    data = _base64(image, "PNG", compress_level=1)
    chunks = [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]
    heads = [f"a=T,f=100,q=2,C=1,r={rows},", *[""] * (len(chunks) - 1)]
    mores = [*[1] * (len(chunks) - 1), 0]
    return "".join(
        f"\x1b_G{head}m={more};{chunk}\x1b\\" for head, more, chunk in zip(heads, mores, chunks, strict=True)
    )


def _iterm2(image: Image.Image, rows: int, columns: int) -> str:
    data = _base64(image, "JPEG", quality=JPEG_QUALITY)
    return f"\x1b]1337;File=inline=1;width={columns};height={rows};preserveAspectRatio=1:{data}\x07"


def sixel(image: Image.Image) -> str:
    """A picture in bands of six rows: in each, every colour paints the columns where it occurs."""
    indexed = image.quantize(COLOURS, Image.Quantize.FASTOCTREE)
    palette = np.array(indexed.getpalette() or [], dtype=np.uint16).reshape(-1, 3) * 100 // 255
    colours = "".join(f"#{number};2;{r};{g};{b}" for number, (r, g, b) in enumerate(palette))
    pixels = np.asarray(indexed)  # (H, W)
    bands = "-".join(_band(pixels[top : top + 6]) for top in range(0, len(pixels), 6))
    return f'\x1bP0;1;0q"1;1;{image.width};{image.height}{colours}{bands}\x1b\\'


def _band(pixels: Pixels) -> str:
    """Up to six rows: a character is a column, whose lowest bit is the top row."""
    colours = np.unique(pixels)
    painted = np.packbits(pixels == colours[:, None, None], axis=1, bitorder="little")[:, 0]  # (colours, W)
    rows = painted + np.uint8(ord("?"))
    return "$".join(f"#{colour}{_counted(row.tobytes())}" for colour, row in zip(colours, rows, strict=True))


def _counted(columns: bytes) -> str:
    """Repeated characters as their number and one of them."""
    return SIXEL_RUN.sub(lambda run: b"!%d%s" % (len(run[0]), run[1]), columns.rstrip(b"?")).decode("ascii")


def _base64(image: Image.Image, file_format: str, **options: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return base64.b64encode(buffer.getvalue()).decode("ascii")

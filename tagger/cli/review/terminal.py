"""A terminal for a full-screen program.

The one rule: however the program ends or is stopped, the terminal is given back as it was.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import termios
import tty
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Self

from tagger.cli.review.keys import Event, KeyParser
from tagger.cli.review.text import Line, rendered

DUMB = ("", "dumb", "unknown")  # values of TERM
ESCAPE_S = 0.05  # after which a lone Escape is the key
END_STRING = "\x1b\\"  # of a picture that was being sent
DELETE_PICTURES = "\x1b_Ga=d,d=A,q=2\x1b\\"
OPEN = "\x1b[?1049h\x1b[?25l\x1b[?2004h"  # the other screen, no cursor, pasted text is marked
CLOSE = f"{END_STRING}\x1b[0m\x1b[?2004l\x1b[?25h\x1b[?1049l"
# Whether it shows pictures as kitty does, how large a cell is, and what it can do, such as sixel. All answer the last.
QUESTIONS = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c"
BEGIN_FRAME, END_FRAME = "\x1b[?2026h", "\x1b[?2026l"  # nothing is shown in between, where the terminal knows that
CLEAR = "\x1b[H\x1b[2J"


class Size(NamedTuple):
    """Of a terminal, in cells and, as far as it says so, in pixels."""

    columns: int
    rows: int
    width_px: int
    height_px: int


class Terminal:
    """The terminal of this process, for the time of a `with` block.

    Args:
        stdin: its file descriptor, like `stdout`.
        encoding: of the letters that it sends and shows.
    """

    def __init__(self, stdin: int, stdout: int, encoding: str) -> None:
        self.is_dumb = os.environ.get("TERM", "") in DUMB
        self.needs_drawing = True  # its size changed, or the program was stopped
        self.keeps_pictures = False  # clearing its text does not remove them
        self._stdin, self._stdout = stdin, stdout
        self._encoding = encoding
        self._keys = KeyParser(encoding)
        self._saved: list[Any] = []
        self._handlers: dict[int, Any] = {}
        self._wakeup_fd = -1

    def __enter__(self) -> Self:
        self._saved = termios.tcgetattr(self._stdin)
        self._wake, self._woken = os.pipe()
        for end in (self._wake, self._woken):
            os.set_blocking(end, False)
        self._wakeup_fd = signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for number, handle in (
            (signal.SIGWINCH, self._on_change),
            (signal.SIGCONT, self._on_continue),
            (signal.SIGTSTP, self._on_stop),
        ):
            self._handlers[number] = signal.signal(number, handle)
        try:
            self._open()
            self.write("" if self.is_dumb else QUESTIONS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._close()
        signal.set_wakeup_fd(self._wakeup_fd)
        os.close(self._wake)
        os.close(self._woken)

    @property
    def size(self) -> Size:
        """How large it is now."""
        try:
            packed = fcntl.ioctl(self._stdout, termios.TIOCGWINSZ, bytes(8))
            rows, columns, width_px, height_px = struct.unpack("HHHH", packed)
        except OSError:
            rows = columns = width_px = height_px = 0
        return Size(columns or 80, rows or 24, width_px, height_px)

    def wake(self) -> None:
        """Let `events` return; may be called in any thread."""
        with suppress(BlockingIOError):
            os.write(self._woken, b"\0")

    def has_input(self) -> bool:
        """Whether a key was pressed that `events` has not returned."""
        return bool(select.select([self._stdin], [], [], 0)[0])

    def events(self) -> list[Event]:
        """Wait for keys, a signal or `wake`.

        Raises:
            EOFError: the terminal is gone.
        """
        timeout_s = ESCAPE_S if self._keys.is_waiting else None
        ready, _, _ = select.select([self._stdin, self._wake], [], [], timeout_s)
        if self._wake in ready:
            with suppress(BlockingIOError):
                os.read(self._wake, 4096)
        if self._stdin in ready:
            return self._keys.feed(self._read())
        return [] if ready else self._keys.flush()

    def draw(self, lines: Sequence[Line], picture: str = "") -> None:
        """Show these lines alone, from the top, and a picture that knows its place; a dumb terminal adds the lines."""
        columns = self.size.columns
        texts = [rendered(line, columns, is_plain=self.is_dumb) for line in lines]
        if self.is_dumb:
            self.write("\n".join([*(text for text in texts if text), ""]))
        else:
            self.write("".join([BEGIN_FRAME, self._delete_pictures(), CLEAR, "\r\n".join(texts), picture, END_FRAME]))

    def write(self, text: str) -> None:
        """Write text and codes."""
        unsent = memoryview(text.encode(self._encoding, "replace"))
        while unsent:
            unsent = unsent[os.write(self._stdout, unsent) :]

    def _delete_pictures(self) -> str:
        return END_STRING + DELETE_PICTURES if self.keeps_pictures else ""

    def _read(self) -> bytes:
        try:
            data = os.read(self._stdin, 4096)
        except OSError as error:  # it was closed
            raise EOFError from error
        if not data:
            raise EOFError
        return data

    def _open(self) -> None:
        tty.setcbreak(self._stdin, termios.TCSAFLUSH)
        if not self.is_dumb:
            self.write(OPEN)

    def _close(self) -> None:
        with suppress(OSError):
            if not self.is_dumb:
                self.write(self._delete_pictures() + CLOSE)
        with suppress(OSError, termios.error):
            termios.tcsetattr(self._stdin, termios.TCSAFLUSH, self._saved)

    def _on_change(self, *_: object) -> None:
        self.needs_drawing = True

    def _on_continue(self, *_: object) -> None:
        self._open()
        self.needs_drawing = True

    def _on_stop(self, *_: object) -> None:
        """Give the terminal back while the program is stopped."""
        self._close()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._on_stop)
        self._on_continue()

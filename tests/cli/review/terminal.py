"""A person at a terminal: a real pseudo-terminal, whose screen pyte keeps, as an emulator shows it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence

import pyte

PATIENCE_S = 60.0  # on a busy machine
STRINGS = re.compile(rb"\x1b[_P].*?\x1b\\|\x1b\]1337;.*?\x07", re.DOTALL)  # pictures and questions, which pyte prints


class Person:
    """Starts a command in a terminal, presses keys, and reads the screen.

    Args:
        arguments: of `tagger`.
        environment: of the command.
        columns: of the terminal, like `rows`.
        shell: start a shell with job control instead.
        replies: what the terminal answers to questions about itself.
        cell_px: the width and height of a cell, if it says so.
    """

    def __init__(
        self,
        *arguments: object,
        environment: Mapping[str, str],
        columns: int = 100,
        rows: int = 30,
        shell: bool = False,
        replies: str = "",
        cell_px: tuple[int, int] = (0, 0),
    ) -> None:
        self.master, slave = pty.openpty()
        self.slave = slave
        self.cell_px = cell_px
        self.output = b""
        self._replies = replies
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._unfinished = b""
        self.resize(columns, rows)
        self.before = termios.tcgetattr(slave)
        command = [sys.executable, "-m", "tagger", *map(str, arguments)]
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"] if shell else command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", **environment},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def resize(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, columns * self.cell_px[0], rows * self.cell_px[1])
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)
        self.screen.resize(rows, columns)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def see(self, *texts: str) -> list[str]:
        """Wait until all of these are on the screen, perhaps wrapped, and return its lines."""
        return self._wait(lambda: all(text in self.text() or text in self.unwrapped() for text in texts), texts)

    def read(self, *parts: bytes) -> None:
        """Wait until the command has sent these bytes."""
        self._wait(lambda: all(part in self.output for part in parts), parts)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def unwrapped(self) -> str:
        """The screen's lines as one; a line that was too long reads on."""
        return "".join(self.screen.display)

    def decide(self, key: str) -> str:
        """Press a key and wait for the next photo's place; the screen."""
        before = self.place()
        self.press(key)
        self._wait(lambda: self.place() != before, [key])
        return self.text()

    def place(self) -> str:
        found = re.match(r"\S+ of \S+", self.screen.display[0])
        return found[0] if found else ""

    def ends(self) -> int:
        """Wait for the end of the command; its exit code."""
        self._wait(lambda: self.process.poll() is not None, ["the end"])
        while self._more(0.1):
            pass
        assert self.process.returncode is not None
        return self.process.returncode

    def stop(self, number: int) -> int:
        """Send a signal, and wait for the end."""
        self.process.send_signal(number)
        return self.ends()

    def is_restored(self) -> bool:
        """Whether the terminal is as it was: its modes, its cursor, and its first screen."""
        codes = [self.output.rfind(code) for code in (b"\x1b[?25l", b"\x1b[?25h", b"\x1b[?1049h", b"\x1b[?1049l")]
        return termios.tcgetattr(self.slave) == self.before and codes[0] <= codes[1] and codes[2] <= codes[3]

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for end in (self.master, self.slave):
            os.close(end)

    def _wait(self, is_there: object, what: Sequence[object]) -> list[str]:
        assert callable(is_there)
        until = time.monotonic() + PATIENCE_S
        while self._is_drawing() or not is_there():
            assert time.monotonic() < until, f"{what} did not come:\n{self.text()}"
            self._more(0.02)
        return list(self.screen.display)

    def _is_drawing(self) -> bool:
        """Whether a frame is unfinished, which terminals do not show (synchronized output)."""
        is_open = self.output.rfind(b"\x1b[?2026h") > self.output.rfind(b"\x1b[?2026l")
        return is_open and self.process.poll() is None

    def _more(self, timeout_s: float) -> bool:
        """Read what was sent, and let the screen show it; whether there was something."""
        if not select.select([self.master], [], [], timeout_s)[0]:
            return False
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return False
        self.output += data
        if self._replies and b"\x1b[c" in self.output:
            self.press(self._replies)
            self._replies = ""
        text = STRINGS.sub(b"", self._unfinished + data)
        start = max(text.rfind(mark) for mark in (b"\x1b_", b"\x1bP", b"\x1b]1337", b"\x1b"))
        is_open = start >= 0 and (text[start : start + 2] in (b"\x1b_", b"\x1bP", b"\x1b", b"\x1b]"))
        self._unfinished = text[start:] if is_open else b""
        self._stream.feed(text[:start] if is_open else text)
        return True

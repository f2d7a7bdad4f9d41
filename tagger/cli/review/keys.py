"""What a terminal sends: keys, pasted text, and replies to questions about itself."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

ESCAPE = "\x1b"
PASTE = f"{ESCAPE}[200~"
PASTED = re.compile(r"\x1b\[200~(.*?)\x1b\[201~", re.DOTALL)
REPLY = re.compile(r"\x1b\[\?[\d;]*c|\x1b\[6;\d+;\d+t|\x1b_.*?\x1b\\|\x1bP.*?\x1b\\", re.DOTALL)
SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|\x1b[^\[O_P\x1b]")
BEGINNING = re.compile(r"\x1b(\[[0-?]*[ -/]*|O|[_P].*)?", re.DOTALL)  # of one of these
NAMES = {
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x04": "end",  # Ctrl-D
    "\x15": "clear",  # Ctrl-U
    "\x0c": "redraw",  # Ctrl-L
    "\t": "down",
    f"{ESCAPE}[A": "up",
    f"{ESCAPE}OA": "up",
    f"{ESCAPE}[B": "down",
    f"{ESCAPE}OB": "down",
    f"{ESCAPE}[Z": "up",  # Shift-Tab
}


class Key(NamedTuple):
    """A key: its letter, or its name in `NAMES`."""

    name: str


class Paste(NamedTuple):
    """Text that was pasted at once."""

    text: str


class Reply(NamedTuple):
    """The terminal's answer to a question."""

    text: str


Event = Key | Paste | Reply


class KeyParser:
    """Splits what a terminal sends into events."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._text = ""

    @property
    def is_waiting(self) -> bool:
        """Whether the last byte may be the Escape key, or begin a sequence."""
        return bool(self._text)

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete."""
        self._text += self._decoder.decode(data)
        events: list[Event] = []
        while self._text and (found := self._next()) is not None:
            events.extend(found)
        return events

    def flush(self) -> list[Event]:
        """The events once nothing more has come for a moment: a lone Escape is the key."""
        is_key, self._text = self._text == ESCAPE, ""
        return [Key("escape")] if is_key else []

    def _next(self) -> list[Event] | None:
        """Take what comes first, which may mean nothing here; None if it is not complete."""
        if pasted := PASTED.match(self._text):
            return self._take(pasted[0], Paste(pasted[1]))
        if self._text.startswith(PASTE):
            return None
        if reply := REPLY.match(self._text):
            return self._take(reply[0], Reply(reply[0]))
        if sequence := SEQUENCE.match(self._text):
            return self._take(sequence[0], *([Key(NAMES[sequence[0]])] if sequence[0] in NAMES else []))
        if BEGINNING.fullmatch(self._text):
            return None
        letter = self._text[0]
        name = "escape" if letter == ESCAPE else NAMES.get(letter, letter)
        return self._take(letter, *([Key(name)] if name.isprintable() else []))

    def _take(self, taken: str, *events: Event) -> list[Event]:
        self._text = self._text[len(taken) :]
        return list(events)

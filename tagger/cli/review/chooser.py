"""Choosing a landmark by typing the beginning of its name, in any language."""

from __future__ import annotations

from collections.abc import Mapping

from tagger.cli.review.keys import Event, Key, Paste
from tagger.cli.review.text import Line, Span
from tagger.core.text import printable
from tagger.core.types import Landmark
from tagger.review.type_ahead import matches

MOST = 50  # matches that one can move through


class Chooser:
    """A typed name and the landmarks that match.

    Args:
        landmarks: by id; those that are likely first.
    """

    def __init__(self, landmarks: Mapping[str, Landmark]) -> None:
        self.text = ""
        self.chosen: Landmark | None = None
        self.is_closed = False
        self._landmarks = landmarks
        self._marked = 0
        self._found = matches("", landmarks, limit=MOST)

    def handle(self, event: Event) -> None:
        """React to a key; afterwards the chooser may be closed, with or without a chosen landmark."""
        match event:
            case Paste(text):
                self._type(self.text + printable(text.strip()))
            case Key("escape" | "end"):
                self.is_closed = True
            case Key("enter") if self._found:
                self.chosen, self.is_closed = self._found[self._marked], True
            case Key("backspace"):
                self._type(self.text[:-1])
            case Key("clear"):
                self._type("")
            case Key("up" | "down" as direction) if self._found:
                self._marked = (self._marked + (1 if direction == "down" else -1)) % len(self._found)
            case Key(letter) if len(letter) == 1:
                self._type(self.text + letter)

    def lines(self, rows: int) -> list[Line]:
        """What it shows, in so many rows."""
        first = max(0, self._marked - (rows - 3))
        shown = self._found[first : first + rows - 2]
        entries = [self._entry(landmark, first + place == self._marked) for place, landmark in enumerate(shown)]
        nothing: list[Line] = [] if shown else [[Span("  No landmark has such a name.", "dim")]]
        rest: list[Line] = [[] for _ in range(rows - 2 - len(entries) - len(nothing))]
        prompt: Line = [Span("Which landmark? ", "bold"), Span(self.text), Span(" ", "reverse")]
        hint: Line = [Span("Enter chooses, the arrow keys move, Escape goes back", "dim")]
        return [prompt, *entries, *nothing, *rest, hint]

    def _type(self, text: str) -> None:
        self.text, self._marked = text, 0
        self._found = matches(text, self._landmarks, limit=MOST)

    @staticmethod
    def _entry(landmark: Landmark, is_marked: bool) -> Line:
        name = printable(landmark.full_name)
        return [Span(f"> {name}", "bold")] if is_marked else [Span(f"  {name}")]

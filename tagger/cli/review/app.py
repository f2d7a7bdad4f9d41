"""The program: draws the current photo, waits for a key, and does what it says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from db.read.rows import ReviewPhoto
from tagger.cli.review import screen
from tagger.cli.review.chooser import Chooser
from tagger.cli.review.keys import Event, Paste, Reply
from tagger.cli.review.pictures import CELL_PX, LEAST_ROWS, Area, Protocol, cell_px_in, protocol_by_name, protocol_in
from tagger.cli.review.previews import Previews
from tagger.cli.review.terminal import Terminal
from tagger.cli.review.text import Line, Span
from tagger.cli.review.viewer import Viewer
from tagger.core.errors import DecoderUnavailable, StoreError
from tagger.review.session import ReviewSession

AHEAD = 3  # photos that are prepared


class ReviewApp:
    """A review in a terminal.

    Args:
        session: what is decided.
        terminal: open.
        previews: the pictures.
        viewer: opens photos.
        opens_each: whether each photo is opened.
    """

    def __init__(
        self, session: ReviewSession, terminal: Terminal, previews: Previews, viewer: Viewer, *, opens_each: bool
    ) -> None:
        self._session, self._terminal, self._previews, self._viewer = session, terminal, previews, viewer
        self._opens_each = opens_each
        self._opened = ""
        self._photo = session.current()
        self._chooser: Chooser | None = None
        self._shows_help = self._is_over = False
        self._has_picture = False
        self._message = ""
        self._cell_px: tuple[int, int] | None = None
        self._actions: dict[str, Callable[[], None]] = {
            "a": lambda: self._decide(self._session.confirm),
            "r": lambda: self._decide(self._session.reject),
            "n": lambda: self._decide(self._session.none),
            "c": self._choose,
            "u": self._undo,
            " ": self._skip,
            "o": self._open,
            "q": self._quit,
            "end": self._quit,
            "?": self._help,
        }

    def run(self) -> None:
        """Review until the last photo or until the person quits.

        Raises:
            EOFError: the terminal is gone.
        """
        if protocol := protocol_by_name():
            self._start(protocol)
        while self._photo and not self._is_over:
            if self._terminal.needs_drawing:
                self._show(self._photo)
            for event in self._terminal.events():
                if self._photo and not self._is_over:
                    self._handle(event)
            self._show_late_picture()

    def _show(self, photo: ReviewPhoto) -> None:
        """Draw the screen, and meanwhile prepare what comes next."""
        self._terminal.needs_drawing = False
        if self._opens_each and self._opened != photo.path:
            self._opened = photo.path
            self._message = self._viewer.open(photo.path) or self._message
        self._draw(photo)
        if not self._terminal.has_input():
            area = self._area()
            for following in self._session.prefetch(AHEAD):
                if area:
                    self._previews.picture(following.path, area)

    def _draw(self, photo: ReviewPhoto) -> None:
        size, area = self._terminal.size, self._area()
        if self._shows_help:
            self._terminal.draw(_fitting(screen.help_lines(), size.rows))
            return
        picture = self._previews.picture(photo.path, area) if area else None
        self._has_picture = picture is not None
        space: list[Line] = [[] for _ in range(area.rows + 1 if area else 0)]
        head: list[Line] = [screen.header(self._session, size.columns), []]
        lines = [*head, *space, *self._block(photo, size.columns)]
        self._terminal.draw(_fitting(lines, size.rows), picture or "")

    def _block(self, photo: ReviewPhoto, columns: int) -> list[Line]:
        if self._chooser:
            return self._chooser.lines(screen.BLOCK_ROWS)
        lines = screen.about(photo, columns)
        return [*lines, [], [Span(self._message)], [], [Span(screen.keys(columns), "dim")]]

    def _area(self) -> Area | None:
        """Where the picture goes; None if there is none, or no room."""
        size = self._terminal.size
        rows = size.rows - screen.BLOCK_ROWS - 4
        if not self._previews.has_started or rows < LEAST_ROWS:
            return None
        by_size = (size.width_px // size.columns, size.height_px // size.rows)
        cell_px = by_size if all(by_size) else self._cell_px or CELL_PX
        return Area(3, 1, rows, size.columns, cell_px)

    def _show_late_picture(self) -> None:
        """Draw again once the current photo's picture is ready."""
        area = None if self._has_picture or self._shows_help else self._area()
        if area and self._photo and self._previews.picture(self._photo.path, area) is not None:
            self._terminal.needs_drawing = True

    def _handle(self, event: Event) -> None:
        if isinstance(event, Reply):
            self._learn(event.text)
            return
        self._terminal.needs_drawing = True
        try:
            if self._chooser:
                self._handle_typing(self._chooser, event)
            elif self._shows_help or isinstance(event, Paste):
                self._shows_help = False
            elif action := self._actions.get(event.name):
                self._message = ""
                action()
            else:
                self._message = "? explains the keys."
        except StoreError as error:  # nothing was stored, and the photo stays
            self._message = str(error)
        else:
            if self._chooser is None:  # what is typed is about the photo that is shown
                self._photo = self._session.current()

    def _handle_typing(self, chooser: Chooser, event: Event) -> None:
        chooser.handle(event)
        if chooser.is_closed:
            self._chooser = None
        if landmark := chooser.chosen:
            self._decide(lambda: self._session.choose(landmark.id))

    def _learn(self, reply: str) -> None:
        """What the terminal says about itself."""
        if cell_px := cell_px_in(reply):
            self._cell_px, self._terminal.needs_drawing = cell_px, True
        elif (protocol := protocol_in(reply)) and not self._previews.has_started:
            self._start(protocol)
            self._terminal.needs_drawing = True

    def _start(self, protocol: Protocol) -> None:
        with suppress(DecoderUnavailable):  # then there are no pictures
            self._previews.start(protocol)
            self._terminal.keeps_pictures = protocol == "kitty"

    def _decide(self, decide: Callable[[], bool]) -> None:
        if decide():
            self._message = screen.done(self._session.history[-1])
        else:
            self._message = "Somebody has decided about that photo meanwhile."

    def _choose(self) -> None:
        likely = [suggestion.landmark for suggestion in self._photo.suggestions] if self._photo else []
        others = sorted(self._session.landmarks, key=lambda landmark: landmark.name)
        self._chooser = Chooser({landmark.id: landmark for landmark in (*likely, *others)})

    def _undo(self) -> None:
        step = self._session.undo()
        self._message = f"Taken back: {screen.done(step)}" if step else "There is nothing to undo."

    def _skip(self) -> None:
        if self._session.left == 1:
            self._message = "This is the last one."
            return
        self._session.skip()
        self._message = screen.done(self._session.history[-1])

    def _open(self) -> None:
        if self._photo:
            self._message = self._viewer.open(self._photo.path)

    def _help(self) -> None:
        self._shows_help = True

    def _quit(self) -> None:
        self._is_over = True


def _fitting(lines: list[Line], rows: int) -> list[Line]:
    """As many lines as a terminal has; empty ones are the first to go."""
    return (lines if len(lines) <= rows else [line for line in lines if line])[:rows]

"""One line on a terminal that says what is being done now, is drawn again and again, and goes away."""

from __future__ import annotations

import sys
import time

from mlpcli.errors import clean
from mlpcli.terminal.screen import USUAL_WIDTH, columns_of, fitted, is_terminal, write

TO_THE_START, CLEAR_TO_THE_END = "\r", "\x1b[K"
SELDOM = 0.1  # seconds from one drawing to the next: one costs more than a small epoch


class LiveLine:
    """The last line of stderr; nothing at all where that is no terminal."""

    def __init__(self) -> None:
        self._is_shown = False
        self._drawn_at = 0.0

    @property
    def columns(self) -> int:
        """The room that there is. The last column stays free, where some terminals go on to the next line."""
        return (columns_of(sys.stderr) or USUAL_WIDTH) - 1

    @property
    def is_due(self) -> bool:
        """Whether it is time to draw another text."""
        return is_terminal(sys.stderr) and time.monotonic() - self._drawn_at >= SELDOM

    def show(self, text: str) -> None:
        """Draw a text in place of the one before, as much of it as there is room for."""
        if is_terminal(sys.stderr):
            shown = fitted(clean(text, len(text)), self.columns)
            write(sys.stderr, f"{TO_THE_START}{shown}{CLEAR_TO_THE_END}")
            self._is_shown, self._drawn_at = True, time.monotonic()

    def clear(self) -> None:
        """Take the line away, if there is one."""
        if self._is_shown:
            write(sys.stderr, f"{TO_THE_START}{CLEAR_TO_THE_END}")
            self._is_shown, self._drawn_at = False, 0.0

"""The one place that prints: results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TextIO

from mlpcli.errors import MlpError, OutputError, clean, printable
from mlpcli.terminal.live_line import LiveLine
from mlpcli.terminal.screen import can_encode, columns_of, fits, is_terminal, width_of, wrapped, write

Row = Sequence[str]


class Console:
    """Where a command's words go. `quiet` leaves warnings and errors; nothing but `result` touches stdout.

    `warned` takes the warnings where somebody else passes them on.
    """

    def __init__(self, *, quiet: bool = False, warned: list[str] | None = None) -> None:
        self.quiet = quiet
        self._warned = warned
        self._live = LiveLine()

    @contextmanager
    def doing(self, text: str) -> Iterator[Self]:
        """Say on a terminal what is being done, until it is done."""
        if not self.quiet:
            self._live.show(text)
        try:
            yield self
        finally:
            self.clear()

    def clear(self) -> None:
        """Take away what is said to be done, where something else is to be seen."""
        self._live.clear()

    @property
    def columns(self) -> int:
        """The room for a live line."""
        return self._live.columns

    def show(self, text: Callable[[int], str], *, at_last: bool = False) -> None:
        """Say on a terminal how far something is, in a line of so many columns; not too often."""
        if not self.quiet and (self._live.is_due or at_last):
            self._live.show(text(self._live.columns))

    def note(self, text: str) -> None:
        """Something worth knowing, on stderr; not when quiet."""
        if not self.quiet:
            self._say(f"{wrapped(clean(text, 2000), sys.stderr)}\n")

    def notes(self, texts: Iterable[str]) -> None:
        """Several of them."""
        for text in texts:
            self.note(text)

    def warn(self, text: str) -> None:
        """Something that may be wrong, on stderr, always."""
        if self._warned is not None:
            self._warned.append(text)
            return
        self._say(f"{wrapped(f'mlp: warning: {clean(text, 2000)}', sys.stderr)}\n")

    def annotate(self, title: str, text: str) -> None:
        """A GitHub annotation of an error, where a GitHub workflow runs this command; nothing elsewhere."""
        if os.environ.get("GITHUB_ACTIONS"):
            line = clean(text, 2000).replace("%", "%25")
            self._say(f"::error title={title}::{line}\n")

    def error(self, error: MlpError) -> None:
        """What went wrong, on stderr: at most four lines a problem."""
        self._say("".join(f"{line}\n" for line in error.lines()))

    def result(self, text: str) -> None:
        """Results, on stdout; raises OutputError."""
        stream = result_stream()
        self._live.clear()
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()

    def _say(self, text: str) -> None:
        self._live.clear()
        write(sys.stderr, text)

    def lines(self, lines: Iterable[str]) -> None:
        """Several lines of a result that a quiet run leaves out."""
        if not self.quiet:
            self.result("\n".join(lines))

    def document(self, value: Mapping[str, Any]) -> None:
        """The one JSON document of `--json`; no character of it does anything to a terminal."""
        self.result(document_text(value))


def document_text(value: Mapping[str, Any]) -> str:
    """A JSON document as text; no character of it does anything to a terminal."""
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return "".join(c if c == "\n" or printable(c) else json.dumps(c)[1:-1] for c in text)


LARGE_FILE = 10**7  # bytes, whose reading takes a moment


def reading(path: Path | str) -> str:
    """What is said while a file is read: `reading data.csv, 250 MB`."""
    try:
        size = Path(path).stat().st_size
    except (OSError, ValueError):  # whoever opens it says what is wrong
        size = 0
    name = "standard input" if str(path) == str(STDOUT) else path
    return f"reading {os.path.normpath(name)}" + (f", {size / 1e6:,.0f} MB" if size >= LARGE_FILE else "")


STDOUT = Path("-")  # as the name of an output file


def result_stream() -> TextIO:
    """Standard output; raises OutputError where it is closed, and its writing does where it is full."""
    if sys.stdout is None:
        raise OutputError.of("standard output is closed", hint="redirect it, or name a file with -o")
    return sys.stdout


def results_are_seen() -> bool:
    """Whether the results go to a terminal."""
    return is_terminal(sys.stdout)


def screen_columns() -> int | None:
    """How many characters a line of the results may have; None where any number."""
    return columns_of(sys.stdout)


GAP, NARROW_GAP = 3, 2  # between the columns of a table, and where there is little room


def render(columns: Sequence[str], rows: Iterable[Row], gap: int = GAP) -> str:
    """A plain table: aligned columns, a rule under the header; no colours, on a screen or in a file."""
    cells = [[clean(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    lines = [(" " * gap).join(_aligned(row, widths)).rstrip() for row in cells]
    rule = "─" if can_encode(sys.stdout, "─") else "-"
    return "\n".join([lines[0], rule * (sum(widths) + gap * (len(widths) - 1)), *lines[1:]])


def render_within(
    columns: Sequence[str], rows: Sequence[Row], screen: int | None, dispensable: Sequence[str]
) -> str:
    """The table; where the screen has no room for all columns, without the first dispensable ones."""
    shown = list(columns)
    for name in (*dispensable, ""):
        places = [columns.index(column) for column in shown]
        text = render(shown, [[row[place] for place in places] for row in rows])
        if fits(text.splitlines(), screen):
            break
        shown = [column for column in shown if column != name]
    return text


def _aligned(row: Row, widths: Sequence[int]) -> Iterator[str]:
    """The cells with their spaces: the first is on the left of its column, the others on the right."""
    for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
        spaces = " " * (width - width_of(cell))
        yield spaces + cell if index else cell + spaces


def bar(length: int) -> str:
    """A bar of so many columns among the results."""
    return ("█" if can_encode(sys.stdout, "█") else "#") * length


def counted(count: int, what: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def number(value: float | None, digits: int = 4) -> str:
    """A number for a person: so many significant digits, `-` where there is none."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        return f"{value:.{max(0, digits - 1 - _exponent(value))}f}"
    return f"{value:.{digits - 1}e}"


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])

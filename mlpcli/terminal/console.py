"""The one place that prints: results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO

from mlpcli.errors import MlpError, OutputError, clean, printable

if TYPE_CHECKING:
    from rich.table import Table

Row = Sequence[str]


class Console:
    """Where a command's words go. `quiet` leaves warnings and errors; nothing but `result` touches stdout.

    `warned` takes the warnings where somebody else passes them on.
    """

    def __init__(self, *, quiet: bool = False, warned: list[str] | None = None) -> None:
        self.quiet = quiet
        self._warned = warned

    def note(self, text: str) -> None:
        """Something worth knowing, on stderr; not when quiet."""
        if not self.quiet:
            write(sys.stderr, f"{clean(text, 2000)}\n")

    def notes(self, texts: Iterable[str]) -> None:
        """Several of them."""
        for text in texts:
            self.note(text)

    def warn(self, text: str) -> None:
        """Something that may be wrong, on stderr, always."""
        if self._warned is not None:
            self._warned.append(text)
            return
        write(sys.stderr, f"mlp: warning: {clean(text, 2000)}\n")

    def annotate(self, title: str, text: str) -> None:
        """A GitHub annotation of an error, where a GitHub workflow runs this command; nothing elsewhere."""
        if os.environ.get("GITHUB_ACTIONS"):
            line = clean(text, 2000).replace("%", "%25")
            write(sys.stderr, f"::error title={title}::{line}\n")

    def error(self, error: MlpError) -> None:
        """What went wrong, on stderr: at most four lines a problem."""
        write(sys.stderr, "".join(f"{line}\n" for line in error.lines()))

    def result(self, text: str) -> None:
        """Results, on stdout; raises OutputError."""
        stream = result_stream()
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()

    def lines(self, lines: Iterable[str]) -> None:
        """Several lines of a result that a quiet run leaves out."""
        if not self.quiet:
            self.result("\n".join(lines))

    def document(self, value: Mapping[str, Any]) -> None:
        """The one JSON document of `--json`; no character of it does anything to a terminal."""
        import json

        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        self.result("".join(c if c == "\n" or printable(c) else json.dumps(c)[1:-1] for c in text))


STDOUT = Path("-")  # as the name of an output file


def result_stream() -> TextIO:
    """Standard output; raises OutputError where it is closed, and its writing does where it is full."""
    if sys.stdout is None:
        raise OutputError.of("standard output is closed", hint="redirect it, or name a file with -o")
    return sys.stdout


def write(stream: IO[str] | None, text: str) -> None:
    """Write to a stream that may be closed or full: a lost remark changes no result."""
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        return


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a person with a real terminal reads the stream."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def can_encode(stream: IO[str] | None, text: str) -> bool:
    """Whether the stream's encoding has every character of `text`."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def render(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """A plain table: aligned columns, a rule under the header; no colours, on a screen or in a file."""
    from rich.console import Console as RichConsole

    table = _table(columns, rows)
    width = max(20, RichConsole(width=1000).measure(table).maximum)
    console = RichConsole(width=width, no_color=True, highlight=False, emoji=False, markup=False)
    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    return "\n".join(line for line in lines if line)


def _table(columns: Sequence[str], rows: Iterable[Row]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shape = box.SIMPLE_HEAD if can_encode(sys.stdout, "─") else box.ASCII2
    table = Table(box=shape, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        table.add_column(clean(column), justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    return table


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

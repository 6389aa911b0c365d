"""What the place that words go to can show: a terminal's width, its colours, its characters."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate
from typing import IO

USUAL_WIDTH = 80  # of a terminal that does not say


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a person with a real terminal reads the stream."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colours(stream: IO[str] | None) -> bool:
    """Whether colours are wanted: on a terminal, unless NO_COLOR is set (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def can_encode(stream: IO[str] | None, text: str) -> bool:
    """Whether the stream's encoding has every character of `text`."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def columns_of(stream: IO[str] | None) -> int | None:
    """How many characters a line may have: the terminal's columns, or COLUMNS if that is less.

    None where it is no terminal: a file takes lines of any length.
    """
    if stream is None or not stream.isatty():
        return None
    asked = os.environ.get("COLUMNS", "")
    limits = [int(asked)] if asked.isascii() and asked.isdigit() else []
    with suppress(OSError, ValueError):
        limits.append(os.get_terminal_size(stream.fileno()).columns)
    return min((limit for limit in limits if limit), default=USUAL_WIDTH)


def fits(lines: Sequence[str], columns: int | None) -> bool:
    """Whether no line is longer than the screen is wide."""
    return columns is None or max(map(width_of, lines)) <= columns


def width_of(text: str) -> int:
    """How many columns a text takes: characters of East Asia two, accents that join another one none."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fitted(text: str, columns: int) -> str:
    """The text, cut where it would take more columns."""
    length = sum(1 for taken in accumulate(map(_width, text)) if taken <= columns)
    return text[:length]


def wrapped(text: str, stream: IO[str] | None) -> str:
    """A remark in lines that end between words, where a terminal would break them anywhere."""
    columns = columns_of(stream)
    if columns is None or width_of(text) <= columns:
        return text
    import textwrap

    within = textwrap.TextWrapper(columns, subsequent_indent="  ")
    within.break_long_words = within.break_on_hyphens = False
    return within.fill(text)


def write(stream: IO[str] | None, text: str) -> None:
    """Write to a stream that may be closed or full: a lost remark changes no result."""
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        return

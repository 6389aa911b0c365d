"""Rows with fields in quotes, told apart at the speed of bytes: what lies between two quotes is inside.

So it is where each quote that opens follows a separator, a line feed or a quote that closes (with which it is
a doubled one), and each quote that closes is followed by a separator, a line end or a quote that opens. Where
one stands otherwise, in `5" pipe` or after the end of a field, the csv module has to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Indices
from mlpcli.tables.table import Lines

Bytes: TypeAlias = npt.NDArray[np.uint8]
QUOTE, LINE_FEED = ord('"'), ord("\n")


@dataclass(frozen=True, eq=False)
class QuotedRows:
    """The whole rows at the front of some whole lines.

    `quotes` and `feeds` are where quotes and line feeds are; `ends` which of the latter end a row. No quoted
    field has more than `longest` bytes.
    """

    text: Bytes
    quotes: Indices
    feeds: Indices
    ends: Indices
    longest: int

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.ends)

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return int(self.feeds[self.ends[-1]]) + 1 if self.rows else 0

    @property
    def line_count(self) -> int:
        """How many lines they take."""
        return int(self.ends[-1]) + 1 if self.rows else 0

    def lines(self, first: int) -> Lines:
        """The line that each row begins in, where the first begins in line `first`."""
        begins = np.append(0, self.ends[:-1] + 1)
        beyond = begins - np.arange(len(begins))
        rows = np.flatnonzero(np.append(True, np.diff(beyond) != 0))
        return Lines(tuple(rows.tolist()), tuple((first + begins[rows]).tolist()))

    @cached_property
    def outside(self) -> bytes:
        """The rows without what is in quotes, and without the quotes."""
        text = self.text[: self.size]
        quotes = self.quotes[: np.searchsorted(self.quotes, self.size)]
        change = np.zeros(len(text) + 1, np.int8)
        change[quotes[::2]] = 1
        change[quotes[1::2] + 1] -= 1
        outside: Bytes = text[np.cumsum(change[:-1], dtype=np.int8) == 0]
        return outside.tobytes()


def quoted_rows(content: bytes, separator: str) -> QuotedRows | None:
    """The rows of some whole lines, the first of which begins one; None where that takes the csv module."""
    if b"\r" in content and content.count(b"\r") != content.count(b"\r\n"):
        return None
    text: Bytes = np.frombuffer(content, np.uint8)
    quotes, feeds = np.flatnonzero(text == QUOTE), np.flatnonzero(text == LINE_FEED)
    opening, closing, sign = quotes[::2], quotes[1::2], ord(separator)
    before, after = text[opening - 1], text[closing + 1]
    before[opening == 0] = LINE_FEED
    if not np.isin(before, (sign, LINE_FEED, QUOTE)).all():
        return None
    if not np.isin(after, (sign, LINE_FEED, ord("\r"), QUOTE)).all():
        return None
    last = closing[after != QUOTE]  # of each field that is closed
    longest = int((last - opening[before != QUOTE][: len(last)]).max(initial=0))
    outside = np.searchsorted(quotes, feeds) % 2 == 0
    return QuotedRows(text, quotes, feeds, np.flatnonzero(outside), longest)

"""Columns of cells: numbers as arrays, texts one by one, and the rows that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mlpcli.exporting.python.runtime.cells import NumberColumn, TextColumn, UnusableError, is_missing
from mlpcli.exporting.python.vectorized.arrays import Array


class Bad:
    """The rows that cannot be used, and why the first of them cannot; there are some `before` them."""

    def __init__(self, rows: int, before: int = 0) -> None:
        self.rows, self.before = np.zeros(rows, dtype=bool), before
        self.reason: tuple[int, str] | None = None

    def add(self, rows: Array, reason: str) -> None:
        """These rows too (a mask)."""
        found = np.flatnonzero(rows & ~self.rows)
        if len(found) and (self.reason is None or found[0] < self.reason[0]):
            self.reason = int(found[0]), reason
        self.rows |= rows

    def require_none(self) -> None:
        """Raise UnusableError where there is one."""
        if self.reason is not None:
            row, reason = self.reason
            raise UnusableError(f"row {self.before + row + 1}: {reason}")


def read(column: NumberColumn | TextColumn, cells: Sequence[Any], bad: Bad) -> Array:
    """A column: numbers with NaN where they are missing, or texts with None there."""
    if isinstance(column, TextColumn):
        return each(column.read, cells, bad)
    given = np.asarray(cells)
    if given.dtype.kind in "fiu":
        # those of single precision are the numbers that they print as
        written = given.astype(str) if given.dtype in (np.float32, np.float16) else given
        numbers = written.astype(np.float64)
        bad.add(np.isinf(numbers), f"column '{column.name}': expected a finite number")
        return np.where(np.isin(numbers, list(column.blank_numbers)), np.nan, numbers)
    found = each(column.read, cells, bad)
    return np.array([np.nan if number is None else number for number in found], dtype=np.float64)


def each(function: Callable[[Any], Any], cells: Sequence[Any], bad: Bad) -> Array:
    """What a function makes of every cell, each different one looked at once; None where it cannot."""
    known: dict[Any, Any] = {}
    reasons: dict[Any, str] = {}
    # no NaN is the same as another one
    given = [cell if type(cell) is str or not is_missing(cell) else None for cell in cells]
    for cell in dict.fromkeys(given):
        known[cell], reason = usable(function, cell)
        if reason is not None:
            reasons[cell] = reason
    found = np.empty(len(given), dtype=object)
    found[:] = [known[cell] for cell in given]
    if reasons:
        wrong = [cell in reasons for cell in given]
        bad.add(np.array(wrong), reasons[next(cell for cell in given if cell in reasons)])
    return found


def usable(function: Callable[[Any], Any], cell: Any) -> tuple[Any, str | None]:
    """What a function makes of a cell, and None; or None, and why it cannot."""
    try:
        return function(cell), None
    except UnusableError as error:
        return None, str(error)

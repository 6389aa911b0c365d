"""Columns of texts as inputs: a one among zeros, or the code of a level; and whether a cell is missing."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.exporting.python.runtime.levels import Levels, amount_of


class OneHot:
    """One input a level, ones[i] where it is the cell's, else zeros[i]."""

    def __init__(
        self,
        column: str,
        levels: Levels,
        zeros: Sequence[float],
        ones: Sequence[float],
    ) -> None:
        self.column, self.levels, self.zeros, self.ones = column, levels, zeros, ones

    def inputs(self, text: str | None) -> list[float]:
        """One for each level."""
        found = list(self.zeros)
        level = self.levels.of(text, self.column)
        if level >= 0:
            found[level] = self.ones[level]
        return found


class Code:
    """The level as a number, -1 where there is none."""

    def __init__(self, column: str, levels: Levels) -> None:
        self.column, self.levels = column, levels

    def inputs(self, text: str | None) -> list[float]:
        """The one input."""
        return [float(self.levels.of(text, self.column))]


class Absent:
    """1 where the cell of a column is missing, else 0; `blank_numbers` in any spelling are such texts."""

    def __init__(self, column: str, decimal: str = ".", blank_numbers: Sequence[float] = ()) -> None:
        self.column, self.decimal = column, decimal
        self.blank_numbers = frozenset(blank_numbers)

    def inputs(self, cell: float | str | None) -> list[float]:
        """The one input."""
        if isinstance(cell, str) and self.blank_numbers:
            missing = amount_of(cell, self.decimal) in self.blank_numbers
        else:
            missing = cell is None
        return [1.0 if missing else 0.0]

"""Columns of texts as inputs: a one among zeros, or the code of a level."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.exporting.python.runtime.levels import Levels


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

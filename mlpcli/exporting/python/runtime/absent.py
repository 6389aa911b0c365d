"""Inputs that say whether the cell of a column is missing.

What stands for such a cell is an input of its own; this one lets the network know that it does.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.exporting.python.runtime.levels import amount_of


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

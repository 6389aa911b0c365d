"""A confusion matrix as a table: the heads of its rows and columns, and how dark each cell is."""

from __future__ import annotations

from typing import Final

from mlpcli.report.class_parts import Confusion

SHADES: Final = 6
OTHERS: Final = "all others"


def heads(given: Confusion) -> list[str]:
    """The classes, and what stands for all that are not shown."""
    more = len(given.counts) > len(given.classes.shown)
    return [*given.classes.shown, OTHERS] if more else list(given.classes.shown)


def shade(given: Confusion, row: int, column: int) -> str:
    """The CSS class of a cell: `h` where the prediction is right, `m` where not, and how dark.

    From 1 to SHADES, by the share of the rows of the true class; without a class where there is no row. A
    mistake that was made at all is seen. Among all others right and wrong are not known.
    """
    rows, whole = given.counts[row][column], sum(given.counts[row])
    if not rows or row == column == len(given.classes.shown):
        return ""
    level = max(1, round(SHADES * rows / whole))
    return f"{'h' if row == column else 'm'}{level}"

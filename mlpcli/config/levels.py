"""What a level of an interval takes of the rows that calibrate it.

Of n rows that are exchangeable with a new one, its error is at most the k-th smallest of theirs, for

    k = ⌈level (n + 1)⌉,

with a probability from the level to level + 1/(n + 1), whatever the model (Vovk et al. 2005; Angelopoulos &
Bates 2021, arXiv 2107.07511). There is a k-th smallest where k ≤ n, which is n ≥ level / (1 − level).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import ceil

from mlpcli.errors import DataError, Problem


def rank(level: float, rows: int) -> int:
    """k, counted from 1, of the level as it is written: 0.07 of 100 are 7."""
    return ceil(_written(level) * (rows + 1))


def rows_needed(level: float) -> int:
    """The least n: 9 for 0.9, 19 for 0.95, 99 for 0.99."""
    return ceil(_written(level) / (1 - _written(level)))


def require_rows(levels: Iterable[float], rows: int, which: str) -> None:
    """Raise DataError where the calibrating rows, such as `calibration rows`, are too few for a level."""
    problems = [
        Problem(
            f"intervals: level {level:g} takes {rows_needed(level)} {which}, found {rows}",
            hint="leave the level out, or let more rows calibrate",
        )
        for level in levels
        if rows < rows_needed(level)
    ]
    if problems:
        raise DataError(*problems)


def _written(level: float) -> Fraction:
    return Fraction(repr(level))

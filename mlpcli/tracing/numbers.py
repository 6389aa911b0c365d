"""The numbers of an array as texts whose decimal points stand below each other."""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import Final

from mlpcli.arrays import Array
from mlpcli.terminal.console import number

DIGITS: Final = 5  # significant ones of the largest number
LEAST, MOST = 1e-6, 1e7  # of the largest number of an array; beyond these each has an exponent of its own


def texts_of(values: Array, rows: int) -> list[list[str]]:
    """The numbers of an array in so many rows, all with the same decimals.

    0 is `0`, and what would be rounded to 0 has an exponent.
    """
    table = values.reshape(rows, -1).tolist()
    largest = max((abs(v) for row in table for v in row if isfinite(v)), default=0.0)
    if not LEAST <= largest < MOST:
        return [[_alone(v) for v in row] for row in table]
    decimals = max(0, DIGITS - 1 - floor(log10(largest)))
    return [[_aligned(v, decimals) for v in row] for row in table]


def _alone(value: float) -> str:
    return number(value, DIGITS) if isfinite(value) else f"{value}"


def _aligned(value: float, decimals: int) -> str:
    if not isfinite(value):
        return f"{value}"
    if not value:
        return "0"
    text = f"{value:.{decimals}f}"
    return text if float(text) else f"{value:.1e}"

"""Sums over very many rows of numbers that are made some rows at a time: to the bit those of all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from mlpcli.arrays import Matrix, Vector

SPAN: Final = 1 << 16  # rows that are there at a time; no fewer than 128, which NumPy never halves

Made = Callable[[slice], Matrix]
"""The numbers (rows, K) of some rows."""


def mean_of_rows(made: Made, rows: int) -> Vector:
    """The mean (K,) over rows, as `np.mean(..., axis=0)` of all of them has it.

    NumPy adds the rows of one column by halves, and those of several columns one after the other.
    """
    total = made(slice(0, min(SPAN, rows)))
    if total.shape[1] == 1:
        return _sum_by_halves(made, 0, rows) / rows
    total = total.sum(axis=0)
    for start in range(SPAN, rows, SPAN):
        total = np.vstack([total, made(slice(start, min(start + SPAN, rows)))]).sum(axis=0)
    return np.asarray(total / rows)


def _sum_by_halves(made: Made, start: int, rows: int) -> Vector:
    if rows <= SPAN:
        return np.asarray(made(slice(start, start + rows)).sum(axis=0))
    half = rows // 2
    half -= half % 8
    return _sum_by_halves(made, start, half) + _sum_by_halves(made, start + half, rows - half)

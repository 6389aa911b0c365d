"""Columns of numbers as ranks among the quantiles of the training rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpcli.exporting.python.runtime.normal import normal_of
from mlpcli.exporting.python.vectorized.arrays import Array
from mlpcli.exporting.python.vectorized.cells import Bad
from mlpcli.exporting.python.vectorized.features import OfNumbers

END = 1e-7  # so near to the ends a rank is taken for the end itself


class Rank(OfNumbers):
    """The rank of a number, from 0 to 1 and linear between two quantiles; `normal`: as a normal number."""

    def __init__(self, column: str, fill: float | None, quantiles: Sequence[float], normal: bool) -> None:
        super().__init__(column, fill)
        self.quantiles, self.normal = np.array(quantiles), normal

    def matrix(self, numbers: Array, bad: Bad) -> Array:
        """The one input of each row."""
        x, q = self.filled(numbers, bad), self.quantiles
        places, near = np.linspace(0.0, 1.0, len(q)), END if self.normal else 0.0
        with np.errstate(all="ignore"):
            found = 0.5 * (np.interp(x, q, places) - np.interp(-x, -q[::-1], -places[::-1]))
            found[x + near > q[-1] if near else x >= q[-1]] = 1.0
            found[x - near < q[0] if near else x <= q[0]] = 0.0
        if self.normal:
            end = END - np.spacing(1)
            known = np.clip(found, end, 1.0 - end).tolist()
            found = np.array([normal_of(rank) if rank == rank else rank for rank in known])
        return found[:, np.newaxis]

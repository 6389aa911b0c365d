"""Columns of numbers as ranks among the quantiles of the training rows."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from mlpcli.exporting.python.runtime.normal import normal_of
from mlpcli.exporting.python.runtime.numbers import filled

END = 1e-7  # so near to the ends a rank is taken for the end itself


class Rank:
    """The rank of a number, from 0 to 1 and linear between two quantiles; `normal`: as a normal number."""

    def __init__(self, column: str, fill: float | None, quantiles: Sequence[float], normal: bool) -> None:
        self.column, self.fill, self.quantiles, self.normal = column, fill, quantiles, normal
        self.step = 1.0 / max(1, len(quantiles) - 1)

    def inputs(self, number: float | None) -> list[float]:
        """The one input."""
        x, first, last = filled(number, self.fill, self.column), self.quantiles[0], self.quantiles[-1]
        if x - END < first if self.normal else x <= first:
            rank = 0.0
        elif x + END > last if self.normal else x >= last:
            rank = 1.0
        else:
            rank = 0.5 * (self.from_below(x) + self.from_above(x))
        if not self.normal:
            return [rank]
        end = END - math.ulp(1.0)
        return [normal_of(min(max(rank, end), 1.0 - end))]

    def from_below(self, x: float) -> float:
        """The rank on the line that begins with the last quantile not above x."""
        q, last = self.quantiles, len(self.quantiles) - 1
        place = bisect_right(q, x) - 1
        if place >= last:
            return 1.0
        slope = (self.rank(place + 1) - self.rank(place)) / (q[place + 1] - q[place])
        return slope * (x - q[place]) + self.rank(place)

    def from_above(self, x: float) -> float:
        """The rank on the line that ends with the first quantile not below x."""
        q = self.quantiles
        place = bisect_left(q, x)
        if place == 0:
            return 0.0
        slope = (self.rank(place) - self.rank(place - 1)) / (q[place] - q[place - 1])
        return self.rank(place) - slope * (q[place] - x)

    def rank(self, place: int) -> float:
        """That of a quantile."""
        return 1.0 if place == len(self.quantiles) - 1 else place * self.step

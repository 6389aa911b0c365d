"""Columns of numbers as ranks among the quantiles of the training rows."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from mlpcli.exporting.python.runtime.numbers import filled

END = 1e-7  # so near to the ends a rank is taken for the end itself
# Wichura 1988, Algorithm AS 241 (PPND16): numerators and denominators, the highest power first
CENTRAL = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
MIDDLE = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip


def ratio(x: float, of: Sequence[Sequence[float]]) -> float:
    """One polynomial of x divided by another."""
    above = below = 0.0
    for a, b in zip(*of):
        above, below = above * x + a, below * x + b
    return above / below


def normal_of(share: float) -> float:
    """The number that this share of a standard normal distribution is below, 0 < share < 1."""
    q = share - 0.5
    if abs(q) <= 0.425:
        return q * ratio(0.180625 - q * q, CENTRAL)
    r = math.sqrt(-math.log(share if q < 0.0 else 1.0 - share))
    found = ratio(r - 1.6, MIDDLE) if r <= 5.0 else ratio(r - 5.0, TAIL)
    return -found if q < 0.0 else found


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

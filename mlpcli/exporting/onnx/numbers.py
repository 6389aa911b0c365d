"""Columns of numbers as inputs of a network, several columns in one node: in double precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from math import inf, nan
from typing import Any, Final

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.data.number_feature import END
from mlpcli.data.scaling import BOUND
from mlpcli.exporting.columns import Constant, Feature, Number, Pieces, Rank
from mlpcli.exporting.onnx.functions import (
    Binary,
    equal,
    finite,
    hypot,
    is_nan,
    less,
    less_equal,
    log1p,
    maximum,
    minimum,
    normal_quantile,
    where,
)
from mlpcli.exporting.onnx.graph import DOUBLE, WHOLE, Graph, Value

NUMERIC: Final = (Number, Constant, Rank, Pieces)


def known_numbers(given: Sequence[Value], marks: Sequence[Sequence[float]]) -> Value:
    """Columns of numbers side by side (rows, columns), NaN where one is among the marks of its column."""
    numbers = given[0].graph.joined(given)
    for ones in zip_longest(*marks, fillvalue=nan):
        numbers = where(equal(numbers, np.array([ones])), nan, numbers)
    return numbers


def filled(numbers: Value, fills: Sequence[float | None]) -> Value:
    """The numbers with what stands for a missing one in each column, if anything does."""
    if fills == [None] * len(fills):
        return numbers
    return where(is_nan(numbers), np.array([[nan if fill is None else fill for fill in fills]]), numbers)


def alike(feature: Feature) -> tuple[object, ...]:
    """What features of numbers have in common that can be written by the same nodes."""
    if isinstance(feature, Number):
        return Number, feature.log, feature.clip
    if isinstance(feature, Rank):
        return Rank, feature.normal, len(feature.quantiles)
    return (type(feature),)


def encoded(features: Sequence[Any], x: Value) -> Value:
    """The inputs (rows, inputs) of features that are alike, of their numbers x (rows, features)."""
    return WRITERS[type(features[0])](features, x)


def _scaled(features: Sequence[Number], x: Value) -> Value:
    """g((f(x) − center) / scale)."""
    if features[0].log:
        x = log1p(x)
    centers, scales = ([[getattr(one, name) for one in features]] for name in ("center", "scale"))
    scaled = (x - np.array(centers)) / np.array(scales)
    return scaled / hypot(1.0, scaled / BOUND) if features[0].clip else scaled


def _constant(_features: Sequence[Constant], x: Value) -> Value:
    """0, and NaN for what is no finite number."""
    return where(finite(x), x.graph.constant(0.0, DOUBLE), nan)


def _pieces(features: Sequence[Pieces], x: Value) -> Value:
    """min(1, max(0, (x − start) / width)), the first bin of a column with no 0, the last with no 1.

    So one of them is infinite where x is.
    """
    repeated = [column for column, one in enumerate(features) for _ in one.starts]
    starts, widths = ([[n for one in features for n in getattr(one, key)]] for key in ("starts", "widths"))
    most = [[n for one in features for n in (*[1.0] * (one.width - 1), inf)]]
    least = [[n for one in features for n in (-inf, *[0.0] * (one.width - 1))]]
    pieces = (x.taken(repeated) - np.array(starts)) / np.array(widths)
    return maximum(minimum(pieces, np.array(most)), np.array(least))


def _ranks(features: Sequence[Rank], x: Value) -> Value:
    """`QuantileCurve`: the mean of the curve as it is and as it is from right to left, then its ends."""
    curve = Curve(x.graph, np.array([one.quantiles for one in features]))
    ranks = (curve.from_left(x) + curve.from_right(x)) * 0.5
    first, last = ([[one.quantiles[end] for one in features]] for end in (0, -1))
    if not features[0].normal:
        ranks = where(equal(x, np.array(last)), 1.0, ranks)
        return where(equal(x, np.array(first)), 0.0, ranks)
    ranks = where(x + END > np.array(last), 1.0, ranks)
    ranks = where(x - END < np.array(first), 0.0, ranks)
    lowest = END - np.spacing(1)
    return normal_quantile(minimum(maximum(ranks, lowest), 1.0 - lowest))


class Curve:
    """Piecewise linear curves from the quantiles (columns, count) of some columns to evenly spaced ranks."""

    def __init__(self, graph: Graph, quantiles: Matrix) -> None:
        columns, count = quantiles.shape
        self._last = count - 1
        # a search by halving wants room for a power of two
        self._room = 1 << count.bit_length()
        padded = np.pad(quantiles, ((0, 0), (0, self._room - count)), constant_values=inf)
        self._quantiles = graph.constant(padded.ravel(), DOUBLE, "quantiles")
        self._ranks = graph.constant(np.linspace(0.0, 1.0, count), DOUBLE, "ranks")
        self._begins = graph.constant(np.arange(columns)[np.newaxis] * self._room, WHOLE, "places")

    def from_left(self, x: Value) -> Value:
        """At x (rows, columns); where x is several quantiles, the rank of the last."""
        low = maximum(self._count(x, less_equal) - 1, 0)
        return self._between(x, (low, minimum(low + 1, self._last)), 0)

    def from_right(self, x: Value) -> Value:
        """The same with the rank of the first."""
        high = minimum(self._count(x, less), self._last)
        return self._between(x, (maximum(high - 1, 0), high), 1)

    def _between(self, x: Value, places: tuple[Value, Value], start: int) -> Value:
        """On the line between two quantiles, from that at `start`; beyond them the rank of the nearer."""
        low, high = ends = [self._quantile(place) for place in places]
        first, last = ranks = [self._ranks.at(place) for place in places]
        line = (last - first) / (high - low) * (x - ends[start]) + ranks[start]
        return where(x <= low, first, where(x >= high, last, line))

    def _count(self, x: Value, below: Binary) -> Value:
        """How many quantiles are below x, or at most x."""
        step = self._room // 2
        count: Value = (
            below(self._quantile(self._begins.graph.constant(step - 1, WHOLE)), x).cast(WHOLE) * step
        )
        while step := step // 2:
            count = where(below(self._quantile(count + (step - 1)), x), count + step, count)
        return count

    def _quantile(self, places: Value) -> Value:
        return self._quantiles.at(places + self._begins)


WRITERS: Final[Mapping[type[Any], Callable[[Sequence[Any], Value], Value]]] = {
    Number: _scaled,
    Constant: _constant,
    Rank: _ranks,
    Pieces: _pieces,
}

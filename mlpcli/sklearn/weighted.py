"""Centers and scales of columns whose rows have weights: those of the rows, each as often as it weighs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.data.scaling import LARGEST, ROUNDING, SCALINGS, scaled_to_one

Scaling = Callable[[Vector], tuple[float, float]]  # from numbers to center and scale


def scaling_of(name: str, weights: Vector | None) -> Scaling:
    """The scaling of that name, for rows with weights, all above 0. Extremes do not depend on them."""
    if weights is None or name not in WEIGHTED:
        return SCALINGS[name]
    return partial(WEIGHTED[name], weights=weights)


def weighted_standardization(values: Vector, weights: Vector) -> tuple[float, float]:
    """(mean, standard deviation) of weighted values; a constant has the scale 1."""
    low, largest = float(values.min()), float(np.abs(values).max())
    if low == float(values.max()):
        return low, 1.0
    share, unit = weights / weights.sum(), values / largest
    mean = float(share @ unit)
    mean += float(share @ (unit - mean))
    std = float(np.sqrt(share @ np.square(unit - mean)))
    return largest * mean, largest * std if std > ROUNDING * abs(mean) else 1.0


def weighted_robust(values: Vector, weights: Vector) -> tuple[float, float]:
    """(median, 75 % quantile − 25 % quantile) of weighted values; the scale is 1 where the two are the same.

    Linear between two values, as without weights: a value of weight w stands from the sum of the weights
    before it to w − 1 further on. Where some weights are below 1, the smallest is what counts as one row.
    """
    order = np.argsort(values, kind="stable")
    once = min(1.0, float(weights.min()))
    last = np.cumsum(weights[order]) - once
    places = np.column_stack([last - weights[order] + once, last]).ravel()
    unit, exponent = scaled_to_one(values[order])
    quarters = _settled(last[-1] * np.array([0.25, 0.5, 0.75]), places)
    low, middle, high = np.ldexp(np.interp(quarters, places, np.repeat(unit, 2)), exponent).tolist()
    return middle, min(high - low, LARGEST) or 1.0


def _settled(wanted: Vector, places: Vector) -> Vector:
    """Each place wanted, or the one that only rounding keeps it from.

    A trace of the next value would make a scale of what is none, and the encoded numbers huge.
    """
    nearest = places[np.abs(places[:, np.newaxis] - wanted).argmin(axis=0)]
    rounding = np.finfo(np.float64).eps * len(places) * places[-1]
    return np.where(np.abs(nearest - wanted) <= rounding, nearest, wanted)


WEIGHTED = {"standardize": weighted_standardization, "robust": weighted_robust}

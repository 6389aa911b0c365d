"""Centers and scales of a column of numbers, computed so that no magnitude of theirs is lost."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Vector

# a standard deviation of so many units in the last place of the mean is rounding, not variation
ROUNDING = 4 * float(np.finfo(np.float64).eps)
LARGEST = float(np.finfo(np.float64).max)
LARGEST_POWER = 1022  # of two, for which 2⁻ⁿ is a normal number too


def mean_of(values: Vector) -> float:
    """The mean, also where the sum would overflow."""
    scaled, exponent = scaled_to_one(values)
    return _mean(scaled, exponent)


def _mean(scaled: Vector, exponent: int) -> float:
    mean = scaled.mean()
    # a second pass takes away what rounding left
    return float(np.ldexp(mean + (scaled - mean).mean(), exponent))


def standardization(values: Vector) -> tuple[float, float]:
    """(mean, population standard deviation); a constant has the scale 1, so that it becomes exactly 0.

    Two passes: std² = mean((x − mean)²), on values scaled by a power of two, which is exact.
    """
    low = float(values.min())
    if low == float(values.max()):
        return low, 1.0
    scaled, exponent = scaled_to_one(values)
    mean = _mean(scaled, exponent)
    deviation = np.subtract(scaled, np.ldexp(mean, -exponent), out=scaled)
    std = float(np.ldexp(np.sqrt(np.mean(np.multiply(deviation, deviation, out=deviation))), exponent))
    return mean, std if std > ROUNDING * abs(mean) else 1.0


def minmax(values: Vector) -> tuple[float, float]:
    """(minimum, maximum − minimum): to 0..1; a constant has the scale 1."""
    low, high = float(values.min()), float(values.max())
    return low, min(high - low, LARGEST) if high > low else 1.0


def maxabs(values: Vector) -> tuple[float, float]:
    """(0, the largest magnitude); 1 where that is 0."""
    return 0.0, float(np.abs(values).max()) or 1.0


def robust(values: Vector) -> tuple[float, float]:
    """(median, 75 % quantile − 25 % quantile); the scale is 1 where the two are the same."""
    low, middle, high = percentiles(values, np.array([25.0, 50.0, 75.0])).tolist()
    return middle, min(high - low, LARGEST) or 1.0


def percentiles(values: Vector, percents: Vector) -> Vector:
    """The percentiles, linear between two values, also where the difference of two would overflow."""
    scaled, exponent = scaled_to_one(values)
    return np.ldexp(np.percentile(scaled, percents), exponent)


def unscaled(_values: Vector) -> tuple[float, float]:
    """(0, 1): the values as they are."""
    return 0.0, 1.0


def scaled_to_one(values: Vector) -> tuple[Vector, int]:
    """Values times a power of two that makes them at most 1, a new array, and the exponent to come back."""
    exponent = int(np.frexp(np.maximum(np.abs(values.min()), np.abs(values.max())))[1])
    if abs(exponent) > LARGEST_POWER:
        return np.ldexp(values, -exponent), exponent
    # the same numbers as those of ldexp, which is several times slower
    return values * 2.0**-exponent, exponent


SCALINGS = {
    "standardize": standardization,
    "minmax": minmax,
    "maxabs": maxabs,
    "robust": robust,
    "none": unscaled,
}

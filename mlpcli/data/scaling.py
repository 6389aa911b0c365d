"""Centers and scales of a column of numbers, computed so that no magnitude of theirs is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Vector

# a standard deviation of so many units in the last place of the mean is rounding, not variation
ROUNDING = 4 * float(np.finfo(np.float64).eps)
LARGEST = float(np.finfo(np.float64).max)
LARGEST_POWER = 1022  # of two, for which 2⁻ⁿ is a normal number too
QUARTERS = np.array([25.0, 50.0, 75.0])
BOUND = 3.0  # of what `smooth_clip` gives
NOTHING = LARGEST  # the scale of a column that is 0 for ever; others have at the most
WIDEST = float(np.nextafter(NOTHING, 0.0))


def mean_of(values: Vector) -> float:
    """The mean, also where the sum would overflow."""
    return float(_mean(*scaled_to_one(values)))


def _mean(scaled: Array, exponent: Array) -> Array:
    mean = scaled.mean(-1)
    # a second pass takes away what rounding left
    return np.asarray(np.ldexp(mean + (scaled - mean[..., np.newaxis]).mean(-1), exponent))


def standardization(values: Array) -> tuple[Array, Array]:
    """(mean, population standard deviation); a constant has the scale 1, so that it becomes exactly 0.

    Of a column (rows,), or of each of several (columns, rows), as all that `takes_columns`. Two passes:
    std² = mean((x − mean)²), on values scaled by a power of two, which is exact.
    """
    low, high = values.min(-1), values.max(-1)
    scaled, exponent = scaled_to_one(values)
    mean = _mean(scaled, exponent)
    deviation = np.subtract(scaled, np.ldexp(mean, -exponent)[..., np.newaxis], out=scaled)
    variance = np.mean(np.multiply(deviation, deviation, out=deviation), -1)
    std = np.ldexp(np.sqrt(variance), exponent)
    varies = (low < high) & (std > ROUNDING * np.abs(mean))
    return np.where(low < high, mean, low), np.where(varies, std, 1.0)


def minmax(values: Array) -> tuple[Array, Array]:
    """(minimum, maximum − minimum): to 0..1; a constant has the scale 1."""
    low, high = values.min(-1), values.max(-1)
    with np.errstate(over="ignore"):
        return low, np.where(low < high, np.minimum(high - low, LARGEST), 1.0)


def maxabs(values: Array) -> tuple[Array, Array]:
    """(0, the largest magnitude); 1 where that is 0."""
    largest = np.abs(values).max(-1)
    return np.zeros_like(largest), np.where(largest > 0, largest, 1.0)


def robust(values: Vector) -> tuple[float, float]:
    """(median, 75 % quantile − 25 % quantile); the range where the two are the same, 1 for a constant."""
    low, middle, high = percentiles(values, QUARTERS).tolist()
    return middle, _width(high - low, values)


def robust_clip(values: Vector) -> tuple[float, float]:
    """(median, 75 % quantile − 25 % quantile), to be followed by `smooth_clip`.

    Half the range where the quartiles are the same: a rare 1 among zeros becomes 2 before it is clipped
    (RealMLP, arXiv 2407.04491, section 3). A constant is 0 for ever, which the scale NOTHING stands for.
    """
    low, middle, high = percentiles(values, QUARTERS).tolist()
    return middle, _half_range(high - low, values)


def _half_range(between_quartiles: float, values: Vector) -> float:
    """The scale of `robust_clip`."""
    return min(between_quartiles, WIDEST) or float(values.max()) / 2 - float(values.min()) / 2 or NOTHING


def smooth_clip(scaled: Array, scale: float) -> Array:
    """v / √(1 + (v/3)²), between −3 and 3; v near 0. All 0 where the scale is NOTHING; NaN where v is."""
    if scale == NOTHING:
        return np.where(np.isnan(scaled), scaled, 0.0)
    # √(1 + a²) without a², which overflows where v is large
    return np.asarray(scaled / np.hypot(1.0, scaled / BOUND))


def _width(between_quartiles: float, values: Vector) -> float:
    """The scale of `robust`: where most rows are the same, others would be huge without one."""
    return min(between_quartiles, LARGEST) or min(float(values.max()) - float(values.min()), LARGEST) or 1.0


def equal_quartiles(values: Vector) -> str | None:
    """What a person should know where `robust` takes another scale than that of the quartiles."""
    if not len(values) or values.min() == values.max():
        return None
    low, high = percentiles(values, np.array([25.0, 75.0])).tolist()
    if low < high:
        return None
    scale = _width(0.0, values)
    return f"most rows hold {low:g}, so that its quartiles are the same: scaled by its range, {scale:g}"


def percentiles(values: Vector, percents: Vector) -> Vector:
    """The percentiles, linear between two values, also where the difference of two would overflow."""
    scaled, exponent = scaled_to_one(values)
    return np.asarray(np.ldexp(np.percentile(scaled, percents), exponent))


def unscaled(values: Array) -> tuple[Array, Array]:
    """(0, 1): the values as they are."""
    return np.zeros(values.shape[:-1]), np.ones(values.shape[:-1])


def scaled_to_one(values: Array) -> tuple[Array, Array]:
    """Values times a power of two that makes them at most 1, a new array, and the exponent to come back.

    Those of a column (rows,), or of each of several (columns, rows).
    """
    exponent = np.frexp(np.maximum(np.abs(values.min(-1)), np.abs(values.max(-1))))[1]
    if (np.abs(exponent) > LARGEST_POWER).any():
        return np.ldexp(values, -exponent[..., np.newaxis]), exponent
    # the same numbers as those of ldexp, which is several times slower
    return values * np.ldexp(1.0, -exponent)[..., np.newaxis], exponent


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
    """(median, 75 % quantile − 25 % quantile) of weighted values; the range where the two are the same."""
    low, middle, high = _weighted_quartiles(values, weights)
    return middle, _width(high - low, values)


def weighted_robust_clip(values: Vector, weights: Vector) -> tuple[float, float]:
    """What `robust_clip` is of weighted values."""
    low, middle, high = _weighted_quartiles(values, weights)
    return middle, _half_range(high - low, values)


def _weighted_quartiles(values: Vector, weights: Vector) -> tuple[float, float, float]:
    """The quartiles of weighted values and their median between."""
    low, middle, high = weighted_percentiles(values, weights, QUARTERS).tolist()
    return low, middle, high


def weighted_percentiles(values: Vector, weights: Vector, percents: Vector) -> Vector:
    """The percentiles of weighted values.

    Linear between two values, as without weights: a value of weight w stands from the sum of the weights
    before it to w − 1 further on. Where some weights are below 1, the smallest is what counts as one row.
    """
    order = np.argsort(values, kind="stable")
    once = min(1.0, float(weights.min()))
    last = np.cumsum(weights[order]) - once
    places = np.column_stack([last - weights[order] + once, last]).ravel()
    unit, exponent = scaled_to_one(values[order])
    wanted = _settled(last[-1] * (percents / 100), places)
    return np.asarray(np.ldexp(np.interp(wanted, places, np.repeat(unit, 2)), exponent))


def _settled(wanted: Vector, places: Vector) -> Vector:
    """Each place wanted, or the one that only rounding keeps it from.

    A trace of the next value would make a scale of what is none, and the encoded numbers huge.
    """
    after = np.clip(np.searchsorted(places, wanted), 1, len(places) - 1)
    low, high = places[after - 1], places[after]
    nearest = np.where(wanted - low <= high - wanted, low, high)
    rounding = np.finfo(np.float64).eps * len(places) * places[-1]
    return np.where(np.abs(nearest - wanted) <= rounding, nearest, wanted)


@dataclass(frozen=True)
class Scaling:
    """From numbers to (center, scale), of which `words` says what they are, None where it is always the same.

    `weighted` takes the weights of the numbers too, all above 0: it gives what the same numbers would, each
    as often as it weighs. None where that changes nothing, as it does not change extremes. `remark` says
    what is worth knowing about some numbers. `after` is what comes of scaled numbers, with their scale.
    `plain` of one that `takes_columns` may be asked about several columns (columns, rows) at once.
    """

    plain: Callable[[Array], tuple[Any, Any]]
    words: tuple[str | None, ...] = ()
    weighted: Callable[[Vector, Vector], tuple[float, float]] | None = None
    remark: Callable[[Vector], str | None] | None = None
    after: Callable[[Array, float], Array] | None = None
    takes_columns: bool = False

    def __call__(self, values: Vector, weights: Vector | None = None) -> tuple[float, float]:
        """The center and the scale of some numbers."""
        if weights is None or self.weighted is None:
            center, scale = self.plain(values)
            return float(center), float(scale)
        return self.weighted(values, weights)


SCALINGS = {
    "standardize": Scaling(standardization, ("mean", "std"), weighted_standardization, takes_columns=True),
    "minmax": Scaling(minmax, ("min", "range"), takes_columns=True),
    "maxabs": Scaling(maxabs, (None, "largest"), takes_columns=True),
    "robust": Scaling(robust, ("median", "between quartiles"), weighted_robust, equal_quartiles),
    "robust_clip": Scaling(robust_clip, ("median", "scale"), weighted_robust_clip, after=smooth_clip),
    "none": Scaling(unscaled, takes_columns=True),
}

"""Ranks in place of numbers: how far up the training rows a value stands, from 0 to 1 or as a normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.data.scaling import percentiles

MAX_QUANTILES = 1_000
# so near to the ends a rank is taken for the end itself, which keeps normal numbers finite
END = 1e-7


@dataclass(frozen=True)
class QuantileCurve:
    """The piecewise linear curve from `quantiles`, ascending, to as many ranks evenly from 0 to 1.

    `output` is uniform or normal: the rank, or the number that as many of a standard normal are below.
    """

    quantiles: tuple[float, ...]
    output: str

    def __call__(self, values: Vector) -> Vector:
        """The curve at `values`, NaN where they are; as scikit-learn's QuantileTransformer has it.

        Where a value is several quantiles at once, halfway between the first and the last of their ranks.
        """
        x = np.array(self.quantiles)
        ranks = np.linspace(0.0, 1.0, len(x))
        curve = 0.5 * (np.interp(values, x, ranks) - np.interp(-values, -x[::-1], -ranks[::-1]))
        near = END if self.output == "normal" else 0.0
        curve[values + near > x[-1] if near else values == x[-1]] = 1.0
        curve[values - near < x[0] if near else values == x[0]] = 0.0
        return _normal(curve) if near else curve


def _normal(ranks: Vector) -> Vector:
    # only this needs SciPy
    from scipy.special import ndtri

    ends = ndtri(np.array([END - np.spacing(1), 1 - (END - np.spacing(1))]))
    return np.clip(ndtri(ranks), *ends)


def fit_curve(values: Vector, output: str) -> QuantileCurve:
    """The curve of some rows: as many quantiles as rows, at most 1,000."""
    count = max(1, min(MAX_QUANTILES, len(values)))
    quantiles = percentiles(values, np.linspace(0.0, 1.0, count) * 100) if len(values) else np.zeros(1)
    # rounding must not make a step down
    return QuantileCurve(tuple(np.maximum.accumulate(quantiles).tolist()), output)

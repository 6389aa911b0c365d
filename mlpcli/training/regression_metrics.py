"""Metrics of predicted numbers; with several targets the mean over the targets, each in its own units.

Every target is taken in a unit of its own, a power of two near its largest error, which is exact: a square
neither overflows nor underflows where the metric itself does not. So r2 and mape do not depend on the unit of
a target, and the others follow it.
"""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.training.own_units import InUnits, exponent_of, in_units, largest_in
from mlpcli.training.predictions import Predictions
from mlpcli.training.row_sums import SPAN

EPSILON = float(np.finfo(np.float64).eps)


def mae(predictions: Predictions) -> float:
    """Mean absolute error."""
    errors = predictions.heavy.errors
    absolute = predictions.heavy.mean_of(lambda rows: np.abs(errors.in_one[rows]))
    return float(errors.back(absolute).mean())


def mse(predictions: Predictions) -> float:
    """Mean squared error."""
    errors = predictions.heavy.errors
    return float(errors.back(_squares(errors, predictions), 2).mean())


def rmse(predictions: Predictions) -> float:
    """Root of the mean squared error; with several targets the mean of their roots."""
    errors = predictions.heavy.errors
    return float(errors.back(np.sqrt(_squares(errors, predictions))).mean())


def mape(predictions: Predictions) -> float:
    """Mean of |y − ŷ| / |y|, as a fraction; a y of 0 counts as the ε of float64, as in scikit-learn."""
    truth = np.abs(predictions.heavy.truth)
    errors = predictions.heavy.errors
    absolute = np.ldexp(np.abs(errors.in_one), errors.exponent)
    return float(predictions.heavy.mean(absolute / np.where(truth > 0, truth, EPSILON)).mean())


def median_absolute_error(predictions: Predictions) -> float:
    """The median of |y − ŷ|, by weight where rows have one."""
    errors, weights = predictions.heavy.errors, predictions.heavy.shares
    absolute = np.abs(errors.in_one)
    if weights is None:
        medians = np.median(absolute, axis=0)
    else:
        medians = np.array([_weighted_median(column, weights) for column in absolute.T])
    return float(errors.back(medians).mean())


def r2(predictions: Predictions) -> float:
    """Coefficient of determination, 1 − Σ(y − ŷ)² / Σ(y − ȳ)².

    NaN for fewer than two rows. A target that is constant in these rows counts 1 if every prediction is
    exact, else 0, as in scikit-learn; constant means equal values, whatever the rounding of their mean.
    """
    if predictions.rows < 2:
        return np.nan
    errors = predictions.heavy.errors
    unexplained, (variance, exponent) = _squares(errors, predictions), _variance(predictions)
    ratio = np.divide(unexplained, variance, out=np.sign(unexplained), where=variance > 0)
    units = np.where(variance > 0, 2 * (errors.exponent - exponent), 0)
    return float((1 - np.ldexp(ratio, units)).mean())


def mean_of_targets(predictions: Predictions) -> Vector:
    """The weighted mean of the truth (K,), also where the sum would overflow."""
    heavy, truth = predictions.heavy, predictions.heavy.truth
    exponent = exponent_of(largest_in(truth))
    mean = heavy.mean_of(lambda rows: in_units(truth[rows], exponent))
    return np.asarray(np.ldexp(mean, exponent))


def _variance(predictions: Predictions) -> tuple[Vector, Array]:
    """The mean of (y − ȳ)² (K,) over the rows that weigh anything, in units of 4^exponent, and exponent (K,).

    Exactly 0 where all of them have the same y. There may be very many rows: some are there at a time.
    """
    heavy, truth = predictions.heavy, predictions.heavy.truth
    exponent = exponent_of(largest_in(truth))
    mean = heavy.mean_of(lambda rows: in_units(truth[rows], exponent))
    flat = truth.max(axis=0) == truth.min(axis=0)

    def away(rows: slice) -> Matrix:
        found = in_units(truth[rows], exponent)
        found -= mean
        found[:, flat] = 0.0
        return found

    spans = (slice(start, start + SPAN) for start in range(0, len(truth), SPAN))
    further = exponent_of(np.max([largest_in(away(rows)) for rows in spans], axis=0))
    squares = heavy.mean_of(lambda rows: np.square(in_units(away(rows), further)))
    return squares, exponent + further


def _squares(numbers: InUnits, predictions: Predictions) -> Vector:
    """The mean square of each target (K,), in the square of its unit."""
    return predictions.heavy.mean_of(lambda rows: np.square(numbers.in_one[rows]))


def _weighted_median(values: Vector, weights: Vector) -> float:
    """The value with half of the weight on either side; the mean of two where the half falls between them.

    Quantile definition 2 of Hyndman & Fan 1996 with weights for counts. Sums of weights are the same where
    they differ by no more than their rounding, whatever unit they have.
    """
    order = np.argsort(values)
    ranked = values[order]
    below = np.cumsum(weights[order])
    half, rounding = 0.5 * below[-1], EPSILON * len(below) * below[-1]
    index = int(np.searchsorted(below, half - rounding))
    beyond = below[index] - half > rounding
    return float(ranked[index] if beyond else ranked[index : index + 2].mean())

"""Metrics of predicted numbers; with several targets the mean over the targets, each in its own units.

Every target is taken in a unit of its own, a power of two near its largest error, which is exact: a square
neither overflows nor underflows where the metric itself does not. So r2 and mape do not depend on the unit of
a target, and the others follow it.
"""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.training.own_units import InUnits
from mlpcli.training.predictions import Predictions

EPSILON = float(np.finfo(np.float64).eps)


def mae(predictions: Predictions) -> float:
    """Mean absolute error."""
    errors = predictions.heavy.errors
    return float(errors.back(predictions.heavy.mean(np.abs(errors.in_one))).mean())


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
    unexplained = _squares(errors, predictions)
    deviations = _deviations(predictions)  # after the squares of the errors: there may be very many rows
    squares = np.square(deviations.in_one, out=deviations.in_one)
    variance = predictions.heavy.mean(squares)
    ratio = np.divide(unexplained, variance, out=np.sign(unexplained), where=variance > 0)
    units = np.where(variance > 0, 2 * (errors.exponent - deviations.exponent), 0)
    return float((1 - np.ldexp(ratio, units)).mean())


def mean_of_targets(predictions: Predictions) -> Vector:
    """The weighted mean of the truth (K,), also where the sum would overflow."""
    truth = InUnits.of(predictions.heavy.truth)
    return truth.back(predictions.heavy.mean(truth.in_one))


def _deviations(predictions: Predictions) -> InUnits:
    """y − ȳ of the rows that weigh anything; exactly 0 where all of them have the same y."""
    truth = InUnits.of(predictions.heavy.truth)
    flat = truth.in_one.max(axis=0) == truth.in_one.min(axis=0)
    away = truth.in_one
    away -= predictions.heavy.mean(away)
    away[:, flat] = 0.0
    found = InUnits.of(away, out=away)
    return InUnits(found.in_one, found.exponent + truth.exponent)


def _squares(numbers: InUnits, predictions: Predictions) -> Vector:
    """The mean square of each target (K,), in the square of its unit."""
    return predictions.heavy.mean(np.square(numbers.in_one))


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

"""Metrics of numbers in many draws at once, each target in a unit of its own as in `mlpcli.training`."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.judging.drawn import Drawn
from mlpcli.training.own_units import InUnits
from mlpcli.training.regression_metrics import EPSILON


def mae(drawn: Drawn) -> Vector:
    """Mean absolute error."""
    errors = drawn.sample.predictions.errors
    return _over_targets(errors.back(drawn.mean(np.abs(errors.in_one))))


def mse(drawn: Drawn) -> Vector:
    """Mean squared error."""
    errors = drawn.sample.predictions.errors
    return _over_targets(errors.back(drawn.mean(np.square(errors.in_one)), 2))


def rmse(drawn: Drawn) -> Vector:
    """Root of the mean squared error; with several targets the mean of their roots."""
    errors = drawn.sample.predictions.errors
    return _over_targets(errors.back(np.sqrt(drawn.mean(np.square(errors.in_one)))))


def mape(drawn: Drawn) -> Vector:
    """Mean of |y − ŷ| / |y|, as a fraction."""
    predictions = drawn.sample.predictions
    truth, errors = np.abs(predictions.truth), predictions.errors
    absolute = np.ldexp(np.abs(errors.in_one), errors.exponent)
    return _over_targets(drawn.mean(absolute / np.where(truth > 0, truth, EPSILON)))


def median_absolute_error(drawn: Drawn) -> Vector:
    """The median of |y − ŷ| by weight."""
    errors = drawn.sample.predictions.errors
    medians = [_medians(column, drawn.weights) for column in np.abs(errors.in_one).T]
    return _over_targets(errors.back(np.stack(medians, axis=1)))


def r2(drawn: Drawn) -> Vector:
    """1 − Σ(y − ŷ)² / Σ(y − ȳ)², with the mean ȳ of the draw.

    Deviations are taken from the mean of all rows first, so that Σw d² − (Σw d)²/Σw loses few digits. Of a
    draw whose targets are all the same it is 1 or 0, as it is of such rows.
    """
    predictions = drawn.sample.predictions
    errors, truth = predictions.errors, InUnits.of(predictions.truth)
    away = InUnits.of(truth.in_one - predictions.mean(truth.in_one))
    squares = drawn.mean(np.square(away.in_one))
    variance = squares - np.square(drawn.mean(away.in_one))
    unexplained = drawn.mean(np.square(errors.in_one))
    varied = variance > len(away.in_one) * EPSILON * squares
    ratio = np.divide(unexplained, variance, out=np.sign(unexplained), where=varied)
    units = np.where(varied, 2 * (errors.exponent - away.exponent - truth.exponent), 0)
    return _over_targets(1 - np.ldexp(ratio, units))


def _over_targets(values: Array) -> Vector:
    return np.asarray(values.mean(axis=1))


def _medians(values: Vector, weights: Matrix) -> Vector:
    """The median of each draw (B,), as `regression_metrics` has it: rows that a draw lacks are none of it."""
    order = np.argsort(values)
    ranked = values[order]
    below = np.cumsum(weights[:, order], axis=1)
    half = 0.5 * below[:, -1:]
    rounding = EPSILON * below.shape[1] * below[:, -1:]
    first = (below >= half - rounding).argmax(axis=1)
    beyond = (below > half + rounding).argmax(axis=1)
    return np.asarray((ranked[first] + ranked[beyond]) / 2)

"""Metrics of predicted numbers; with several targets the mean over the targets, each in its own units."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.training.predictions import Predictions


def mae(predictions: Predictions) -> float:
    """Mean absolute error."""
    return float(predictions.mean(_absolute_errors(predictions)).mean())


def mse(predictions: Predictions) -> float:
    """Mean squared error."""
    return float(_squared_errors(predictions).mean())


def rmse(predictions: Predictions) -> float:
    """Root of the mean squared error; with several targets the mean of their roots."""
    return float(np.sqrt(_squared_errors(predictions)).mean())


def mape(predictions: Predictions) -> float:
    """Mean of |y − ŷ| / |y|, as a fraction; |y| counts as at least the ε of float64."""
    scale = np.maximum(np.abs(predictions.truth), np.finfo(np.float64).eps)
    return float(predictions.mean(_absolute_errors(predictions) / scale).mean())


def median_absolute_error(predictions: Predictions) -> float:
    """The median of |y − ŷ|, by weight where rows have one."""
    errors = _absolute_errors(predictions)
    weights = predictions.weights
    if weights is None:
        return float(np.median(errors, axis=0).mean())
    return float(np.mean([_weighted_median(column, weights) for column in errors.T]))


def r2(predictions: Predictions) -> float:
    """Coefficient of determination, 1 − Σ(y − ŷ)² / Σ(y − ȳ)².

    NaN for fewer than two rows. A target that is constant in these rows counts 1 if every prediction is
    exact, else 0, as in scikit-learn; constant means equal values, whatever the rounding of their mean.
    """
    if predictions.rows < 2:
        return np.nan
    truth = predictions.truth
    unexplained = _squared_errors(predictions)
    variance = predictions.mean((truth - predictions.mean(truth)) ** 2)
    flat = (truth.max(axis=0) == truth.min(axis=0)) | (variance == 0)
    ratio = np.divide(unexplained, variance, out=np.sign(unexplained), where=~flat)
    return float((1 - ratio).mean())


def _absolute_errors(predictions: Predictions) -> Array:
    return np.abs(np.subtract(predictions.truth, predictions.predicted))


def _squared_errors(predictions: Predictions) -> Array:
    """The mean squared error of each target (K,)."""
    return predictions.mean((predictions.truth - predictions.predicted) ** 2)


def _weighted_median(values: Vector, weights: Vector) -> float:
    """The value with half of the weight on either side; the mean of two where the half falls between them.

    Quantile definition 2 of Hyndman & Fan 1996 with weights for counts.
    """
    heavy = weights > 0
    order = np.argsort(values[heavy])
    ranked = values[heavy][order]
    below = np.cumsum(weights[heavy][order])
    half = 0.5 * below[-1]
    index = int(np.searchsorted(below, half))
    beyond = below[index] - half > np.finfo(np.float64).eps
    return float(ranked[index] if beyond else ranked[index : index + 2].mean())

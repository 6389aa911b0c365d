"""The prediction that looks at no feature: what a model has to beat."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.links import log, log_odds
from mlpcli.nn.losses import Loss
from mlpcli.training.batches import Part
from mlpcli.training.class_scores import ClassScores
from mlpcli.training.predictions import Predictions
from mlpcli.training.regression_metrics import mean_of_targets
from mlpcli.training.row_sums import mean_of_rows

SPAN = 1 << 16  # rows that are looked at together


def constant_prediction(training: Predictions, part: Predictions) -> Predictions:
    """`part` with the predictions of scikit-learn's dummies, which know the training targets alone.

    classification and multilabel: the most frequent class (the first of equals), and for the probabilities
    the classes' shares of the rows. regression: the mean. The training rows count by their sample weights.
    """
    guess = {"classification": _majority, "multilabel": _majority_of_labels, "regression": _average}[
        training.task
    ]
    return guess(training, part)


def _majority(training: Predictions, part: Predictions) -> Predictions:
    priors = training.counts.true / training.counts.true.sum()
    return replace(
        part,
        predicted=np.broadcast_to(priors.argmax(), part.rows),
        scores=_always(log(priors), "softmax", part),
    )


def _majority_of_labels(training: Predictions, part: Predictions) -> Predictions:
    priors = training.counts.true / training.total_share
    predicted = np.broadcast_to(priors > 0.5, part.truth.shape).astype(part.truth.dtype)
    return replace(part, predicted=predicted, scores=_always(log_odds(priors), "sigmoid", part))


def _always(scores: Vector, output: str, part: Predictions) -> ClassScores:
    return ClassScores(np.broadcast_to(scores, (part.rows, len(scores))), ActivationChoice(output, {}))


def _average(training: Predictions, part: Predictions) -> Predictions:
    return replace(part, predicted=np.broadcast_to(mean_of_targets(training), part.truth.shape))


def constant_loss(loss: Loss, training: Part, rows: Part) -> float:
    """The loss on `rows` of outputs that are always the training rows' mean target, as `Network.total_loss`.

    For a hinge, which has no probabilities, the scores of the most frequent class.
    """
    mean = _mean_target(training)
    of_rows = np.empty(len(rows))
    for start in range(0, len(rows), SPAN):
        y = rows.y[start : start + SPAN].astype(np.float64)
        scores = np.tile(loss.constant_scores(mean), (len(y), 1))
        of_rows[start : start + SPAN] = loss.bind(scores, np.empty_like(scores))(y)
    weights = None if rows.weights is None else rows.weights[:, 0].astype(np.float64)
    if weights is not None and not weights.any():
        return nan
    average = float(np.average(of_rows, weights=weights))
    return average * len(rows) if loss.reduction == "sum" else average


def _mean_target(training: Part) -> Vector:
    """The weighted mean (outputs,) of targets as the loss sees them, in float64."""
    y, weights = training.y, training.weights
    if weights is None:
        return mean_of_rows(lambda rows: y[rows].astype(np.float64), len(y))
    return np.asarray(np.average(y.astype(np.float64), axis=0, weights=weights[:, 0]))

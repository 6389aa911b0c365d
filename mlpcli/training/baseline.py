"""The prediction that looks at no feature: what a model has to beat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlpcli.nn.losses import Loss
from mlpcli.training.batches import Part
from mlpcli.training.predictions import Predictions


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
    predicted = np.full(part.rows, priors.argmax())
    return replace(part, predicted=predicted, probability=np.broadcast_to(priors, (part.rows, len(priors))))


def _majority_of_labels(training: Predictions, part: Predictions) -> Predictions:
    priors = training.counts.true / training.total_weight
    probability = np.broadcast_to(priors, part.truth.shape)
    return replace(part, predicted=(probability > 0.5).astype(part.truth.dtype), probability=probability)


def _average(training: Predictions, part: Predictions) -> Predictions:
    return replace(part, predicted=np.broadcast_to(training.mean(training.truth), part.truth.shape))


def constant_loss(loss: Loss, training: Part, rows: Part) -> float:
    """The loss on `rows` of outputs that are always the training rows' mean target.

    For a hinge, which has no probabilities, the scores of the most frequent class.
    """
    known = training.y.astype(np.float64)
    mean = np.average(known, axis=0, weights=None if training.weights is None else training.weights[:, 0])
    y = rows.y.astype(np.float64)
    scores = np.tile(loss.constant_scores(mean), (len(y), 1))
    of_rows = loss.bind(scores, np.empty_like(scores))(y)
    total = of_rows.sum() if rows.weights is None else np.dot(of_rows, rows.weights[:, 0])
    return float(total if loss.reduction == "sum" else total / len(y))

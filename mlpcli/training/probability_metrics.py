"""Metrics of predicted probabilities, and of the ranking of the rows, both from scores with all their digits.

For more than two classes, and for labels, a ranking metric is the mean over classes of one class against the
rest. It is 0/0, which `compute` turns into None, as soon as a class that it needs has no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.activations import exp_cap, logistic
from mlpcli.training.class_scores import ClassScores, blocks
from mlpcli.training.predictions import Predictions

Curve = Callable[[Vector, Vector], float]


def log_loss(predictions: Predictions) -> float:
    """The mean of −log p of the true class: the loss of scores, which no rounding of p makes infinite."""
    return float(predictions.mean(log_losses(predictions)))


def log_losses(predictions: Predictions) -> Vector:
    """−log p of the true class of each row (n,)."""
    odds = predictions.odds.log_odds_of(predictions.truth)
    return np.asarray(np.maximum(-odds, 0.0) + np.log1p(np.exp(-np.abs(odds))))


def brier(predictions: Predictions) -> float:
    """The mean of Σ over classes (p_c − y_c)² with y one-hot; half of that for two classes (Brier 1950)."""
    return float(predictions.mean(brier_scores(predictions)))


def brier_scores(predictions: Predictions) -> Vector:
    """The same sum of each row (n,)."""
    scores, truth = predictions.odds, predictions.truth
    odds = scores.log_odds_of(truth)
    missing = np.square(logistic(-odds, exp_cap(odds.dtype)))  # (1 − p)² of the true class
    if scores.columns <= 2:
        return np.asarray(missing)
    others = [_squares_of_others(scores, truth, rows) for rows in blocks(*scores.z.shape)]
    return np.asarray(missing + np.concatenate(others))


def _squares_of_others(scores: ClassScores, truth: Array, rows: slice) -> Vector:
    wrong = ClassScores(scores.z[rows], scores.output).probability()
    np.put_along_axis(wrong, truth[rows, np.newaxis], 0.0, axis=1)
    return np.asarray(np.einsum("ij,ij->i", wrong, wrong))


def roc_auc(predictions: Predictions) -> float:
    """Area under the ROC curve: how often a row of the class ranks above one of the rest, ties half."""
    return _mean_over_classes(predictions, area_under_roc)


def average_precision(predictions: Predictions) -> float:
    """Σ over thresholds of (recall_i − recall_{i−1}) precision_i: area under the precision-recall steps."""
    return _mean_over_classes(predictions, area_under_precision)


def _mean_over_classes(predictions: Predictions, area: Curve) -> float:
    areas = [
        area(*hits_and_false_alarms(positive, ranking, predictions.shares))
        for positive, ranking in one_against_rest(predictions)
    ]
    return float(np.mean(areas))


def one_against_rest(predictions: Predictions) -> Iterator[tuple[Array, Vector]]:
    """Two-class problems (which rows are positive, what they rank by): one, or one a class."""
    scores, truth = predictions.ranked, predictions.truth
    if predictions.task == "multilabel":
        yield from ((labels == 1, scores.order(index)) for index, labels in enumerate(truth.T))
    elif scores.columns <= 2:
        yield truth == predictions.positive, predictions.positive_order
    else:
        yield from ((truth == index, scores.order(index)) for index in range(scores.columns))


def hits_and_false_alarms(positive: Array, ranking: Vector, weights: Vector | None) -> tuple[Vector, Vector]:
    """Weights of the positive and of the other rows at or above each threshold, from the highest one down.

    The thresholds are the distinct values of `ranking`: rows that tie come in together.
    """
    hit, weight, last_of_tie = _ranked(positive, ranking, weights)
    if weight is None:  # numbers of rows, which are exact: there may be very many
        hits = np.cumsum(hit, dtype=np.float64)[last_of_tie]
        return hits, last_of_tie + 1.0 - hits
    return np.cumsum(hit * weight)[last_of_tie], np.cumsum(~hit * weight)[last_of_tie]


def _ranked(positive: Array, ranking: Vector, weights: Vector | None) -> tuple[Array, Vector | None, Indices]:
    """Which rows are positive and what they weigh, from the highest down, and where ties end."""
    order = np.argsort(ranking)[::-1]
    ranked = ranking[order]
    last_of_tie = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    return positive[order], None if weights is None else weights[order], last_of_tie


def area_under_roc(hits: Vector, false_alarms: Vector) -> float:
    """That of the straight lines between the thresholds, from those weights."""
    # as np.trapezoid, which holds several times as much in memory: there may be very many rows
    steps, heights = false_alarms.copy(), hits.copy()
    steps[1:] -= false_alarms[:-1]
    heights[1:] += hits[:-1]
    heights *= steps
    heights /= 2.0
    return float(heights.sum() / (hits[-1] * false_alarms[-1]))


def area_under_precision(hits: Vector, false_alarms: Vector) -> float:
    """That of the steps of precision over recall, from those weights."""
    steps = np.diff(hits, prepend=0.0)
    taken = steps > 0  # elsewhere recall does not move, and precision may be 0/0
    precision = hits[taken] / (hits[taken] + false_alarms[taken])
    return float(steps[taken] @ precision / hits[-1])

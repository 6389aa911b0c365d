"""Metrics of classes in many draws at once: those of `mlpcli.training`, with a row of counts for each draw.

A draw without weight, or without a class that a ranking needs, has NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.judging.drawn import Drawn, Ties
from mlpcli.training.classification_metrics import f1s, precisions, recalls


def accuracy(drawn: Drawn) -> Vector:
    """The share of rows with every class or label right."""
    predictions = drawn.sample.predictions
    right = predictions.truth == predictions.predicted
    return drawn.mean(right.all(axis=1) if right.ndim > 1 else right)


def balanced_accuracy(drawn: Drawn) -> Vector:
    """The mean recall over the classes that occur in the truth of the draw."""
    return _mean(recalls(drawn.classes), drawn.classes.true > 0)


def precision(drawn: Drawn) -> Vector:
    """Precision of the positive class."""
    return np.asarray(precisions(drawn.classes)[:, drawn.sample.predictions.positive])


def recall(drawn: Drawn) -> Vector:
    """Recall of the positive class."""
    return np.asarray(recalls(drawn.classes)[:, drawn.sample.predictions.positive])


def f1(drawn: Drawn) -> Vector:
    """F1 of the positive class."""
    return np.asarray(f1s(drawn.classes)[:, drawn.sample.predictions.positive])


def precision_macro(drawn: Drawn) -> Vector:
    """The mean precision over the classes of the draw."""
    return _mean(precisions(drawn.classes), drawn.classes.present)


def recall_macro(drawn: Drawn) -> Vector:
    """The mean recall over the classes of the draw."""
    return _mean(recalls(drawn.classes), drawn.classes.present)


def f1_macro(drawn: Drawn) -> Vector:
    """The mean F1 over the classes of the draw."""
    return _mean(f1s(drawn.classes), drawn.classes.present)


def f1_weighted(drawn: Drawn) -> Vector:
    """The mean F1 over classes, each weighted by its rows."""
    return _mean(f1s(drawn.classes), drawn.classes.true)


def mcc(drawn: Drawn) -> Vector:
    """Matthews correlation coefficient; 0 where it is 0/0."""
    counts = drawn.classes
    n = counts.predicted.sum(axis=1)
    covariance = counts.hits.sum(axis=1) * n - (counts.true * counts.predicted).sum(axis=1)
    spread = [
        np.sqrt((one * (n[:, np.newaxis] - one)).sum(axis=1)) for one in (counts.predicted, counts.true)
    ]
    product = spread[0] * spread[1]
    return np.asarray(np.divide(covariance, product, out=np.zeros_like(product), where=product > 0))


def roc_auc(drawn: Drawn) -> Vector:
    """How often a row of the class ranks above one of the rest, ties half; the mean over classes."""
    return _over_classes(drawn, _area_under_roc)


def average_precision(drawn: Drawn) -> Vector:
    """Σ of (recall_i − recall_{i−1}) precision_i over ties; the mean over classes."""
    return _over_classes(drawn, _area_under_precision)


def log_loss(drawn: Drawn) -> Vector:
    """The mean of −log p of the true class."""
    return drawn.mean(drawn.sample.log_losses)


def brier(drawn: Drawn) -> Vector:
    """The mean of Σ (p_c − y_c)², half of it for two classes."""
    return drawn.mean(drawn.sample.brier_scores)


def ece(drawn: Drawn) -> Vector:
    """Expected calibration error in the bins of all rows.

    A draw repeats rows, whose errors then do not cancel: it is larger than that of the rows themselves by
    about what chance adds to those.
    """
    return np.asarray(np.abs(drawn.mean(drawn.sample.excess)).sum(axis=1))


def _over_classes(drawn: Drawn, area: Callable[[Ties], Vector]) -> Vector:
    """The mean over classes; NaN where one has no row, or no other."""
    found = [area(ties) for ties in drawn.ties]
    return np.asarray(np.mean(found, axis=0)) if found else np.full(len(drawn.counts), np.nan)


def _mean(values: Matrix, weights: Array) -> Vector:
    """The mean over classes of the draws, by what the classes weigh: (B,)."""
    return np.asarray((values * weights).sum(axis=1) / weights.sum(axis=1))


def _area_under_roc(ties: Ties) -> Vector:
    below = ties.others[:, np.newaxis] - ties.above - ties.beside / 2
    return np.asarray(np.einsum("bt,bt->b", ties.hits, below) / (ties.hits.sum(axis=1) * ties.others))


def _area_under_precision(ties: Ties) -> Vector:
    hits = np.cumsum(ties.hits, axis=1)
    flagged = hits + ties.above + ties.beside
    precision = np.divide(hits, flagged, out=np.zeros_like(hits), where=flagged > 0)
    return np.asarray(np.einsum("bt,bt->b", ties.hits, precision) / hits[:, -1])

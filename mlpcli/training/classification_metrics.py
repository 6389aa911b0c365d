"""Metrics of predicted classes: functions of how many rows of each class were rightly and wrongly predicted.

With h, t, p the weights of the rows of a class that are rightly predicted, truly of it and predicted as it:
precision h/p, recall h/t, f1 2h/(t+p); 0 where the denominator is 0. An average in the name says how classes
are put together: `_macro` the mean over classes, `_weighted` weighted by t. Without one they are those of
the positive class of two: the last in order, unless the config names the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.training.predictions import ClassCounts, Predictions


@dataclass(frozen=True)
class ClassRow:
    """One class, or one label of a multilabel task. `support` is the weight of the rows truly of it."""

    name: str
    precision: float
    recall: float
    f1: float
    support: float


def confusion_matrix(predictions: Predictions, n_classes: int) -> Array:
    """Weights of the data's rows, or their numbers, by true (row) and predicted class (column): (C, C)."""
    cells = np.bincount(
        predictions.truth * n_classes + predictions.predicted, predictions.weights, n_classes**2
    )
    return cells.reshape(n_classes, n_classes)


def class_table(predictions: Predictions, names: Sequence[str]) -> list[ClassRow]:
    """A row for each class, in their order; a class that does not occur has zeros."""
    counts = predictions.counts
    support = np.ldexp(counts.true, predictions.exponent)
    columns = (precisions(counts), recalls(counts), f1s(counts), support)
    values = np.zeros((len(names), len(columns)))
    found = np.stack(columns, axis=1)[: len(names)]
    values[: len(found)] = found
    return [ClassRow(name, *row) for name, row in zip(names, values.tolist(), strict=True)]


def accuracy(predictions: Predictions) -> float:
    """The share of rows predicted rightly; in a multilabel task of rows with every label right."""
    right = predictions.truth == predictions.predicted
    return float(predictions.mean(right.all(axis=1) if predictions.task == "multilabel" else right))


def balanced_accuracy(predictions: Predictions) -> float:
    """The mean recall over the classes that occur in the truth."""
    counts = predictions.counts
    return float(recalls(counts)[counts.true > 0].mean())


def precision(predictions: Predictions) -> float:
    """Precision of the positive class."""
    return float(precisions(predictions.counts)[predictions.positive])


def recall(predictions: Predictions) -> float:
    """Recall of the positive class."""
    return float(recalls(predictions.counts)[predictions.positive])


def f1(predictions: Predictions) -> float:
    """F1 of the positive class."""
    return float(f1s(predictions.counts)[predictions.positive])


def precision_macro(predictions: Predictions) -> float:
    """The mean precision over classes."""
    return _macro(precisions(predictions.counts), predictions.counts)


def recall_macro(predictions: Predictions) -> float:
    """The mean recall over classes."""
    return _macro(recalls(predictions.counts), predictions.counts)


def f1_macro(predictions: Predictions) -> float:
    """The mean F1 over classes."""
    return _macro(f1s(predictions.counts), predictions.counts)


def f1_weighted(predictions: Predictions) -> float:
    """The mean F1 over classes, each weighted by its rows."""
    counts = predictions.counts
    support = counts.true.sum()
    return float(np.dot(f1s(counts), counts.true) / support) if support else 0.0


def mcc(predictions: Predictions) -> float:
    """Matthews correlation coefficient for C classes, R_C of Gorodkin 2004; 0 where it is 0/0.

    With h, t, p as above and n the weight of all rows:  (n Σh − t·p) / √((n² − p·p)(n² − t·t)), where
    n² − p·p = p·(n − p), which is no difference of nearly equal numbers.
    """
    counts = predictions.counts
    n = counts.predicted.sum()
    covariance = counts.hits.sum() * n - counts.true @ counts.predicted
    spread = [np.sqrt(one @ _rest(one)) for one in (counts.predicted, counts.true)]
    return float(covariance / spread[0] / spread[1]) if all(spread) else 0.0


def precisions(counts: ClassCounts) -> Vector:
    """Precision of each class (C,)."""
    return _ratio(counts.hits, counts.predicted)


def recalls(counts: ClassCounts) -> Vector:
    """Recall of each class (C,)."""
    return _ratio(counts.hits, counts.true)


def f1s(counts: ClassCounts) -> Vector:
    """F1 of each class (C,)."""
    return _ratio(2 * counts.hits, counts.true + counts.predicted)


def _rest(counts: Vector) -> Vector:
    """What all the other classes weigh together, for each class (C,)."""
    rest, largest = counts.sum() - counts, counts.argmax()
    rest[largest] = np.delete(counts, largest).sum()
    return np.asarray(rest)


def _ratio(numerator: Vector, denominator: Vector) -> Vector:
    zero = np.zeros_like(denominator)
    return np.divide(numerator, denominator, out=zero, where=denominator > 0)


def _macro(values: Vector, counts: ClassCounts) -> float:
    return float(values[counts.present].mean())

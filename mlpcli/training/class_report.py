"""Where a classifier is right and wrong, class by class: the tables of `mlp evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.training.classification_metrics import f1s, precisions, recalls
from mlpcli.training.predictions import Predictions


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
    columns = (precisions(counts), recalls(counts), f1s(counts), counts.true)
    values = np.zeros((len(names), len(columns)))
    found = np.stack(columns, axis=1)[: len(names)]
    values[: len(found)] = found
    return [ClassRow(name, *row) for name, row in zip(names, values.tolist(), strict=True)]

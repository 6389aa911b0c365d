"""Classes, or labels, that rows have and that no prediction says: what an accuracy alone hides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Indices
from mlpcli.training.predictions import Predictions

MOST = 5  # classes that a sentence names


@dataclass(frozen=True)
class ClassUse:
    """Of how many rows each class, or label, is the truth, of how many the prediction: both (classes,)."""

    rows: int
    true: Indices
    predicted: Indices

    @classmethod
    def of(cls, predictions: Predictions, classes: int) -> ClassUse:
        """That of some rows of a task that has so many classes or labels, whatever the rows weigh."""
        both = (predictions.truth, predictions.predicted)
        if predictions.task == "multilabel":
            true, predicted = (labels.sum(axis=0) for labels in both)
        else:
            true, predicted = (np.bincount(codes, minlength=classes) for codes in both)
        return cls(predictions.rows, true, predicted)

    def __add__(self, other: ClassUse) -> ClassUse:
        return ClassUse(self.rows + other.rows, self.true + other.true, self.predicted + other.predicted)

    def unused(self, names: Sequence[str]) -> dict[str, float]:
        """The classes that rows have and that is predicted for none, with their shares of the rows."""
        found = np.flatnonzero((self.true > 0) & (self.predicted == 0)).tolist()
        return {names[index]: float(self.true[index] / self.rows) for index in found}


def unused_remark(unused: Mapping[str, float]) -> str:
    """The sentence that names them."""
    shown = [f"'{name}' ({100 * share:.3g} % of the rows)" for name, share in list(unused.items())[:MOST]]
    more = f" and {len(unused) - MOST} more" if len(unused) > MOST else ""
    return f"never predicted: {', '.join(shown)}{more}"

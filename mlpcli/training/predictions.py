"""One part of the data with the predictions made for it: what every metric is a function of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Weights of rows by class (C,): rightly predicted, truly of the class, predicted as the class.

    `present` marks the classes that occur in the truth or in the predictions: scikit-learn's macro averages
    run over these. In a multilabel task a class is a label column, and all of them count.
    """

    hits: Vector
    true: Vector
    predicted: Vector
    present: Array


@dataclass(frozen=True, eq=False)
class Predictions:
    """Truth and prediction of n rows.

    classification: `truth`, `predicted` class indices (n,); `probability` (n, C), or None where the output is
    neither sigmoid nor softmax; `score` what the network puts out, (n, C), or (n, 1) with one output.
    multilabel: all of shape (n, K), `truth` and `predicted` 0 or 1.
    regression: `truth`, `predicted` (n, K) in the target's units; no probability and no score.
    `weights` are the sample weights (n,), without class weights. Everything real is float64.
    `positive` is the index of the positive class of two.
    """

    task: str
    truth: Array
    predicted: Array
    probability: Matrix | None = None
    score: Matrix | None = None
    weights: Vector | None = None
    positive: int = 1

    @property
    def rows(self) -> int:
        """The number of rows, n."""
        return len(self.truth)

    @property
    def total_weight(self) -> float:
        """The sum of the weights; the number of rows where there are none."""
        return float(self.rows if self.weights is None else self.weights.sum())

    @property
    def probabilities(self) -> Matrix:
        """`probability`, for the metrics that cannot do without."""
        if self.probability is None:
            raise ValueError("the predictions hold no probabilities")
        return self.probability

    @property
    def ranking(self) -> Matrix:
        """What rows are ranked by: probabilities, or else scores. The last column is the last class's."""
        ranking = self.score if self.probability is None else self.probability
        if ranking is None:
            raise ValueError("the predictions hold neither probabilities nor scores")
        return ranking

    @property
    def positive_ranking(self) -> Vector:
        """What rows rank by as the positive class of two; a single score is the last class's."""
        ranking = self.ranking
        if ranking.shape[1] > 1:
            return np.asarray(ranking[:, self.positive])
        return np.asarray(ranking[:, 0] if self.positive == 1 else -ranking[:, 0])

    def mean(self, values: Array) -> Array:
        """The weighted mean over rows of `values` (n,) or (n, K)."""
        return np.asarray(np.average(values, axis=0, weights=self.weights))

    @cached_property
    def counts(self) -> ClassCounts:
        """The counts by class, worked out once for all the metrics that need them."""
        return _count_labels(self) if self.task == "multilabel" else _count_classes(self)


def _count_classes(predictions: Predictions) -> ClassCounts:
    truth, predicted, weights = predictions.truth, predictions.predicted, predictions.weights
    size = max(2, int(truth.max(initial=0)) + 1, int(predicted.max(initial=0)) + 1)
    right = truth == predicted
    right_weights = None if weights is None else weights[right]
    occurrences = np.bincount(truth, minlength=size) + np.bincount(predicted, minlength=size)
    return ClassCounts(
        hits=np.bincount(truth[right], right_weights, size).astype(np.float64),
        true=np.bincount(truth, weights, size).astype(np.float64),
        predicted=np.bincount(predicted, weights, size).astype(np.float64),
        present=occurrences > 0,
    )


def _count_labels(predictions: Predictions) -> ClassCounts:
    truth, predicted = predictions.truth.astype(np.float64), predictions.predicted.astype(np.float64)
    weights = np.ones(predictions.rows) if predictions.weights is None else predictions.weights
    return ClassCounts(
        hits=weights @ (truth * predicted),
        true=weights @ truth,
        predicted=weights @ predicted,
        present=np.ones(truth.shape[1], dtype=bool),
    )

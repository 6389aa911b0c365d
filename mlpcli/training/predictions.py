"""One part of the data with the predictions made for it: what every metric is a function of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.training.class_scores import ClassScores
from mlpcli.training.own_units import InUnits
from mlpcli.training.row_sums import Made, mean_of_rows


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Weights of rows by class (C,): rightly predicted, truly of the class, predicted as the class.

    They are in units of 2^exponent of the predictions. `present` marks the classes that occur in the truth or
    in the predictions: scikit-learn's macro averages run over these. In a multilabel task a class is a label
    column, and all of them count.
    """

    hits: Vector
    true: Vector
    predicted: Vector
    present: Array


@dataclass(frozen=True, eq=False)
class Predictions:
    """Truth and prediction of n rows.

    classification: `truth`, `predicted` class indices (n,); `scores` those of the classes.
    multilabel: `truth`, `predicted` (n, K), 0 or 1; `scores` those of the labels.
    regression: `truth`, `predicted` (n, K) in the target's units; no scores.
    `weights` are the sample weights (n,), without class weights. Everything real is float64, but for the
    scores. Who needs no scores gives none.
    `positive` is the index of the positive class of two.
    """

    task: str
    truth: Array
    predicted: Array
    scores: ClassScores | None = None
    weights: Vector | None = None
    positive: int = 1

    @property
    def rows(self) -> int:
        """The number of rows, n."""
        return len(self.truth)

    @cached_property
    def exponent(self) -> int:
        """The power of two that the largest weight is just below; 0 where there are no weights."""
        if self.weights is None or not self.rows:
            return 0
        return int(np.frexp(self.weights.max())[1])

    @cached_property
    def shares(self) -> Vector | None:
        """The weights in units of 2^exponent, so that their products do not depend on the unit they had."""
        return None if self.weights is None else np.ldexp(self.weights, -self.exponent)

    @property
    def total_share(self) -> float:
        """The sum of these; the number of rows where there are no weights."""
        return float(self.rows if self.shares is None else self.shares.sum())

    @property
    def heavy(self) -> Predictions:
        """The truth and the predictions of the rows that weigh anything."""
        return self if self._heavy is None else self._heavy

    @cached_property
    def _heavy(self) -> Predictions | None:
        """The same; None where all rows do: who held itself would stay until Python looks for cycles."""
        if self.weights is None or self.weights.all():
            return None
        rows = self.weights > 0
        return replace(
            self,
            truth=self.truth[rows],
            predicted=self.predicted[rows],
            scores=None,
            weights=self.weights[rows],
        )

    def of_rows(self, rows: Array) -> Predictions:
        """Some of the rows, by their numbers or by a mask."""
        scores = None if self.scores is None else ClassScores(self.scores.z[rows], self.scores.output)
        weights = None if self.weights is None else self.weights[rows]
        truth, predicted = self.truth[rows], self.predicted[rows]
        return replace(self, truth=truth, predicted=predicted, scores=scores, weights=weights)

    def of_target(self, index: int) -> Predictions:
        """One of several targets, or labels, alone."""
        column, scores = slice(index, index + 1), self.scores
        alone = None if scores is None else ClassScores(scores.z[:, column], scores.output)
        return Predictions(self.task, self.truth[:, column], self.predicted[:, column], alone, self.weights)

    @cached_property
    def errors(self) -> InUnits:
        """y − ŷ of a regression."""
        return InUnits.of_difference(self.truth, self.predicted)

    @property
    def ranked(self) -> ClassScores:
        """The scores, for the metrics that cannot do without."""
        if self.scores is None:
            raise ValueError("the predictions hold no scores")
        return self.scores

    @property
    def odds(self) -> ClassScores:
        """The scores, where they are those of probabilities."""
        if not self.ranked.probabilistic:
            raise ValueError("the predictions hold no probabilities")
        return self.ranked

    @property
    def positive_order(self) -> Vector:
        """What rows rank by as the positive class of two (n,); a single score is the last class's."""
        if self.ranked.columns > 1:
            return self.ranked.order(self.positive)
        order = self.ranked.order(0)
        return order if self.positive == 1 else -order

    def mean(self, values: Array) -> Array:
        """The weighted mean over rows of `values` (n,) or (n, K)."""
        return np.asarray(np.average(values, axis=0, weights=self.shares))

    def mean_of(self, made: Made) -> Array:
        """The same of values that are made for some rows at a time, where no weights need all of them."""
        if self.shares is None:
            return mean_of_rows(made, self.rows)
        return self.mean(made(slice(0, self.rows)))

    @cached_property
    def counts(self) -> ClassCounts:
        """The counts by class, worked out once for all the metrics that need them."""
        return _count_labels(self) if self.task == "multilabel" else _count_classes(self)


def joined(parts: Sequence[Predictions]) -> Predictions:
    """The predictions of several parts as those of one."""
    first = parts[0]
    scores, weights = first.scores, first.weights
    if scores is not None:
        found = [part.ranked.z for part in parts]
        scores = ClassScores(np.concatenate(found), scores.output)
    if weights is not None:
        weights = np.concatenate([part.weights for part in parts if part.weights is not None])
    truth, predicted = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("truth", "predicted")
    )
    return Predictions(first.task, truth, predicted, scores, weights, first.positive)


def _count_classes(predictions: Predictions) -> ClassCounts:
    truth, predicted, weights = predictions.truth, predictions.predicted, predictions.shares
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
    weights = np.ones(predictions.rows) if predictions.shares is None else predictions.shares
    return ClassCounts(
        hits=weights @ (truth * predicted),
        true=weights @ truth,
        predicted=weights @ predicted,
        present=np.ones(truth.shape[1], dtype=bool),
    )

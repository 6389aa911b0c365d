"""Predictions as the draws of a bootstrap have them: each row as often as a draw says.

Shapes: n rows, B draws, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.training.calibration_error import BINS, Claims
from mlpcli.training.predictions import ClassCounts, Predictions
from mlpcli.training.probability_metrics import brier_scores, log_losses, one_against_rest


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows by true and predicted class, those of one pair together: the K pairs that occur.

    `order` (n,) and `starts` (K,) of the rows; `true` and `predicted` (K, C) name the classes of each pair.
    """

    order: Indices
    starts: Indices
    true: Matrix
    predicted: Matrix

    @classmethod
    def of(cls, predictions: Predictions) -> Cells:
        """The pairs of a classification."""
        truth, predicted = predictions.truth, predictions.predicted
        size = max(2, int(truth.max(initial=0)) + 1, int(predicted.max(initial=0)) + 1)
        pairs = truth * size + predicted
        names, starts = np.unique(np.sort(pairs), return_index=True)
        each = np.eye(size)
        return cls(np.argsort(pairs, kind="stable"), starts, each[names // size], each[names % size])

    def counts(self, weights: Matrix, rows: Matrix) -> ClassCounts:
        """Counts by class (B, C) of what rows weigh, and of how often each is there (B, n)."""
        found = np.add.reduceat(weights[:, self.order], self.starts, axis=1)
        there = found if rows is weights else np.add.reduceat(rows[:, self.order], self.starts, axis=1)
        return ClassCounts(
            hits=found @ (self.true * self.predicted),
            true=found @ self.true,
            predicted=found @ self.predicted,
            present=there @ (self.true + self.predicted) > 0,
        )


@dataclass(frozen=True, eq=False)
class Ranking:
    """The positive rows from the highest rank down, T ties of them, and where the others stand among these.

    Others between two ties of positive rows need not be told apart. `above` is the tie of positive rows above
    which each of the others begins (T for those below all), `beside` the same of those that tie with them.
    """

    positive: Indices
    starts: Indices
    others: Indices
    above: Indices
    tied: Indices
    beside: Indices

    @classmethod
    def of(cls, positive: Array, rank: Vector) -> Ranking:
        """Of which rows are positive (n,) and what they rank by (n,)."""
        order = np.argsort(rank)[::-1]
        hits, others = order[positive[order]], order[~positive[order]]
        ranks, starts = np.unique(-rank[hits], return_index=True)
        above = np.searchsorted(ranks, -rank[others])
        tied = np.isin(-rank[others], ranks)
        return cls(hits, starts, others[~tied], above[~tied], others[tied], above[tied])

    def ties(self, weights: Matrix) -> Ties:
        """What the draws (B, n) make of it."""
        hits = np.add.reduceat(weights[:, self.positive], self.starts, axis=1)
        size = len(self.starts)
        before = sums_by(weights[:, self.others], self.above, size + 1)
        beside = sums_by(weights[:, self.tied], self.beside, size)
        total = before.sum(axis=1) + beside.sum(axis=1)
        above = np.cumsum(before[:, :-1], axis=1)
        above[:, 1:] += np.cumsum(beside[:, :-1], axis=1)
        return Ties(hits, above, beside, total)


@dataclass(frozen=True, eq=False)
class Ties:
    """By tie of positive rows, from the highest down (B, T): their weight, that of the others above them and
    beside them; and of all others (B,)."""

    hits: Matrix
    above: Matrix
    beside: Matrix
    others: Vector


def sums_by(values: Matrix, labels: Indices, size: int) -> Matrix:
    """Of values (B, n) the sum by label (B, size); the labels (n,) are in ascending order."""
    found = np.zeros((len(values), size))
    if len(labels):
        names, starts = np.unique(labels, return_index=True)
        found[:, names] = np.add.reduceat(values, starts, axis=1)
    return found


@dataclass(frozen=True, eq=False)
class Sample:
    """The predictions of all rows, with what their draws share, which is worked out once."""

    predictions: Predictions

    @cached_property
    def cells(self) -> Cells:
        """The rows by true and predicted class."""
        return Cells.of(self.predictions)

    @cached_property
    def rankings(self) -> list[Ranking]:
        """One, or one a class or label; none where a class has no row."""
        problems = list(one_against_rest(self.predictions))
        if not all(positive.any() for positive, _ in problems):
            return []
        return [Ranking.of(positive, rank) for positive, rank in problems]

    @cached_property
    def log_losses(self) -> Vector:
        """−log p of the true class (n,)."""
        return log_losses(self.predictions)

    @cached_property
    def brier_scores(self) -> Vector:
        """Those of each row (n,)."""
        return brier_scores(self.predictions)

    @cached_property
    def excess(self) -> Matrix:
        """By how much each row's probability claims too much, in the column of its bin (n, bins)."""
        claims = Claims.of(self.predictions)
        in_bin = claims.bins()[:, np.newaxis] == np.arange(BINS)
        return np.asarray(in_bin * (claims.probability - claims.came_true)[:, np.newaxis])


@dataclass(frozen=True, eq=False)
class Drawn:
    """A sample as B draws have it: `counts` (B, n)."""

    sample: Sample
    counts: Matrix

    @cached_property
    def weights(self) -> Matrix:
        """What each row weighs in each draw (B, n)."""
        shares = self.sample.predictions.shares
        return self.counts if shares is None else self.counts * shares

    @cached_property
    def total(self) -> Vector:
        """What all rows of a draw weigh (B,)."""
        return np.asarray(self.weights.sum(axis=1))

    def mean(self, values: Array) -> Array:
        """The mean of each draw (B,) or (B, K) of values (n,) or (n, K)."""
        sums = self.weights @ values
        return np.asarray(sums / (self.total if sums.ndim == 1 else self.total[:, np.newaxis]))

    @cached_property
    def classes(self) -> ClassCounts:
        """The counts by class, or by label, of every draw: (B, C) each."""
        predictions = self.sample.predictions
        if predictions.task == "multilabel":
            truth, predicted = (m.astype(np.float64) for m in (predictions.truth, predictions.predicted))
            hits, true, said = (self.weights @ one for one in (truth * predicted, truth, predicted))
            return ClassCounts(hits, true, said, np.ones(true.shape, dtype=bool))
        return self.sample.cells.counts(self.weights, self.counts)

    @cached_property
    def ties(self) -> list[Ties]:
        """Those of each ranking."""
        return [ranking.ties(self.weights) for ranking in self.sample.rankings]

"""How far probabilities are from the shares that come true, in bins of as many rows each.

Of two classes it is about the probability of the positive one, of several about that of the predicted class.
Bins are those of scikit-learn's `calibration_curve(strategy="quantile")`: edges at the quantiles of the
probabilities, an edge itself in the lower bin, so that rows of equal probability stay together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.training.predictions import Predictions

BINS = 10


@dataclass(frozen=True, eq=False)
class Claims:
    """What each row claims: the `probability` (n,) of something, and whether that `came_true` (n,)."""

    probability: Vector
    came_true: Array
    weights: Vector | None

    @classmethod
    def of(cls, predictions: Predictions) -> Claims:
        """Of two classes that a row is of the positive one, of several that it is of the predicted one."""
        odds, truth = predictions.odds, predictions.truth
        if odds.columns <= 2:
            both = odds.of_both() if odds.columns == 1 else odds
            positive = predictions.positive
            return cls(both.probability()[:, positive], truth == positive, predictions.shares)
        predicted = predictions.predicted
        said = np.take_along_axis(odds.probability(), predicted[:, np.newaxis], axis=1)[:, 0]
        return cls(said, truth == predicted, predictions.shares)

    def bins(self, number: int = BINS) -> Indices:
        """The bin of each row (n,): numbers below `number`, of which those of large ties stay empty.

        The k-th edge is the quantile k/number: the probability at the place (n − 1) k/number of the rows in
        their order, where a row of weight w takes w places, in units of the mean weight.
        """
        order = np.argsort(self.probability, kind="stable")
        ranked = self.probability[order]
        weights = np.ones(len(order)) if self.weights is None else self.weights[order]
        rows = np.count_nonzero(weights)
        before = (np.cumsum(weights) - weights) * (rows / weights.sum())
        first_of_tie = np.searchsorted(ranked, ranked)
        edges = np.arange(1, number) * (rows - 1)
        found = np.empty(len(order), np.intp)
        found[order] = np.searchsorted(edges, before[first_of_tie] * number)
        return found


def ece(predictions: Predictions) -> float:
    """Expected calibration error: Σ over bins of their share of the rows times |mean p − share come true|.

    Naeini et al. 2015, with bins of equal count. It is above 0 by chance alone: of a perfect model by about
    the root of p (1 − p) over the rows of a bin.
    """
    claims = Claims.of(predictions)
    excess = claims.probability - claims.came_true
    weighed = excess if claims.weights is None else excess * claims.weights
    by_bin = np.bincount(claims.bins(), weighed, BINS)
    return float(np.abs(by_bin).sum() / predictions.total_share)

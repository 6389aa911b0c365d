"""Whether probabilities keep what they say: in bins of as many rows each, what was said and what came true.

Of two classes it is about the probability of the positive one, of several about that of the predicted class
(its confidence). The bins are those of the metric `ece`.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from mlpcli.judging.bootstrap import LEVEL, Interval
from mlpcli.training.calibration_error import BINS, Claims
from mlpcli.training.predictions import Predictions


@dataclass(frozen=True)
class ReliabilityBin:
    """The rows whose probability is from `lower` to `upper`: their number, what they weigh, its mean.

    `share` of them came true, and `interval` is where that of other such rows would be.
    """

    lower: float
    upper: float
    rows: int
    weight: float
    probability: float
    share: float
    interval: Interval


def reliability(predictions: Predictions, number: int = BINS, level: float = LEVEL) -> list[ReliabilityBin]:
    """The bins that are not empty, in ascending order; those whose rows weigh nothing are left out."""
    claims = Claims.of(predictions)
    weights = np.ones(len(claims.probability)) if claims.weights is None else claims.weights
    bins = claims.bins(number)
    found = []
    for which in range(number):
        rows = np.flatnonzero((bins == which) & (weights > 0))
        if not len(rows):
            continue
        probability, own = claims.probability[rows], weights[rows]
        share = float(np.average(claims.came_true[rows], weights=own))
        found.append(
            ReliabilityBin(
                float(probability.min()),
                float(probability.max()),
                len(rows),
                float(np.ldexp(own.sum(), predictions.exponent)),
                float(np.average(probability, weights=own)),
                share,
                wilson(share, float(own.sum() ** 2 / np.square(own).sum()), level),
            )
        )
    return found


def calibration_error(bins: list[ReliabilityBin]) -> float:
    """The metric `ece` of these bins."""
    total = sum(one.weight for one in bins)
    return sum(one.weight * abs(one.probability - one.share) for one in bins) / total


def wilson(share: float, rows: float, level: float = LEVEL) -> Interval:
    """The interval of a share of so many rows (Wilson 1927): within 0 and 1, and with a width at both.

    With z the normal quantile of (1 + level)/2:  (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n). Of
    weighted rows n is (Σw)²/Σw² (Kish 1965).
    """
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2 / rows
    middle = (share + z2 / 2) / (1 + z2)
    half = (z2 * (share * (1 - share) + z2 / 4)) ** 0.5 / (1 + z2)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))

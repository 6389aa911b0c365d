"""One temperature for all probabilities: how much less, or more, sure a network should be of itself.

    p = softmax(z / T), for a single score p = σ(z / T)      (Guo et al. 2017, arXiv 1706.04599)

with the T > 0 that has the least log loss on rows that did not train. It changes no prediction, and no
ranking by one of two classes. In β = 1/T the loss is convex: with d_c = z_c − z_y it is
mean log Σ_c e^(β d_c), and its slope

    mean Σ_c p_c d_c

is below 0 left of the minimum and above 0 right of it. So β is found by halving an interval of ln β.

Where the score of every row's class is the largest, no β is large enough and there is no minimum. Then one
more row counts of which every class is as likely (Laplace's rule of succession; Platt 1999 has such targets):
the more rows were right, the surer the network may be. No row says that it is too sure: T is at most 1 there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from typing import Final

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.nn.activations import ActivationChoice
from mlpcli.training.class_scores import ClassScores, blocks
from mlpcli.training.predictions import Predictions
from mlpcli.training.probability_metrics import log_loss

WIDEST: Final = 16.0  # |ln β|
HALVINGS: Final = 48  # of an interval of 32: ln β to 1e-13


@dataclass(frozen=True)
class Temperature:
    """T, and the mean log loss of the rows that it was fitted on, before and after."""

    temperature: float
    before: float
    after: float


def fit_temperature(scores: ClassScores, truth: Array, weights: Vector | None = None) -> Temperature | None:
    """The temperature for scores (n, outputs) of probabilities; None where no row weighs anything.

    `truth` are class indices (n,), or the labels (n, K) of a multilabel task, each of which is a problem of
    two classes. Rows count by `weights` (n,).
    """
    rows = np.isfinite(scores.z).all(axis=1)
    if weights is not None:
        rows &= weights > 0
    if not rows.any():
        return None
    z, truth = scores.z[rows].astype(np.float64), truth[rows]
    shares = np.ones(len(z)) if weights is None else weights[rows] / weights[rows].max()
    if truth.ndim > 1:
        shares = np.repeat(shares, truth.shape[1])
        z, truth = z.reshape(-1, 1), truth.reshape(-1)
    temperature = 1.0 / _best(_Slope(z, truth, shares))
    losses = (_log_loss(z / one, scores.output, truth, shares) for one in (1.0, temperature))
    return Temperature(temperature, *losses)


@dataclass(frozen=True, eq=False)
class _Slope:
    """The slope of the loss by β, times what the rows weigh; `doubt` is the weight of Laplace's row."""

    z: Matrix
    truth: Array
    shares: Vector

    def __call__(self, beta: float, doubt: float = 0.0) -> float:
        return sum(
            float(shares @ (_expected(beta, others) - doubt * others.sum(axis=1) / (others.shape[1] + 1)))
            for others, shares in self._rows()
        )

    def _rows(self) -> Iterator[tuple[Matrix, Vector]]:
        """d_c (rows, C − 1) of the classes that are not a row's, and the rows' shares, block after block."""
        for rows in blocks(*self.z.shape):
            z, truth = self.z[rows], self.truth[rows]
            if z.shape[1] == 1:
                others = np.where(truth[:, np.newaxis] == 1, -z, z)
            else:
                others = z - np.take_along_axis(z, truth[:, np.newaxis], axis=1)
                kept = np.arange(z.shape[1]) != truth[:, np.newaxis]
                others = others[kept].reshape(len(z), -1)
            yield others, self.shares[rows]


def _expected(beta: float, others: Matrix) -> Vector:
    """Σ_c p_c d_c of each row (rows,), where d of its own class is 0."""
    largest = np.maximum(others.max(axis=1), 0.0)
    terms = np.exp(beta * (others - largest[:, np.newaxis]))
    total = np.exp(-beta * largest) + terms.sum(axis=1)
    return np.asarray(np.einsum("ij,ij->i", terms, others) / total)


def _best(slope: _Slope) -> float:
    """β of the least loss; where there is none with Laplace's row, at least 1."""
    highest = exp(WIDEST)
    if slope(highest) > 0:
        return _root(slope, 0.0)
    doubt = 1.0 / (len(slope.z) + 1)
    return max(1.0, _root(slope, doubt)) if slope(highest, doubt) > 0 else 1.0


def _root(slope: _Slope, doubt: float) -> float:
    low, high = -WIDEST, WIDEST
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if slope(exp(middle), doubt) > 0:
            high = middle
        else:
            low = middle
    return exp(0.5 * (low + high))


def _log_loss(z: Matrix, output: ActivationChoice, truth: Array, shares: Vector) -> float:
    return log_loss(Predictions("classification", truth, truth, ClassScores(z, output), shares))

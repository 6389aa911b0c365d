"""Losses, each with the derivative that starts backpropagation, both from the scores of the last layer.

A formula has the form `f(z, y, dz, work)`: from scores `z` and targets `y`, both (rows, outputs), it
turns `z` into terms whose sum over a row is that row's loss, and writes ∂(row's loss)/∂z into `dz`.
All are C-contiguous, and nothing array-sized is allocated. A loss that owns a link (sigmoid, softmax,
exponential) works from the scores before it, and is finite where it saturates.

Everything but `dz` also holds for complex scores, as the complex-step check needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.nn.links import (
    Link,
    Workspace,
    keep,
    normalize,
    subtract_max,
    to_exponential,
    to_sigmoid,
    to_softmax,
)

Formula = Callable[[Matrix, Matrix, Matrix, Workspace], None]


def squared_error(z: Matrix, y: Matrix, dz: Matrix, _work: Workspace, factor: float = 0.5) -> None:
    """factor · Σ (z − y)², derivative 2 · factor · (z − y)."""
    np.subtract(z, y, dz)
    np.square(dz, z)
    if factor != 1.0:
        np.multiply(z, factor, z)
    if factor != 0.5:
        np.multiply(dz, 2.0 * factor, dz)


def mse(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """The mean over outputs of (z − y)²."""
    squared_error(z, y, dz, work, factor=1.0 / z.shape[1])


def mae(z: Matrix, y: Matrix, dz: Matrix, _work: Workspace) -> None:
    """The mean over outputs of |z − y|, derivative sign(z − y); 0 where they are equal."""
    share = 1.0 / z.shape[1]
    np.subtract(z, y, dz)
    np.negative(dz, z)
    np.maximum(dz, z, out=z)
    np.multiply(z, share, z)
    np.sign(dz, dz)
    np.multiply(dz, share, dz)


def huber(z: Matrix, y: Matrix, dz: Matrix, _work: Workspace, delta: float = 1.0) -> None:
    """The mean over outputs of ½ r² where |r| ≤ δ, else δ (|r| − ½ δ), with r = z − y.

    With c = r clipped to ±δ both cases are c (r − ½ c), and the derivative is c (Huber 1964; torch's
    HuberLoss, which is δ times its SmoothL1Loss).
    """
    share = 1.0 / z.shape[1]
    np.subtract(z, y, z)
    np.minimum(z, delta, out=dz)
    np.maximum(dz, -delta, out=dz)
    np.multiply(z, 2.0, z)
    np.subtract(z, dz, z)
    np.multiply(z, dz, z)
    np.multiply(z, 0.5 * share, z)
    np.multiply(dz, share, dz)


def poisson(z: Matrix, y: Matrix, dz: Matrix, _work: Workspace) -> None:
    """The mean over outputs of ŷ − y log ŷ with ŷ = e^z, that is e^z − y z; derivative e^z − y."""
    share = 1.0 / z.shape[1]
    np.exp(z, dz)
    np.multiply(z, y, z)
    np.subtract(dz, z, z)
    np.multiply(z, share, z)
    np.subtract(dz, y, dz)
    np.multiply(dz, share, dz)


def binary_cross_entropy(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """Σ over outputs of −y log σ(z) − (1 − y) log(1 − σ(z)), derivative σ(z) − y.

    Computed as max(z, 0) − y z + log(1 + e^(−|z|)), with s = max(z, 0) + log(1 + e^(−|z|)) also
    σ(z) = 1 − e^(−s): small losses and small probabilities keep all their digits.
    """
    scratch = work.scratch
    np.multiply(z, y, scratch)
    np.negative(z, dz)
    np.minimum(z, dz, out=dz)
    np.exp(dz, dz)
    np.log1p(dz, dz)
    np.maximum(z, 0.0, out=z)
    np.subtract(z, scratch, scratch)
    np.add(scratch, dz, scratch)
    np.add(z, dz, z)
    np.negative(z, dz)
    np.expm1(dz, dz)
    np.negative(dz, dz)
    np.subtract(dz, y, dz)
    np.copyto(z, scratch)


def cross_entropy(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """−Σ y log softmax(z) with Σ y = 1, derivative softmax(z) − y.

    Computed as y ∘ (log Σ e^s − s) with s = z − max z, so that no exponential overflows. Probabilities below
    e^LEAST count as that much: no sum shows it, and subnormal numbers would slow the matrix products down.
    """
    s, p, _, column, row = work
    np.copyto(s, z)
    subtract_max(work)
    np.maximum(s, LEAST, out=p)
    np.exp(p, p)
    normalize(work)
    np.log(row, row)
    np.subtract(column, s, s)
    np.multiply(s, y, z)
    np.subtract(p, y, dz)


def hinge(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """max(0, 1 − y z) for one output, y = ±1; max(0, 1 + max over others z_j − z_y) for several, y one-hot.

    Several outputs: Crammer & Singer 2001; equal largest others share the derivative.
    """
    if z.shape[1] == 1:
        np.multiply(z, y, z)
        np.subtract(1.0, z, z)
        np.maximum(z, 0.0, out=z)
        np.sign(z, dz)
        np.multiply(dz, y, dz)
        np.negative(dz, dz)
        return
    others, margin = work.scratch[:, :1], work.column
    np.multiply(y, -FAR_BELOW, dz)
    np.add(dz, z, dz)
    np.max(dz, axis=1, keepdims=True, out=others)
    np.equal(dz, others, out=dz)
    np.multiply(z, y, z)
    np.sum(z, axis=1, keepdims=True, out=margin)
    np.subtract(others, margin, margin)
    np.add(margin, 1.0, margin)
    np.maximum(margin, 0.0, out=margin)
    np.sum(dz, axis=1, keepdims=True, out=others)
    np.divide(dz, others, dz)
    np.subtract(dz, y, dz)
    np.sign(margin, others)
    np.multiply(dz, others, dz)
    z.fill(0.0)
    np.copyto(z[:, :1], margin)


LEAST = -60.0
FAR_BELOW = 1e30  # lower than any score that can still be trained, in either precision


# each loss: its formula and the link it owns; a loss with `keep` leaves the output activation to a step
FORMULAS: dict[str, tuple[Callable[..., None], Link]] = {
    "squared_error": (squared_error, keep),
    "mse": (mse, keep),
    "mae": (mae, keep),
    "huber": (huber, keep),
    "poisson": (poisson, to_exponential),
    "binary_cross_entropy": (binary_cross_entropy, to_sigmoid),
    "cross_entropy": (cross_entropy, to_softmax),
    "hinge": (hinge, keep),
}

# which side of its kinks each entry is on: two evaluations with different sides straddle a kink
SIDES: dict[str, Callable[[Matrix, Matrix, float], Array]] = {
    "mae": lambda z, y, _delta: np.sign(z - y),
    "huber": lambda z, y, delta: np.sign(z - y - delta) + np.sign(z - y + delta),
    "hinge": lambda z, y, _delta: _hinge_sides(z, y),
}


def _hinge_sides(z: Matrix, y: Matrix) -> Array:
    if z.shape[1] == 1:
        return np.asarray(np.sign(1.0 - z * y))
    others = z - y * FAR_BELOW
    margin = 1.0 + others.max(axis=1, keepdims=True) - (z * y).sum(axis=1, keepdims=True)
    return np.hstack([np.sign(margin), others == others.max(axis=1, keepdims=True)])


@dataclass(frozen=True)
class Loss:
    """A loss by name with its options, and what becomes of rows: their mean, or their sum.

    `label_smoothing` ε (cross_entropy): targets become (1 − ε) y + ε / classes (Szegedy et al. 2016).
    """

    name: str
    reduction: str = "mean"
    factor: float = 0.5
    delta: float = 1.0
    label_smoothing: float = 0.0

    @property
    def formula(self) -> Formula:
        """`f(z, y, dz, work)` with the options bound."""
        options: dict[str, dict[str, Any]] = {
            "squared_error": {"factor": self.factor},
            "huber": {"delta": self.delta},
        }
        return partial(FORMULAS[self.name][0], **options.get(self.name, {}))

    @property
    def link(self) -> Link:
        """`f(z, work)`: scores to predictions in place."""
        return FORMULAS[self.name][1]

    @property
    def owns_link(self) -> bool:
        """Whether the output activation is part of this loss."""
        return self.link is not keep

    def prepare(self, y: Matrix) -> Matrix:
        """The targets as the formula wants them: smoothed, or ±1 for a hinge of one output."""
        if self.name == "hinge" and y.shape[1] == 1:
            return np.asarray(2.0 * y - 1.0)
        if self.name == "cross_entropy" and self.label_smoothing:
            return np.asarray((1.0 - self.label_smoothing) * y + self.label_smoothing / y.shape[1])
        return y

    def sides(self, z: Matrix, y: Matrix) -> Array | None:
        """For each entry the side of the loss's kinks it lies on, or None for a smooth loss."""
        return SIDES[self.name](z.real, y, self.delta) if self.name in SIDES else None

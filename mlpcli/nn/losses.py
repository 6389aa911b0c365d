"""Losses, each with the derivative that starts backpropagation, both from the scores of the last layer.

A formula has the form `f(z, y, dz, work)`: from scores `z` and targets `y`, both (rows, outputs), it
leaves the loss of each row in `work.row` and writes ∂(row's loss)/∂z into `dz`; what was in `z` is lost.
Nothing array-sized is allocated. A loss that owns a link (sigmoid, softmax, exponential) works from the
scores before it, and is finite where it saturates.

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
    LINKS,
    Link,
    Workspace,
    by_output,
    rearranged,
    subtract_max,
)

Formula = Callable[[Matrix, Matrix, Matrix, Workspace], None]


def add_up(terms: Matrix, work: Workspace, factor: float = 1.0) -> None:
    """work.row ← factor · Σ terms over the outputs of a row."""
    terms.dot(work.ones, work.row)
    if factor != 1.0:
        np.multiply(work.row, factor, work.row)


def squared_error(z: Matrix, y: Matrix, dz: Matrix, work: Workspace, factor: float = 0.5) -> None:
    """factor · Σ (z − y)², derivative 2 · factor · (z − y)."""
    np.subtract(z, y, dz)
    np.square(dz, z)
    add_up(z, work, factor)
    if factor != 0.5:
        np.multiply(dz, 2.0 * factor, dz)


def mse(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """The mean over outputs of (z − y)²."""
    squared_error(z, y, dz, work, factor=1.0 / z.shape[1])


def mae(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """The mean over outputs of |z − y|, derivative sign(z − y); 0 where they are equal."""
    share = 1.0 / z.shape[1]
    np.subtract(z, y, dz)
    np.negative(dz, z)
    np.maximum(dz, z, out=z)
    add_up(z, work, share)
    np.sign(dz, dz)
    np.multiply(dz, share, dz)


def huber(z: Matrix, y: Matrix, dz: Matrix, work: Workspace, delta: float = 1.0) -> None:
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
    add_up(z, work, 0.5 * share)
    np.multiply(dz, share, dz)


def poisson(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """The mean over outputs of ŷ − y log ŷ with ŷ = e^z, that is e^z − y z; derivative e^z − y."""
    share = 1.0 / z.shape[1]
    np.exp(z, dz)
    np.multiply(z, y, z)
    np.subtract(dz, z, z)
    add_up(z, work, share)
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
    add_up(scratch, work)
    np.add(z, dz, z)
    np.negative(z, z)
    np.expm1(z, dz)
    np.negative(dz, dz)
    np.subtract(dz, y, dz)


def cross_entropy(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """−Σ y log softmax(z) with Σ y = 1, derivative softmax(z) − y.

    Computed as log Σ e^s − Σ y s with s = z − max z, so that no exponential overflows. Probabilities below
    e^LEAST count as that much: no sum shows it, and subnormal numbers would slow the matrix products down.
    """
    s, y = rearranged(z, work.s), rearranged(y, work.t)
    subtract_max(s, work)
    np.maximum(s, LEAST, out=dz)
    np.exp(dz, dz)
    dz.dot(work.ones, work.row)
    np.divide(dz, work.column, dz)
    np.subtract(dz, y, dz)
    np.multiply(s, y, s)
    s.dot(work.ones, work.other_row)
    np.log(work.row, work.row)
    np.subtract(work.row, work.other_row, work.row)


def hinge(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """max(0, 1 − y z) for one output, y = ±1; max(0, 1 + max over others z_j − z_y) for several, y one-hot.

    Several outputs: Crammer & Singer 2001; equal largest others share the derivative.
    """
    if z.shape[1] == 1:
        _hinge_of_two(z, y, dz, work)
        return
    s, y = rearranged(z, work.s), rearranged(y, work.t)
    loss, other = work.row, work.other_row
    np.multiply(y, -FAR_BELOW, dz)
    np.add(dz, s, dz)
    np.maximum.reduce(dz, 1, None, out=other)
    np.equal(dz, work.other_column, out=dz)
    np.multiply(s, y, s)
    s.dot(work.ones, loss)
    np.subtract(other, loss, loss)
    np.add(loss, 1.0, loss)
    np.maximum(loss, 0.0, out=loss)
    dz.dot(work.ones, other)
    np.divide(dz, work.other_column, dz)
    np.subtract(dz, y, dz)
    np.sign(loss, other)
    np.multiply(dz, work.other_column, dz)


def _hinge_of_two(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    np.multiply(z, y, work.column)
    np.subtract(1.0, work.row, work.row)
    np.maximum(work.row, 0.0, out=work.row)
    np.sign(work.column, dz)
    np.multiply(dz, y, dz)
    np.negative(dz, dz)


LEAST = -60.0
FAR_BELOW = 1e30  # lower than any score that can still be trained, in either precision

# each loss: its formula, and the output activation that it owns; any other one is a step of its own
FORMULAS: dict[str, tuple[Callable[..., None], str]] = {
    "squared_error": (squared_error, "identity"),
    "mse": (mse, "identity"),
    "mae": (mae, "identity"),
    "huber": (huber, "identity"),
    "poisson": (poisson, "exponential"),
    "binary_cross_entropy": (binary_cross_entropy, "sigmoid"),
    "cross_entropy": (cross_entropy, "softmax"),
    "hinge": (hinge, "identity"),
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
        return LINKS[FORMULAS[self.name][1]]

    def arranged(self, dz: Matrix) -> Matrix:
        """The memory of `dz` in the order in which the formula is fastest."""
        return by_output(dz) if self.name in {"cross_entropy", "hinge"} else dz

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

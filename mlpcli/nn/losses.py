"""Losses, each with the derivative that starts backpropagation, both from the scores of the last layer.

Most add up, or average, a term for every output of a row. Their formulas take scores `z` and targets `y` and
give the term and its derivative by z, elementwise, as the textbook has them, in NumPy's own functions and
numbers (but no `np.where`); a kernel made of one works in place and allocates nothing. A loss that compares
the scores of a row (cross_entropy, hinge) is written in NumPy's calls: `f(z, y, dz, work)` leaves the loss of
each row in `work.row` and ∂(row's loss)/∂z in `dz`.

A loss that owns a link (sigmoid, softmax, exponential) works from the scores before it, and is finite where
it saturates. Everything but the derivatives also holds for complex scores, as the complex-step check needs:
maxima stand where one might write an absolute value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.config.loss_spec import LOSSES
from mlpcli.nn.links import INVERSES, subtract_max
from mlpcli.nn.workspace import (
    Bind,
    RowLosses,
    Workspace,
    by_output,
    by_row,
    mean_of,
    rearranged,
    sum_of,
)

Pair = tuple[Array, Array]
"""A term of the loss, and its derivative by z."""


def scaled_square(z: Array, y: Array, factor: float) -> Pair:
    """factor · (z − y)², derivative 2 · factor · (z − y)."""
    r = z - y
    return factor * np.square(r), 2.0 * factor * r


def square(z: Array, y: Array) -> Pair:
    """(z − y)², derivative 2 (z − y)."""
    r = z - y
    return np.square(r), 2.0 * r


def absolute(z: Array, y: Array) -> Pair:
    """|z − y|, derivative sign(z − y); 0 where they are equal."""
    r = z - y
    return np.maximum(r, -r), np.sign(r)


def huber(z: Array, y: Array, delta: float) -> Pair:
    """½ r² where |r| ≤ δ, else δ (|r| − ½ δ), with r = z − y.

    With c = r clipped to ±δ both cases are c (r − ½ c), and the derivative is c (Huber 1964; torch's
    HuberLoss, which is δ times its SmoothL1Loss).
    """
    r = z - y
    c = np.maximum(np.minimum(r, delta), -delta)
    return c * (r - 0.5 * c), c


def poisson(z: Array, y: Array) -> Pair:
    """ŷ − y log ŷ with ŷ = e^z, that is e^z − y z; derivative e^z − y."""
    p = np.exp(z)
    return p - y * z, p - y


def binary_cross_entropy(z: Array, y: Array) -> Pair:
    """−y log σ(z) − (1 − y) log(1 − σ(z)), derivative σ(z) − y.

    With s = log(1 + e^z) the term is s − y z, and σ(z) = 1 − e^(−s). Of s = max(z, 0) + log(1 + e^(−|z|)),
    which never overflows, y z is taken away before the small part is added: small losses and small
    probabilities keep all their digits.
    """
    small = np.log1p(np.exp(np.minimum(z, -z)))
    large = np.maximum(z, 0.0)
    return large - y * z + small, -np.expm1(-(large + small)) - y


def cross_entropy(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """−Σ y log softmax(z) with Σ y = 1, derivative softmax(z) − y.

    Computed as log Σ e^s − Σ y s with s = z − max z, so that no exponential overflows. Probabilities below
    e^LEAST count as that much: no sum shows it, and subnormal numbers would slow the matrix products down.
    """
    s, y = rearranged(z, work.s), rearranged(y, work.t)
    subtract_max(s, work)
    np.maximum(s, LEAST, out=dz)
    np.exp(dz, dz)
    work.product(dz, work.ones, work.row)
    np.divide(dz, work.column, dz)
    np.subtract(dz, y, dz)
    np.multiply(s, y, s)
    work.product(s, work.ones, work.other_row)
    np.log(work.row, work.row)
    np.subtract(work.row, work.other_row, work.row)


def hinge(z: Matrix, y: Matrix, dz: Matrix, work: Workspace) -> None:
    """max(0, 1 − y z) for one output, y = ±1; max(0, 1 + max over others z_j − z_y) for several, y one-hot.

    Several outputs: Crammer & Singer 2001; equal largest others share the derivative.
    """
    if z.shape[-1] == 1:
        _hinge_of_two(z, y, dz, work)
        return
    s, y = rearranged(z, work.s), rearranged(y, work.t)
    loss, other = work.row, work.other_row
    np.multiply(y, -FAR_BELOW, dz)
    np.add(dz, s, dz)
    np.maximum.reduce(dz, -1, None, out=other)
    np.equal(dz, work.other_column, out=dz)
    np.multiply(s, y, s)
    work.product(s, work.ones, loss)
    np.subtract(other, loss, loss)
    np.add(loss, 1.0, loss)
    np.maximum(loss, 0.0, out=loss)
    work.product(dz, work.ones, other)
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


def smoothed(y: Matrix, label_smoothing: float) -> Matrix:
    """(1 − ε) y + ε / classes (Szegedy et al. 2016)."""
    if not label_smoothing:
        return y
    return np.asarray((1.0 - label_smoothing) * y + label_smoothing / y.shape[1])


def signed(y: Matrix) -> Matrix:
    """±1 for a single output of 0 or 1; one-hot rows as they are."""
    return np.asarray(2.0 * y - 1.0) if y.shape[1] == 1 else y


def of_most_frequent(mean: Vector) -> Vector:
    """The score ±1 of the most frequent of two classes, whose targets are ±1; else 1 for it, 0 for others."""
    return np.sign(mean) if len(mean) == 1 else np.eye(len(mean))[mean.argmax()]


def hinge_sides(z: Matrix, y: Matrix) -> Array:
    """The sign of the margin, and with several outputs which of the others are the largest."""
    if z.shape[1] == 1:
        return np.asarray(np.sign(1.0 - z * y))
    others = z - y * FAR_BELOW
    margin = 1.0 + others.max(axis=1, keepdims=True) - (z * y).sum(axis=1, keepdims=True)
    return np.hstack([np.sign(margin), others == others.max(axis=1, keepdims=True)])


def _same(array: Matrix, **_options: float) -> Matrix:
    return array


@dataclass(frozen=True)
class Formula:
    """What a loss computes; every function but the last two is given the loss's options, by name.

    `prepare(y)`: the targets as the formula wants them. `sides(z, y)`: which side of its kinks each entry is
    on; two evaluations with different sides straddle a kink. `constant(mean)`: the scores that are right for
    rows whose mean target, prepared, is `mean`, where the inverse of the link does not give them. `arranged`:
    memory for dz in the order in which it is written fastest.
    """

    bind: Bind
    prepare: Callable[..., Matrix] = _same
    sides: Callable[..., Array] | None = None
    constant: Callable[[Vector], Vector] | None = None
    arranged: Callable[[Matrix], Matrix] = _same


FORMULAS: dict[str, Formula] = {
    "squared_error": Formula(sum_of(scaled_square)),
    "mse": Formula(mean_of(square)),
    "mae": Formula(mean_of(absolute), sides=lambda z, y: np.sign(z - y)),
    "huber": Formula(
        mean_of(huber), sides=lambda z, y, delta: np.sign(z - y - delta) + np.sign(z - y + delta)
    ),
    "poisson": Formula(mean_of(poisson)),
    "binary_cross_entropy": Formula(sum_of(binary_cross_entropy)),
    "cross_entropy": Formula(by_row(cross_entropy), smoothed, arranged=by_output),
    "hinge": Formula(by_row(hinge), signed, hinge_sides, of_most_frequent, by_output),
}


class Loss:
    """A loss with its options, whose defaults are the config's: `Loss("huber", delta=0.3)`.

    `spec` says what it is good for; `reduction` what becomes of rows, their mean or their sum.
    """

    def __init__(self, name: str, **options: Any) -> None:
        self.spec = LOSSES[name](**options)
        self.name, self.reduction = name, self.spec.reduction
        self._options = self.spec.model_dump(exclude={"name", "reduction"})

    @property
    def formula(self) -> Formula:
        """What it computes."""
        return FORMULAS[self.name]

    def bind(self, z: Matrix, dz: Matrix) -> RowLosses:
        """From targets that were prepared to the loss of each row of scores `z`; its derivative into `dz`."""
        return self.formula.bind(z, dz, **self._options)

    def arranged(self, dz: Matrix) -> Matrix:
        """The memory of `dz` in the order in which the formula is fastest."""
        return self.formula.arranged(dz)

    def prepare(self, y: Matrix) -> Matrix:
        """The targets as the formula wants them: smoothed, or ±1 for a hinge of one output."""
        return self.formula.prepare(y, **self._options)

    def sides(self, z: Matrix, y: Matrix) -> Array | None:
        """For each entry the side of the loss's kinks it lies on, or None for a smooth loss."""
        sides = self.formula.sides
        return None if sides is None else sides(z.real, y, **self._options)

    def constant_scores(self, mean: Vector) -> Vector:
        """The scores (outputs,) that look at no feature, from the mean (outputs,) of prepared targets."""
        return (self.formula.constant or INVERSES[self.spec.output_activation])(mean)

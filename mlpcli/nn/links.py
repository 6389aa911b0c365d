"""Links: the output activations that a loss owns, which turn scores into predictions.

A link has the form `f(z, work)` and turns `z` (rows, outputs) into predictions in place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.nn.activations import exp_cap, logistic

FEW = 64  # outputs
MANY = 24  # rows; for fewer, copies cost more than they save


def by_output(matrix: Matrix) -> Matrix:
    """The memory of a matrix (rows, outputs), seen as another one that has output after output.

    That is where NumPy is faster so: it is slow along many short rows, in sums and even more in maxima.
    Elsewhere it is the matrix itself.
    """
    rows, outputs = matrix.shape
    return matrix.reshape(outputs, rows).T if rows > MANY and 1 < outputs <= FEW else matrix


def rearranged(matrix: Matrix, copy: Matrix | None) -> Matrix:
    """A copy of the matrix there, or where there is no place for one the matrix itself."""
    if copy is None:
        return matrix
    np.copyto(copy, matrix)
    return copy


class Workspace(NamedTuple):
    """Memory to work in beside scores (rows, outputs); what is in it is lost.

    `scratch` has the shape of the scores. Where `by_output` would have these otherwise, `s` and `t` are for
    such copies of scores and targets; `s` has the memory of `scratch`. There is a number for each row, seen
    as `row` (rows,) and as `column` (rows, 1), and another one. `ones` (outputs,) stay what they are: a
    product with them is the fastest sum over a row.
    """

    scratch: Matrix
    s: Matrix | None
    t: Matrix | None
    row: Vector
    column: Matrix
    other_row: Vector
    other_column: Matrix
    ones: Vector

    @classmethod
    def like(cls, scores: Matrix) -> Workspace:
        """New memory for scores like these."""
        rows, outputs = scores.shape
        scratch = np.empty((rows, outputs), scores.dtype)
        s = by_output(scratch)
        t = None if s is scratch else np.empty_like(s)
        copies = (None if t is None else s), t
        row, other_row = (np.empty(rows, scores.dtype) for _ in range(2))
        ones = np.ones(outputs, scores.dtype)
        return cls(scratch, *copies, row, row[:, None], other_row, other_row[:, None], ones)


Link = Callable[[Matrix, Workspace], None]


def keep(_z: Matrix, _work: Workspace) -> None:
    """The identity link: predictions are the scores."""


def to_sigmoid(z: Matrix, _work: Workspace) -> None:
    """z ← σ(z)."""
    np.copyto(z, logistic(z, exp_cap(z.dtype)))


def to_softmax(z: Matrix, work: Workspace) -> None:
    """z ← e^z / Σ e^z over each row."""
    s = rearranged(z, work.s)
    subtract_max(s, work)
    np.exp(s, s)
    # not a matrix product: that might treat rows differently by where they are
    np.add.reduce(s, 1, None, out=work.row)
    np.divide(s, work.column, s)
    if s is not z:
        np.copyto(z, s)


def to_exponential(z: Matrix, _work: Workspace) -> None:
    """z ← e^z."""
    np.exp(z, z)


# by the names of the output activations
LINKS: dict[str, Link] = {
    "identity": keep,
    "sigmoid": to_sigmoid,
    "softmax": to_softmax,
    "exponential": to_exponential,
}


def subtract_max(s: Matrix, work: Workspace) -> None:
    """s ← s − max s over each row."""
    # axis and dtype by position: each name costs a fifth of a microsecond, of a step of thirty
    np.maximum.reduce(s, 1, None, out=work.row)
    np.subtract(s, work.column, s)

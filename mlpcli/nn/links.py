"""Links: the output activations that a loss owns, which turn scores into predictions.

A link has the form `f(z, work)` and turns `z` (rows, outputs) into predictions in place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.nn.activations import exp_cap, logistic

FEW = 64  # outputs; up to here it pays to copy into the other order first: for 7 it is four times as fast


class Workspace(NamedTuple):
    """Memory to work in beside scores (rows, outputs); what is in it is lost.

    `s` and `p` have the shape of the scores, and where outputs are few hold them one after the other: NumPy
    is slow along many short rows, in sums and even more in maxima. `scratch` is the memory of `s` in the
    order of `z`. There is a number for each row, seen as `column` (rows, 1) and as `row` (rows,).
    """

    s: Matrix
    p: Matrix
    scratch: Matrix
    column: Matrix
    row: Vector

    @classmethod
    def like(cls, scores: Matrix) -> Workspace:
        """New memory for scores like these."""
        rows, outputs = scores.shape
        first, second, third = (np.empty(n, scores.dtype) for n in (rows * outputs, rows * outputs, rows))
        scratch = first.reshape(rows, outputs)
        if outputs > FEW:
            return cls(scratch, second.reshape(rows, outputs), scratch, third.reshape(rows, 1), third)
        s, p = (memory.reshape(outputs, rows).T for memory in (first, second))
        return cls(s, p, scratch, third.reshape(rows, 1), third)

    def of_first(self, rows: int) -> Workspace:
        """The part for the first rows."""
        return Workspace(*(array[:rows] for array in self))


Link = Callable[[Matrix, Workspace], None]


def keep(_z: Matrix, _work: Workspace) -> None:
    """The identity link: predictions are the scores."""


def to_sigmoid(z: Matrix, _work: Workspace) -> None:
    """z ← σ(z)."""
    np.copyto(z, logistic(z, exp_cap(z.dtype)))


def to_softmax(z: Matrix, work: Workspace) -> None:
    """z ← e^z / Σ e^z over each row."""
    np.copyto(work.s, z)
    subtract_max(work)
    np.exp(work.s, work.p)
    normalize(work)
    np.copyto(z, work.p)


def to_exponential(z: Matrix, _work: Workspace) -> None:
    """z ← e^z."""
    np.exp(z, z)


# axis and dtype by position: each name costs a fifth of a microsecond, of a step of forty


def subtract_max(work: Workspace) -> None:
    """s ← s − max s over each row."""
    np.maximum.reduce(work.s, 1, None, out=work.row)
    np.subtract(work.s, work.column, work.s)


def normalize(work: Workspace) -> None:
    """row ← Σ p, p ← p / Σ p over each row."""
    np.add.reduce(work.p, 1, None, out=work.row)
    np.divide(work.p, work.column, work.p)

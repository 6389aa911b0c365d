"""Links: the output activations that a loss owns, which turn scores into predictions.

A link has the form `f(z, scratch)` and turns `z` (rows, outputs) into predictions in place; `scratch` has
the shape of `z`, both are C-contiguous.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.nn.activations import sigmoid_of

Link = Callable[[Matrix, Matrix], None]

FEW = 64  # outputs; up to here it pays to copy into the other order first: for 7 it is four times as fast


def keep(_z: Matrix, _scratch: Matrix) -> None:
    """The identity link: predictions are the scores."""


def to_sigmoid(z: Matrix, _scratch: Matrix) -> None:
    """z ← σ(z)."""
    sigmoid_of(z, z)


def to_softmax(z: Matrix, scratch: Matrix) -> None:
    """z ← e^z / Σ e^z over each row."""
    s = by_output(scratch)
    np.copyto(s, z)
    softmax(s, s, one_per_row(z))
    np.copyto(z, s)


def to_exponential(z: Matrix, _scratch: Matrix) -> None:
    """z ← e^z."""
    np.exp(z, z)


def softmax(s: Matrix, probability: Matrix, total: Matrix) -> None:
    """s ← s − max s, total ← Σ e^s, probability ← e^s / total over each row.

    s and probability (rows, outputs) may be the same array; total (rows, 1).
    """
    # axis, dtype and out by position: each name costs a fifth of a microsecond, of a step of forty
    np.maximum.reduce(s, 1, None, total, keepdims=True)
    np.subtract(s, total, s)
    np.exp(s, probability)
    np.add.reduce(probability, 1, None, total, keepdims=True)
    np.divide(probability, total, probability)


def by_output(array: Matrix) -> Matrix:
    """The memory of an array (rows, outputs) for work along rows: of few outputs one after the other.

    NumPy is slow along many short rows, in sums and even more in maxima. The numbers in `array` are lost.
    """
    rows, outputs = array.shape
    return array if outputs > FEW else array.reshape(outputs, rows, copy=False).T


def one_per_row(array: Matrix) -> Matrix:
    """The start of the memory of an array (rows, outputs) as one of (rows, 1)."""
    return array.reshape(-1, 1, copy=False)[: len(array)]

"""Intervals around predicted numbers, from the errors of rows that did not train.

Split conformal, with the errors s_i = |y_i − ŷ_i| of n rows that nothing was fitted on:

    ŷ ± the k-th smallest s_i, which holds at least the level of new rows (`config.levels` says which k).

CV+ of folds (Barber et al. 2021, arXiv 1905.02928): with ŷ₋ₖ the model without fold k, and k(i) the fold of
row i, whose error s_i is that of the model without it,

    from the ⌊(1 − level) (n + 1)⌋-th smallest ŷ₋ₖ₍ᵢ₎ − s_i to the ⌈level (n + 1)⌉-th smallest ŷ₋ₖ₍ᵢ₎ + s_i,

which holds at least 2 level − 1, in practice about the level.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.config.levels import rank

LARGEST: Final = float(np.finfo(np.float64).max)
HALVINGS: Final = 64  # of an interval between two numbers: as near as float64 comes


def errors_of(truth: Matrix, predicted: Matrix) -> Matrix:
    """|y − ŷ| (n, K), finite; where y lies beyond ŷ ± that by a rounding, what reaches it."""
    with np.errstate(over="ignore"):
        errors = np.abs(truth - predicted)
        short = (predicted + errors < truth) | (predicted - errors > truth)
        reaching = np.where(short, errors + np.spacing(np.abs(predicted) + errors), errors)
    return np.minimum(reaching, LARGEST)


def smallest(errors: Matrix, level: float) -> Vector:
    """The k-th smallest of each column (K,) of errors (n, K)."""
    place = rank(level, len(errors)) - 1
    return np.asarray(np.partition(errors, place, axis=0)[place])


def bounds_by_folds(
    predicted: Sequence[Vector], errors: Sequence[Vector], level: float
) -> tuple[Vector, Vector]:
    """CV+ for m rows of one target: the predictions (m,) of each fold's model, and the errors of each fold.

    A fold's errors are ascending, and those of its own model, on the rows that did not train it.
    """
    place = rank(level, sum(map(len, errors)))
    lower = _smallest_sum([-one for one in predicted], errors, place)
    return -lower, _smallest_sum(predicted, errors, place)


def _smallest_sum(predicted: Sequence[Vector], errors: Sequence[Vector], place: int) -> Vector:
    """The place-th smallest of all ŷ₋ₖ₍ᵢ₎ + s_i, for each row (m,).

    n sums for each of m rows are more than there is time for. How many of them are at most t says a search
    in each fold's errors; so t is found by halving, from what it would be if all models said the same.
    """
    if not len(predicted[0]):
        return np.empty(0)
    pooled = np.partition(np.concatenate(errors), place - 1)[place - 1]
    low, high = (end(np.stack(predicted), axis=0) + pooled for end in (np.min, np.max))
    for _ in range(HALVINGS):
        middle = low + 0.5 * (high - low)
        enough = _count(middle, predicted, errors) >= place
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return np.asarray(high)


def _count(t: Vector, predicted: Sequence[Vector], errors: Sequence[Vector]) -> Array:
    found = [np.searchsorted(s, t - one, side="right") for one, s in zip(predicted, errors, strict=True)]
    return np.asarray(np.sum(found, axis=0))

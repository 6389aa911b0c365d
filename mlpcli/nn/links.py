"""Links: the output activations that a loss owns, which turn scores into predictions, and their inverses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.nn.activations import exp_cap, logistic
from mlpcli.nn.workspace import Workspace, rearranged


@dataclass(frozen=True)
class Link:
    """`predict(z, work)` turns scores `z` (rows, outputs) into predictions in place.

    `scores(mean)` are those that predict `mean` (outputs,), as nearly as there are any.
    """

    predict: Callable[[Matrix, Workspace], None]
    scores: Callable[[Vector], Vector]


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


def as_they_are(mean: Vector) -> Vector:
    """z = p."""
    return mean


def log_odds(mean: Vector) -> Vector:
    """z = log p − log(1 − p), p as far from 0 and 1 as makes it finite."""
    p = np.clip(mean, TINY, 1.0 - np.finfo(np.float64).epsneg)
    return np.asarray(np.log(p) - np.log1p(-p))


def log(mean: Vector) -> Vector:
    """z = log p, p as far from 0 as makes it finite."""
    return np.asarray(np.log(np.maximum(mean, TINY)))


TINY = np.finfo(np.float64).tiny

# by the names of the output activations
LINKS = {
    "identity": Link(keep, as_they_are),
    "sigmoid": Link(to_sigmoid, log_odds),
    "softmax": Link(to_softmax, log),
    "exponential": Link(to_exponential, log),
}


def subtract_max(s: Matrix, work: Workspace) -> None:
    """s ← s − max s over each row."""
    # axis and dtype by position: each name costs a fifth of a microsecond, of a step of thirty
    np.maximum.reduce(s, 1, None, out=work.row)
    np.subtract(s, work.column, s)

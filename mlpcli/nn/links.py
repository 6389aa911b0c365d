"""Softmax, and the inverses of the output activations that a loss owns: from predictions back to scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.nn.workspace import Workspace, rearranged

Inverse: TypeAlias = Callable[[Vector], Vector]
"""The scores that predict a mean (outputs,), as nearly as there are any."""


def to_softmax(z: Matrix, work: Workspace) -> None:
    """z ← e^z / Σ e^z over each row."""
    s = rearranged(z, work.s)
    subtract_max(s, work)
    np.exp(s, s)
    # not a matrix product: that might treat rows differently by where they are
    np.add.reduce(s, -1, None, out=work.row)
    np.divide(s, work.column, s)
    if s is not z:
        np.copyto(z, s)


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
INVERSES: dict[str, Inverse] = {
    "identity": as_they_are,
    "sigmoid": log_odds,
    "softmax": log,
    "exponential": log,
}


def subtract_max(s: Matrix, work: Workspace) -> None:
    """s ← s − max s over each row."""
    # axis and dtype by position: each name costs a fifth of a microsecond, of a step of thirty
    np.maximum.reduce(s, -1, None, out=work.row)
    np.subtract(s, work.column, s)

"""What numbers to predict go through before they are scaled, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Matrix


@dataclass(frozen=True)
class Transform:
    """u = forward(y) for y above `above`, and y = backward(u); `slope` is dy/du at y.

    `backward` may overflow: it is infinite where no number of float64 is as large.
    """

    forward: Callable[[Matrix], Matrix]
    backward: Callable[[Matrix], Matrix]
    slope: Callable[[Matrix], Matrix]
    above: float


def _exponential(u: Matrix) -> Matrix:
    with np.errstate(over="ignore"):
        return np.expm1(u)


TRANSFORMS = {"log1p": Transform(np.log1p, _exponential, lambda y: 1.0 + y, above=-1.0)}

"""Normalization of hidden layers, over the rows of a batch or over the units of a row.

All compute x̂ = (z − mean) / √(variance + ε) and y = γ ∘ x̂ + β with learnt γ and β (outputs,), and leave y in
the place of z, and dz in that of dy. The variance is the biased one: the mean of the squared deviations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final, Protocol

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.nn.layers import Entry, Kind, constant


class Normalization(Kind, Protocol):
    """A kind that goes by a `name` in configs and model files, where its fields are its options."""

    name: ClassVar[str]


class Scaled(Protocol):
    """A step with learnt γ and β, and x̂ in `normalized`."""

    dz: Matrix
    normalized: Matrix
    scratch: Matrix
    dgamma: Vector
    dbeta: Vector
    ones: Vector


GRADIENTS: Final = {
    "gamma": "dγ = the sum of dy ∘ x̂ over the rows, no penalty",
    "beta": "dβ = the sum of dy over the rows, no penalty",
}


def scale_and_shift(outputs: int) -> Iterator[Entry]:
    """γ, which starts at 1, and β, which starts at 0."""
    yield Entry("gamma", (outputs,), "other", constant(1.0), "normalization")
    yield Entry("beta", (outputs,), "other", constant(0.0), "normalization")


def own_gradients(step: Scaled) -> None:
    """dβ = Σ dy and dγ = Σ dy ∘ x̂ over rows."""
    step.ones.dot(step.dz, step.dbeta)
    np.multiply(step.dz, step.normalized, step.scratch)
    step.ones.dot(step.scratch, step.dgamma)


def reciprocal_root(variance: Vector, epsilon: float, out: Vector) -> None:
    """out ← 1 / √(variance + ε)."""
    np.add(variance, epsilon, out)
    np.sqrt(out, out)
    np.reciprocal(out, out)

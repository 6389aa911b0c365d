"""layer_norm: each row normalized over the units of a layer, in training and in predictions alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.nn.layers import Entry, EvaluationSite, Site
from mlpcli.nn.normalization import GRADIENTS, own_gradients, reciprocal_root, scale_and_shift


@dataclass(frozen=True)
class LayerNormKind:
    """`epsilon` is added to the variance."""

    name: ClassVar[str] = "layer_norm"

    epsilon: float

    def entries(self, _inputs: int, outputs: int) -> Iterator[Entry]:
        """γ and β."""
        return scale_and_shift(outputs)

    def training(self, site: Site) -> Iterator[LayerNorm]:
        """One step."""
        width = site.z.shape[1]
        yield LayerNorm(
            z=site.z,
            dz=site.dz,
            normalized=site.memory.matrix(width),
            scratch=site.memory.scratch(width),
            gamma=site.arrays["gamma"],
            beta=site.arrays["beta"],
            dgamma=site.gradients["gamma"],
            dbeta=site.gradients["beta"],
            ones=site.memory.ones,
            epsilon=self.epsilon,
        )

    def evaluation(self, site: EvaluationSite) -> Iterator[EvaluationLayerNorm]:
        """One step, which keeps no x̂."""
        scratch, gamma = site.memory.scratch(site.z.shape[1]), site.arrays["gamma"]
        rows = Rows.of(site.memory.ones, gamma, self.epsilon)
        yield EvaluationLayerNorm(site.z, scratch, gamma, site.arrays["beta"], rows)


@dataclass
class Rows:
    """What each row is normalized by: its mean, and in `factor` 1 / √(variance + ε), both (rows,).

    As `means` and `factors` the same are columns (rows, 1). Each entry of `per_unit` (outputs,) is
    1 / outputs: it makes means over units matrix products.
    """

    mean: Vector
    factor: Vector
    per_unit: Vector
    epsilon: float

    def __post_init__(self) -> None:
        self.means, self.factors = self.mean[:, None], self.factor[:, None]

    @classmethod
    def of(cls, ones: Vector, gamma: Vector, epsilon: float) -> Rows:
        """Of as many rows and units as there are `ones` (rows,) and entries in γ (outputs,)."""
        per_unit = np.full_like(gamma, 1.0 / len(gamma))
        return cls(np.empty_like(ones), np.empty_like(ones), per_unit, epsilon)

    def centre(self, z: Matrix, scratch: Matrix) -> None:
        """z ← z − mean; `factor` is then that of these rows."""
        per_unit, factor = self.per_unit, self.factor
        z.dot(per_unit, self.mean)
        np.subtract(z, self.means, z)
        np.square(z, scratch)
        scratch.dot(per_unit, factor)
        reciprocal_root(factor, self.epsilon, factor)


@dataclass
class LayerNorm:
    """y = γ ∘ x̂ + β with the mean and the variance of each row over its units.

    dβ = Σ dy, dγ = Σ dy ∘ x̂ over rows;  with g = γ ∘ dy and means over the units of a row,
    dz = (g − mean g − x̂ ∘ mean(g ∘ x̂)) / √(variance + ε).  Ba, Kiros & Hinton 2016, equation 4.
    z, x̂ (rows, outputs), γ and β (outputs,), `ones` (rows,), which makes sums over rows matrix products.
    """

    derivative: ClassVar[str] = (
        "dz = (g − mean g − x̂ ∘ mean(g ∘ x̂))/√(variance + ε) with g = γ ∘ dy, means over the units"
    )
    gradients: ClassVar[Mapping[str, str]] = GRADIENTS

    z: Matrix
    dz: Matrix
    normalized: Matrix
    scratch: Matrix
    gamma: Vector
    beta: Vector
    dgamma: Vector
    dbeta: Vector
    ones: Vector
    epsilon: float

    def __post_init__(self) -> None:
        self.rows = Rows.of(self.ones, self.gamma, self.epsilon)

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """y and dy, in the places of z and dz."""
        return self.z, self.dz

    def forward(self) -> None:
        """z ← γ ∘ (z − mean) / √(variance + ε) + β."""
        z, rows = self.z, self.rows
        rows.centre(z, self.scratch)
        np.multiply(z, rows.factors, self.normalized)
        np.multiply(self.normalized, self.gamma, z)
        np.add(z, self.beta, z)

    def backward(self) -> None:
        """dz ← (g − mean g − x̂ ∘ mean(g ∘ x̂)) / √(variance + ε) with g = γ ∘ dz."""
        dz, scratch, rows = self.dz, self.scratch, self.rows
        own_gradients(self)
        np.multiply(dz, self.gamma, dz)
        np.multiply(dz, self.normalized, scratch)
        scratch.dot(rows.per_unit, rows.mean)
        np.multiply(self.normalized, rows.means, scratch)
        dz.dot(rows.per_unit, rows.mean)
        np.subtract(dz, scratch, dz)
        np.subtract(dz, rows.means, dz)
        np.multiply(dz, rows.factors, dz)


@dataclass
class EvaluationLayerNorm:
    """y = γ ∘ x̂ + β where nothing is learnt, in the place of z."""

    z: Matrix
    scratch: Matrix
    gamma: Vector
    beta: Vector
    rows: Rows

    def forward(self) -> None:
        """z ← γ ∘ (z − mean) / √(variance + ε) + β."""
        z, rows = self.z, self.rows
        rows.centre(z, self.scratch)
        np.multiply(z, rows.factors, z)
        np.multiply(z, self.gamma, z)
        np.add(z, self.beta, z)

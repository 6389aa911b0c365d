"""Normalization of hidden layers, over the rows of a batch or over the units of a row.

Both compute x̂ = (z − mean) / √(variance + ε) and y = γ ∘ x̂ + β with learnt γ and β (outputs,), and leave y in
the place of z, and dz in that of dy. The variance is the biased one: the mean of the squared deviations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlpcli.arrays import Matrix, Vector

NormalizationName = Literal["batch_norm", "layer_norm"]


@dataclass(frozen=True)
class NormalizationChoice:
    """Which normalization, ε, and for batch_norm the share of a batch in the running statistics."""

    name: NormalizationName
    epsilon: float = 1e-5
    momentum: float = 0.1

    @property
    def has_statistics(self) -> bool:
        """Whether a prediction needs means and variances that training has gathered."""
        return self.name == "batch_norm"

    def describe(self) -> Mapping[str, object]:
        """The choice as the model file records it, with the options that it has."""
        momentum = {"momentum": self.momentum} if self.has_statistics else {}
        return {"name": self.name, **momentum, "epsilon": self.epsilon}


@dataclass
class BatchNorm:
    """y = γ ∘ x̂ + β with the mean and the variance of each unit over the rows of the batch.

    dβ = Σ dy, dγ = Σ dy ∘ x̂ over rows;  dz = γ / √(variance + ε) ∘ (dy − dβ/n − x̂ ∘ dγ/n), n rows.
    Ioffe & Szegedy 2015, Algorithm 1 and section 3. z, x̂ (rows, outputs), everything else (outputs,)
    but `ones` (rows,), which makes sums over rows matrix products.
    """

    z: Matrix
    dz: Matrix
    normalized: Matrix
    scratch: Matrix
    gamma: Vector
    beta: Vector
    dgamma: Vector
    dbeta: Vector
    running_mean: Vector
    running_variance: Vector
    ones: Vector
    choice: NormalizationChoice

    def __post_init__(self) -> None:
        self.mean, self.variance, self.factor, self.row = (np.empty_like(self.gamma) for _ in range(4))

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """y and dy, in the places of z and dz."""
        return self.z, self.dz

    def forward(self) -> None:
        """z ← γ ∘ (z − mean) / √(variance + ε) + β."""
        z, share = self.z, 1.0 / len(self.z)
        self.ones.dot(z, self.mean)
        np.multiply(self.mean, share, self.mean)
        np.subtract(z, self.mean, z)
        np.square(z, self.scratch)
        self.ones.dot(self.scratch, self.variance)
        np.multiply(self.variance, share, self.variance)
        _reciprocal_root(self.variance, self.choice.epsilon, self.factor)
        np.multiply(z, self.factor, self.normalized)
        np.multiply(self.normalized, self.gamma, z)
        np.add(z, self.beta, z)

    def backward(self) -> None:
        """dz ← γ / √(variance + ε) ∘ (dz − dβ/n − x̂ ∘ dγ/n)."""
        dz, row, share = self.dz, self.row, 1.0 / len(self.dz)
        _own_gradients(self)
        np.multiply(self.dgamma, share, row)
        np.multiply(self.normalized, row, self.scratch)
        np.subtract(dz, self.scratch, dz)
        np.multiply(self.dbeta, share, row)
        np.subtract(dz, row, dz)
        np.multiply(self.gamma, self.factor, row)
        np.multiply(dz, row, dz)

    def gather(self) -> None:
        """running ← (1 − momentum) running + momentum · batch, the batch's variance being the unbiased one.

        As torch's BatchNorm1d. A batch of one row has no unbiased variance: its own, 0, is taken.
        """
        rows, momentum = len(self.z), self.choice.momentum
        unbiased = momentum * rows / max(rows - 1, 1)
        batch = ((self.running_mean, self.mean, momentum), (self.running_variance, self.variance, unbiased))
        for running, found, share in batch:
            np.multiply(running, 1.0 - momentum, running)
            np.multiply(found, share, self.row)
            np.add(running, self.row, running)

    def adopt(self) -> None:
        """running ← batch, for a batch that is all there is; the loss then is the one that was minimised."""
        np.copyto(self.running_mean, self.mean)
        np.copyto(self.running_variance, self.variance)


@dataclass
class RunningNorm:
    """y = γ ∘ (z − running mean) / √(running variance + ε) + β: batch_norm where nothing is learnt."""

    z: Matrix
    dz: Matrix
    gamma: Vector
    beta: Vector
    running_mean: Vector
    running_variance: Vector
    choice: NormalizationChoice

    def __post_init__(self) -> None:
        self.factor = np.empty_like(self.gamma)

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """y and dy, in the places of z and dz."""
        return self.z, self.dz

    def forward(self) -> None:
        """z ← γ ∘ (z − running mean) / √(running variance + ε) + β."""
        _reciprocal_root(self.running_variance, self.choice.epsilon, self.factor)
        np.multiply(self.factor, self.gamma, self.factor)
        np.subtract(self.z, self.running_mean, self.z)
        np.multiply(self.z, self.factor, self.z)
        np.add(self.z, self.beta, self.z)

    def backward(self) -> None:
        """dz ← dz ∘ γ / √(running variance + ε): these statistics depend on nothing."""
        np.multiply(self.dz, self.factor, self.dz)


@dataclass
class LayerNorm:
    """y = γ ∘ x̂ + β with the mean and the variance of each row over its units.

    dβ = Σ dy, dγ = Σ dy ∘ x̂ over rows;  with g = γ ∘ dy and means over the units of a row,
    dz = (g − mean g − x̂ ∘ mean(g ∘ x̂)) / √(variance + ε).  Ba, Kiros & Hinton 2016, equation 4.
    z, x̂ (rows, outputs), γ, β and `share` (outputs,), mean and factor (rows,). Each entry of `share` is
    1 / outputs: it makes means over units matrix products, as `ones` (rows,) does sums over rows.
    """

    z: Matrix
    dz: Matrix
    normalized: Matrix
    scratch: Matrix
    gamma: Vector
    beta: Vector
    dgamma: Vector
    dbeta: Vector
    ones: Vector
    choice: NormalizationChoice

    def __post_init__(self) -> None:
        self.share = np.full_like(self.gamma, 1.0 / len(self.gamma))
        self.mean, self.factor = np.empty_like(self.ones), np.empty_like(self.ones)

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """y and dy, in the places of z and dz."""
        return self.z, self.dz

    def forward(self) -> None:
        """z ← γ ∘ (z − mean) / √(variance + ε) + β."""
        z, factor = self.z, self.factor
        z.dot(self.share, self.mean)
        np.subtract(z, self.mean[:, None], z)
        np.square(z, self.scratch)
        self.scratch.dot(self.share, factor)
        _reciprocal_root(factor, self.choice.epsilon, factor)
        np.multiply(z, factor[:, None], self.normalized)
        np.multiply(self.normalized, self.gamma, z)
        np.add(z, self.beta, z)

    def backward(self) -> None:
        """dz ← (g − mean g − x̂ ∘ mean(g ∘ x̂)) / √(variance + ε) with g = γ ∘ dz."""
        dz, scratch, mean = self.dz, self.scratch, self.mean
        _own_gradients(self)
        np.multiply(dz, self.gamma, dz)
        np.multiply(dz, self.normalized, scratch)
        scratch.dot(self.share, mean)
        np.multiply(self.normalized, mean[:, None], scratch)
        dz.dot(self.share, mean)
        np.subtract(dz, scratch, dz)
        np.subtract(dz, mean[:, None], dz)
        np.multiply(dz, self.factor[:, None], dz)


def _own_gradients(step: BatchNorm | LayerNorm) -> None:
    """dβ = Σ dy and dγ = Σ dy ∘ x̂ over rows."""
    step.ones.dot(step.dz, step.dbeta)
    np.multiply(step.dz, step.normalized, step.scratch)
    step.ones.dot(step.scratch, step.dgamma)


def _reciprocal_root(variance: Vector, epsilon: float, out: Vector) -> None:
    """out ← 1 / √(variance + ε)."""
    np.add(variance, epsilon, out)
    np.sqrt(out, out)
    np.reciprocal(out, out)

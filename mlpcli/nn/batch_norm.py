"""batch_norm: each unit normalized over the rows of a batch; by running statistics in predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.nn.layers import Entry, EvaluationSite, Site, constant
from mlpcli.nn.normalization import GRADIENTS, own_gradients, reciprocal_root, scale_and_shift


@dataclass(frozen=True)
class BatchNormKind:
    """`momentum` is the share of a batch in the running statistics, `epsilon` is added to the variance."""

    name: ClassVar[str] = "batch_norm"

    momentum: float
    epsilon: float

    def entries(self, _inputs: int, outputs: int) -> Iterator[Entry]:
        """γ and β, and a running mean and variance, which start at 0 and 1."""
        yield from scale_and_shift(outputs)
        yield Entry("running_mean", (outputs,), "statistic", constant(0.0), "normalization")
        yield Entry("running_variance", (outputs,), "statistic", constant(1.0), "normalization")

    def training(self, site: Site) -> Iterator[BatchNorm]:
        """By the batch's own statistics, which are gathered."""
        width = site.z.shape[1]
        yield BatchNorm(
            z=site.z,
            dz=site.dz,
            normalized=site.memory.matrix(width),
            scratch=site.memory.scratch(width),
            gamma=site.arrays["gamma"],
            beta=site.arrays["beta"],
            dgamma=site.gradients["gamma"],
            dbeta=site.gradients["beta"],
            running_mean=site.arrays["running_mean"],
            running_variance=site.arrays["running_variance"],
            ones=site.memory.ones,
            momentum=self.momentum,
            epsilon=self.epsilon,
        )

    def evaluation(self, site: EvaluationSite) -> Iterator[RunningNorm]:
        """By the running statistics."""
        yield RunningNorm(
            z=site.z,
            gamma=site.arrays["gamma"],
            beta=site.arrays["beta"],
            running_mean=site.arrays["running_mean"],
            running_variance=site.arrays["running_variance"],
            epsilon=self.epsilon,
        )


@dataclass
class BatchNorm:
    """y = γ ∘ x̂ + β with the mean and the variance of each unit over the rows of the batch.

    dβ = Σ dy, dγ = Σ dy ∘ x̂ over rows;  dz = γ / √(variance + ε) ∘ (dy − dβ/n − x̂ ∘ dγ/n), n rows.
    Ioffe & Szegedy 2015, Algorithm 1 and section 3. z, x̂ (rows, outputs), everything else (outputs,)
    but `ones` (rows,), which makes sums over rows matrix products.
    """

    derivative: ClassVar[str] = (
        "dz = γ/√(variance + ε) ∘ (dy − mean dy − x̂ ∘ mean(dy ∘ x̂)), means over the rows"
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
    running_mean: Vector
    running_variance: Vector
    ones: Vector
    momentum: float
    epsilon: float

    def __post_init__(self) -> None:
        self.mean, self.variance, self.factor, self.row = (np.empty_like(self.gamma) for _ in range(4))

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """y and dy, in the places of z and dz."""
        return self.z, self.dz

    def forward(self) -> None:
        """z ← γ ∘ (z − mean) / √(variance + ε) + β."""
        z, per_row = self.z, 1.0 / len(self.z)
        self.ones.dot(z, self.mean)
        np.multiply(self.mean, per_row, self.mean)
        np.subtract(z, self.mean, z)
        np.square(z, self.scratch)
        self.ones.dot(self.scratch, self.variance)
        np.multiply(self.variance, per_row, self.variance)
        reciprocal_root(self.variance, self.epsilon, self.factor)
        np.multiply(z, self.factor, self.normalized)
        np.multiply(self.normalized, self.gamma, z)
        np.add(z, self.beta, z)

    def backward(self) -> None:
        """dz ← γ / √(variance + ε) ∘ (dz − dβ/n − x̂ ∘ dγ/n)."""
        dz, row, per_row = self.dz, self.row, 1.0 / len(self.dz)
        own_gradients(self)
        np.multiply(self.dgamma, per_row, row)
        np.multiply(self.normalized, row, self.scratch)
        np.subtract(dz, self.scratch, dz)
        np.multiply(self.dbeta, per_row, row)
        np.subtract(dz, row, dz)
        np.multiply(self.gamma, self.factor, row)
        np.multiply(dz, row, dz)

    def gather(self) -> None:
        """running ← (1 − momentum) running + momentum · batch, the batch's variance being the unbiased one.

        As torch's BatchNorm1d. A batch of one row has no unbiased variance: its own, 0, is taken.
        """
        rows, momentum = len(self.z), self.momentum
        unbiased = momentum * rows / max(rows - 1, 1)
        batch = ((self.running_mean, self.mean, momentum), (self.running_variance, self.variance, unbiased))
        for running, found, weight in batch:
            np.multiply(running, 1.0 - momentum, running)
            np.multiply(found, weight, self.row)
            np.add(running, self.row, running)

    def adopt(self) -> None:
        """running ← batch, for a batch that is all there is; the loss then is the one that was minimised."""
        np.copyto(self.running_mean, self.mean)
        np.copyto(self.running_variance, self.variance)


@dataclass
class RunningNorm:
    """y = γ ∘ (z − running mean) / √(running variance + ε) + β: batch_norm where nothing is learnt."""

    z: Matrix
    gamma: Vector
    beta: Vector
    running_mean: Vector
    running_variance: Vector
    epsilon: float

    def __post_init__(self) -> None:
        self.factor = np.empty_like(self.gamma)

    def forward(self) -> None:
        """z ← γ ∘ (z − running mean) / √(running variance + ε) + β."""
        reciprocal_root(self.running_variance, self.epsilon, self.factor)
        np.multiply(self.factor, self.gamma, self.factor)
        np.subtract(self.z, self.running_mean, self.z)
        np.multiply(self.z, self.factor, self.z)
        np.add(self.z, self.beta, self.z)

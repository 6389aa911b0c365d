"""The affine part of a layer, z = x W + b: what every layer with weights begins with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.nn.layers import Draws, Entry, EvaluationSite, Site


@dataclass(frozen=True)
class AffineKind:
    """Weights of every layer, and with `bias` biases."""

    bias: bool

    def entries(self, inputs: int, outputs: int) -> Iterator[Entry]:
        """W (inputs, outputs), b (outputs,)."""
        shape = (inputs, outputs)
        yield Entry("weight", shape, "weight", lambda d: d.weight(shape, d.rng), "weight", fan_in=inputs)
        if self.bias:
            yield Entry("bias", (outputs,), "bias", lambda draws: _bias(outputs, draws), "bias")

    def training(self, site: Site) -> Iterator[Affine]:
        """One step."""
        yield (Affine if site.z.ndim == 2 else StackedAffine)(
            x=site.x,
            W=site.arrays["weight"],
            b=site.arrays.get("bias"),
            z=site.z,
            dW=site.gradients["weight"],
            db=site.gradients.get("bias"),
            dz=site.dz,
            dx=site.dx,
            ones=site.memory.ones,
        )

    def evaluation(self, site: EvaluationSite) -> Iterator[EvaluationAffine]:
        """One step."""
        yield EvaluationAffine(site.x, site.arrays["weight"], site.arrays.get("bias"), site.z)


def _bias(outputs: int, draws: Draws) -> Array | float:
    """0 unless biases are drawn."""
    return 0.0 if draws.bias is None else draws.bias((1, outputs), draws.rng)[0]


@dataclass
class Affine:
    """z = x W + b;  dW = xᵀ dz,  db = 1ᵀ dz,  dx = dz Wᵀ.

    x (rows, inputs), W (inputs, outputs), b (outputs,), z (rows, outputs). Where nothing below learns, as
    in the first layer of a network without embeddings, there is no `dx`. `ones` (rows,) makes the bias
    gradient a matrix product too. `b` is None where there is no bias.
    """

    derivative: ClassVar[str] = "dx = dz Wᵀ (with the weights of the forward pass)"
    gradients: ClassVar[Mapping[str, str]] = {
        "weight": "dW = xᵀ dz, plus the penalties once",
        "bias": "db = the sum of dz over the rows, no penalty",
    }

    x: Matrix
    W: Matrix
    b: Vector | None
    z: Matrix
    dW: Matrix
    db: Vector | None
    dz: Matrix
    dx: Matrix | None
    ones: Vector

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """z and dz."""
        return self.z, self.dz

    def forward(self) -> None:
        """z = x W + b."""
        # the arrays' own method: a fifth of a microsecond faster than `np.dot`, of a step of thirty
        self.x.dot(self.W, self.z)
        if self.b is not None:
            np.add(self.z, self.b, self.z)

    def backward(self) -> None:
        """dW = xᵀ dz, db = 1ᵀ dz, dx = dz Wᵀ."""
        self.x.T.dot(self.dz, self.dW)
        if self.db is not None:
            self.ones.dot(self.dz, self.db)
        if self.dx is not None:
            self.dz.dot(self.W.T, self.dx)


class StackedAffine(Affine):
    """The same of networks in a stack: x (members, rows, inputs), W (members, inputs, outputs), and so on.

    NumPy hands the products to BLAS one member after the other, as they would be alone.
    """

    def forward(self) -> None:
        """z = x W + b."""
        np.matmul(self.x, self.W, self.z)
        if self.b is not None:
            np.add(self.z, self.b, self.z)

    def backward(self) -> None:
        """dW = xᵀ dz, db = 1ᵀ dz, dx = dz Wᵀ."""
        np.matmul(self.x.mT, self.dz, self.dW)
        if self.db is not None:
            np.matmul(self.ones, self.dz, self.db)
        if self.dx is not None:
            np.matmul(self.dz, self.W.mT, self.dx)


@dataclass
class EvaluationAffine:
    """z = x W + b where nothing is learnt: computed as zᵀ = Wᵀ xᵀ, for the reasons in `nn.evaluation`.

    x and z have unit after unit in memory.
    """

    x: Matrix
    W: Matrix
    b: Vector | None
    z: Matrix

    def forward(self) -> None:
        """z = x W + b."""
        self.W.T.dot(self.x.T, self.z.T)
        if self.b is not None:
            np.add(self.z, self.b, self.z)

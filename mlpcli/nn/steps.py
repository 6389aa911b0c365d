"""The steps of a network, forward and backward side by side, each bound to arrays that exist once.

A step reads and writes arrays that it was given: `forward` overwrites the activations, `backward`
overwrites their derivatives. `dz` always means ∂loss/∂z, and has the shape of `z`. Rows are examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.kernels.in_place import Run
from mlpcli.nn.links import to_softmax
from mlpcli.nn.workspace import Workspace


class Step(Protocol):
    """One operation on arrays it is bound to."""

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """Where `forward` leaves its outputs, and where `backward` finds their derivatives."""

    def forward(self) -> None:
        """Compute the outputs from the inputs."""

    def backward(self) -> None:
        """Compute the derivatives of the inputs, and of the parameters, from those of the outputs."""


@runtime_checkable
class First(Protocol):
    """A step that may begin a pass, with inputs from outside."""

    x: Matrix


@runtime_checkable
class Kinked(Protocol):
    """A step that may not be differentiable everywhere."""

    def sides(self) -> Array | None:
        """After `forward`: for each output the side of its kink it lies on; None where there is no kink."""


@dataclass
class Affine:
    """z = x W + b;  dW = xᵀ dz,  db = 1ᵀ dz,  dx = dz Wᵀ.

    x (rows, inputs), W (inputs, outputs), b (outputs,), z (rows, outputs). Where nothing below learns, as
    in the first layer of a network without embeddings, there is no `dx`. `ones` (rows,) makes the bias
    gradient a matrix product too. `b` is None where there is no bias, or where the activation adds it, in
    one pass over z for both.
    """

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

    def hand_over_bias(self) -> Vector | None:
        """The bias, which the step that follows adds from now on."""
        bias, self.b = self.b, None
        return bias

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


@dataclass
class Pointwise:
    """a = φ(z);  dz = da ∘ φ′(z). `a` takes the place of `z`, and `dz` that of `da`.

    `activate` and `chain` are kernels bound to these arrays. Where there is a `b`, it is added to z first.
    """

    z: Matrix
    b: Vector | None
    prime: Matrix | None
    dz: Matrix
    activate: Run
    chain: Run
    kinked: bool = False

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """a and da, in the places of z and dz."""
        return self.z, self.dz

    def sides(self) -> Array | None:
        """The sign of a, which is that of z, or 0 where φ is flat; of a complex a = 0 + ih the sign of h."""
        if not self.kinked:
            return None
        a = self.z
        return np.sign(np.where(a.real == 0.0, a.imag, a.real) if np.iscomplexobj(a) else a)

    def forward(self) -> None:
        """z ← φ(z), prime ← φ′(z)."""
        self.activate()

    def backward(self) -> None:
        """dz ← dz ∘ prime."""
        self.chain()


@dataclass
class Softmax:
    """a = softmax(z) by rows, for a loss that does not own it;  dz = a ∘ (da − Σ a ∘ da).

    The loss overwrites `a`, which takes the place of `z`; `kept` holds a copy for backward.
    """

    z: Matrix
    kept: Matrix | None
    dz: Matrix
    work: Workspace

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """a and da, in the places of z and dz."""
        return self.z, self.dz

    def forward(self) -> None:
        """z ← e^z / Σ e^z."""
        to_softmax(self.z, self.work)
        if self.kept is not None:
            np.copyto(self.kept, self.z)

    def backward(self) -> None:
        """dz ← a ∘ (dz − Σ a ∘ dz)."""
        assert self.kept is not None  # an evaluation plan, which has none, is never run backward
        np.multiply(self.kept, self.dz, self.work.scratch)
        np.add.reduce(self.work.scratch, 1, None, out=self.work.row)
        np.subtract(self.dz, self.work.column, self.dz)
        np.multiply(self.dz, self.kept, self.dz)


@dataclass
class Dropout:
    """a = a ∘ mask, mask 0 with probability `rate`, else 1 / (1 − rate);  da = da ∘ mask.

    Inverted dropout (Srivastava et al. 2014, section 10). The mask stays until `draw` makes a new one,
    so that a gradient can be checked with the very mask it was computed with.
    """

    a: Matrix
    da: Matrix
    mask: Matrix
    rate: float
    rng: np.random.Generator

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """a and da."""
        return self.a, self.da

    def draw(self) -> None:
        """A new mask."""
        self.rng.random(dtype=self.mask.dtype.type, out=self.mask)
        np.greater_equal(self.mask, self.rate, out=self.mask)
        np.multiply(self.mask, 1.0 / (1.0 - self.rate), self.mask)

    def forward(self) -> None:
        """a ← a ∘ mask."""
        np.multiply(self.a, self.mask, self.a)

    def backward(self) -> None:
        """da ← da ∘ mask."""
        np.multiply(self.da, self.mask, self.da)


@dataclass
class Shortcut:
    """s = x, for the residual step at the end of the layer that x goes into;  dx = dx of that layer + ds."""

    x: Matrix
    dx: Matrix
    s: Matrix
    ds: Matrix

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """s and ds; x itself goes on unchanged."""
        return self.s, self.ds

    def forward(self) -> None:
        """s ← x."""
        np.copyto(self.s, self.x)

    def backward(self) -> None:
        """dx ← dx + ds, after the layer has left its own part there."""
        np.add(self.dx, self.ds, self.dx)


@dataclass
class Residual:
    """h = a + s, what the layer makes of its inputs and these themselves;  da = dh, ds = dh.

    He et al. 2016, equation 1. The shortcut's ds is dh, the very array.
    """

    a: Matrix
    da: Matrix
    s: Matrix
    h: Matrix
    dh: Matrix

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """h and dh."""
        return self.h, self.dh

    def forward(self) -> None:
        """h ← a + s."""
        np.add(self.a, self.s, self.h)

    def backward(self) -> None:
        """da ← dh."""
        np.copyto(self.da, self.dh)

"""Activations as a part of a layer: the traced formula forward, the chain rule backward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.kernels.in_place import BoundKernel, bind
from mlpcli.kernels.kernel import Kernel
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.layers import Entry, EvaluationSite, Site
from mlpcli.nn.links import to_softmax
from mlpcli.nn.plan import Buffers
from mlpcli.nn.steps import InPlace
from mlpcli.nn.workspace import Workspace


@dataclass(frozen=True)
class ActivationKind:
    """The activation of a layer; nothing where it is the identity."""

    choice: ActivationChoice

    def entries(self, _inputs: int, _outputs: int) -> tuple[Entry, ...]:
        """None."""
        return ()

    def training(self, site: Site) -> Iterator[Pointwise | Softmax]:
        """One step, which keeps φ′(z) for backward."""
        choice, z, dz = self.choice, site.z, site.dz
        if choice.name == "softmax":
            yield Softmax(z, site.memory.matrix(z.shape[-1]), dz, Workspace.like(z))
        elif choice.name != "identity":
            prime = site.memory.array(z.shape[-1], choice.derivative_type(z.dtype))
            activate = bound(choice.kernel(z.dtype), {"z": z, "prime": prime}, site.memory)
            yield Pointwise(z, prime, dz, activate, choice.has_kink())

    def evaluation(self, site: EvaluationSite) -> Iterator[InPlace]:
        """One step, which computes φ(z) alone."""
        choice, z = self.choice, site.z
        if choice.name == "softmax":
            yield InPlace(z, partial(to_softmax, z, Workspace.like(z)))
        elif choice.name != "identity":
            yield InPlace(z, bound(choice.value_kernel(z.dtype), {"z": z}, site.memory))


def bound(kernel: Kernel, arrays: Mapping[str, Array], memory: Buffers) -> BoundKernel:
    """The kernel on these arrays, all of the shape of z, or a number for each of its columns."""
    z = arrays["z"]
    scratch: list[Array] = [memory.scratch(z.shape[-1])] * min(kernel.temporaries, 1)
    # the scratch is there anyway, and shared; a formula that needs more has the rest for itself
    scratch += [memory.matrix(z.shape[-1]) for _ in range(1, kernel.temporaries)]
    return bind(kernel, arrays, np.empty(0, z.dtype), scratch)


@dataclass
class Pointwise:
    """a = φ(z);  dz = da ∘ φ′(z). `a` takes the place of `z`, and `dz` that of `da`.

    `activate` is the activation's formula, traced and bound to these arrays.
    """

    derivative: ClassVar[str] = "the activation's derivative φ′(z), 0 at a kink"

    z: Matrix
    prime: Matrix
    dz: Matrix
    activate: BoundKernel
    kinked: bool

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
        """dz ← dz ∘ φ′(z)."""
        np.multiply(self.dz, self.prime, self.dz)


@dataclass
class Softmax:
    """a = softmax(z) by rows, for a loss that does not own it;  dz = a ∘ (da − Σ a ∘ da).

    The loss overwrites `a`, which takes the place of `z`; `kept` holds a copy for backward.
    """

    derivative: ClassVar[str] = "dz = a ∘ (da − Σ a ∘ da)"

    z: Matrix
    kept: Matrix
    dz: Matrix
    work: Workspace

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """a and da, in the places of z and dz."""
        return self.z, self.dz

    def forward(self) -> None:
        """z ← e^z / Σ e^z."""
        to_softmax(self.z, self.work)
        np.copyto(self.kept, self.z)

    def backward(self) -> None:
        """dz ← a ∘ (dz − Σ a ∘ dz)."""
        np.multiply(self.kept, self.dz, self.work.scratch)
        np.add.reduce(self.work.scratch, -1, None, out=self.work.row)
        np.subtract(self.dz, self.work.column, self.dz)
        np.multiply(self.dz, self.kept, self.dz)

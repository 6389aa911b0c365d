"""Activations with something to learn: of how much of its activation each unit makes use.

a = z + α ∘ (φ(z) − z) with one α for every unit, which is 1 at the start: then a is φ(z). At 0 a unit is
linear, and between the two it is a mixture (Holzmüller et al. 2024, arXiv 2407.04491, section 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.kernels.in_place import BoundKernel
from mlpcli.kernels.kernel import Kernel
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.layers import Entry, EvaluationSite, Site, constant
from mlpcli.nn.pointwise import bound
from mlpcli.nn.steps import InPlace
from mlpcli.nn.workspace import Product, product_of


@dataclass(frozen=True)
class LearnableKind:
    """The activation of a hidden layer, of which its units learn how much there is; no softmax."""

    choice: ActivationChoice

    def entries(self, _inputs: int, outputs: int) -> Iterator[Entry]:
        """α (outputs,), which starts at 1."""
        yield Entry("alpha", (outputs,), "other", constant(1.0), "activation")

    def training(self, site: Site) -> Iterator[Mixture]:
        """One step, which keeps φ(z) − z and its own derivative for backward."""
        z, alpha, width = site.z, site.arrays["alpha"], site.z.shape[-1]
        delta, prime = site.memory.pair(width)
        arrays = {"z": z, "alpha": alpha, "delta": delta, "prime": prime}
        yield Mixture(
            z=z,
            dz=site.dz,
            alpha=alpha,
            dalpha=site.gradients["alpha"],
            delta=delta,
            prime=prime,
            scratch=site.memory.scratch(width),
            ones=site.memory.ones,
            product=product_of(z),
            mix=bound(self._kernel(z.dtype), arrays, site.memory),
            scores=site.memory.matrix(width) if self.choice.has_kink() else None,
        )

    def evaluation(self, site: EvaluationSite) -> Iterator[InPlace]:
        """One step, which computes a alone."""
        kernel = self._value_kernel(site.z.dtype)
        arrays = {"z": site.z, "alpha": site.arrays["alpha"]}
        yield InPlace(site.z, bound(kernel, arrays, site.memory))

    def _kernel(self, dtype: np.dtype[Any]) -> Kernel:
        """`z` ← z + α (φ − z), `delta` ← φ − z, `prime` ← 1 + α (φ′ − 1)."""
        phi = self._numeric.formula(dtype)

        def formula(z: Array, alpha: Array) -> dict[str, Any]:
            a, slope = phi(z)
            delta = a - z
            return {"z": delta * alpha + z, "prime": (slope - 1.0) * alpha + 1.0, "delta": delta}

        return Kernel(formula, ("z", "alpha"))

    def _value_kernel(self, dtype: np.dtype[Any]) -> Kernel:
        """`z` ← z + α (φ − z) alone."""
        phi = self._numeric.formula(dtype)
        return Kernel(lambda z, alpha: {"z": (phi(z)[0] - z) * alpha + z}, ("z", "alpha"))

    @property
    def _numeric(self) -> ActivationChoice:
        """One whose derivative is a number: that of relu is true or false, and cannot be multiplied."""
        return ActivationChoice("leaky_relu", {"slope": 0.0}) if self.choice.name == "relu" else self.choice


@dataclass
class Mixture:
    """a = z + α ∘ (φ(z) − z);  dz = da ∘ (1 + α ∘ (φ′(z) − 1)),  dα = Σ da ∘ (φ(z) − z) over the rows.

    `a` takes the place of `z`, and `dz` that of `da`. z, dz, `delta` = φ(z) − z, `prime`, `scratch` (rows,
    outputs), α (outputs,); the `product` of `ones` (rows,) and a matrix is a sum over the rows. `mix` is the
    formula, traced and bound to these arrays. Where φ has a kink, `scores` keep z, which a does not tell
    whatever α is.
    """

    derivative: ClassVar[str] = "dz = da ∘ (1 + α ∘ (φ′(z) − 1)), φ′ = 0 at a kink"
    gradients: ClassVar[Mapping[str, str]] = {
        "alpha": "dα = the sum of da ∘ (φ(z) − z) over the rows, no penalty"
    }

    z: Matrix
    dz: Matrix
    alpha: Vector
    dalpha: Vector
    delta: Matrix
    prime: Matrix
    scratch: Matrix
    ones: Vector
    product: Product
    mix: BoundKernel
    scores: Matrix | None

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """a and da, in the places of z and dz."""
        return self.z, self.dz

    def sides(self) -> Array | None:
        """The sign of z, of a complex z = 0 + ih that of h; 2 on the kink, where the derivative is no 0."""
        if self.scores is None:
            return None
        z = self.scores
        sign = np.sign(np.where(z.real == 0.0, z.imag, z.real) if np.iscomplexobj(z) else z)
        return np.where(sign == 0.0, 2.0, sign)

    def forward(self) -> None:
        """z ← z + α (φ(z) − z), delta ← φ(z) − z, prime ← 1 + α (φ′(z) − 1)."""
        if self.scores is not None:
            np.copyto(self.scores, self.z)
        self.mix()

    def backward(self) -> None:
        """dα = Σ dz ∘ delta over the rows,  dz ← dz ∘ prime."""
        np.multiply(self.dz, self.delta, self.scratch)
        self.product(self.ones, self.scratch, self.dalpha)
        np.multiply(self.dz, self.prime, self.dz)

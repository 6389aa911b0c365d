"""The scaling layer: a learnt factor for each input of the first layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.nn.layers import Entry, EvaluationSite, Site, constant
from mlpcli.nn.workspace import Product, product_of


@dataclass(frozen=True)
class ScalingKind:
    """One factor an input, a layer of its own; no penalty or decay sees them, since 0 is no good factor."""

    def entries(self, _inputs: int, outputs: int) -> Iterator[Entry]:
        """s (inputs,), which starts at 1."""
        yield Entry("factor", (outputs,), "other", constant(1.0), "scaling")

    def training(self, site: Site) -> Iterator[Scaling]:
        """One step."""
        s, ds = site.arrays["factor"], site.gradients["factor"]
        yield Scaling(
            x=site.x,
            dx=site.dx,
            s=s,
            ds=ds,
            h=site.z,
            dh=site.dz,
            scratch=site.memory.scratch(s.shape[-1]),
            ones=site.memory.ones,
            product=product_of(site.z),
        )

    def evaluation(self, site: EvaluationSite) -> Iterator[EvaluationScaling]:
        """One step."""
        yield EvaluationScaling(site.x, site.arrays["factor"], site.z)


@dataclass
class Scaling:
    """h = s ∘ x;  ds = Σ dh ∘ x over rows,  dx = s ∘ dh.

    x and h (rows, inputs), s (inputs,). Holzmüller et al. 2024 (arXiv 2407.04491), section 3. Where nothing
    below learns there is no `dx`. The `product` of `ones` (rows,) and a matrix is a sum over the rows.
    """

    derivative: ClassVar[str] = "dx = s ∘ dh"
    gradients: ClassVar[Mapping[str, str]] = {
        "factor": "ds = the sum of dh ∘ x over the rows, no penalty",
    }

    x: Matrix
    dx: Matrix | None
    s: Vector
    ds: Vector
    h: Matrix
    dh: Matrix
    scratch: Matrix
    ones: Vector
    product: Product

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """h and dh."""
        return self.h, self.dh

    def forward(self) -> None:
        """h ← s ∘ x."""
        np.multiply(self.x, self.s, self.h)

    def backward(self) -> None:
        """ds ← Σ dh ∘ x, dx ← s ∘ dh."""
        np.multiply(self.dh, self.x, self.scratch)
        self.product(self.ones, self.scratch, self.ds)
        if self.dx is not None:
            np.multiply(self.dh, self.s, self.dx)


@dataclass
class EvaluationScaling:
    """h = s ∘ x where nothing is learnt; h is z."""

    x: Matrix
    s: Vector
    z: Matrix

    def forward(self) -> None:
        """z ← s ∘ x."""
        np.multiply(self.x, self.s, self.z)

"""Dropout: units of hidden layers left out at random, in training alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.nn.layers import Entry, EvaluationSite, Site, Uniforms
from mlpcli.nn.steps import EvaluationStep


@dataclass(frozen=True)
class DropoutKind:
    """Dropout at a rate above 0."""

    rate: float

    def entries(self, _inputs: int, _outputs: int) -> tuple[Entry, ...]:
        """None."""
        return ()

    def training(self, site: Site) -> Iterator[Dropout]:
        """One step."""
        yield Dropout(site.z, site.dz, site.memory.matrix(site.z.shape[-1]), self.rate, site.rng)

    def evaluation(self, _site: EvaluationSite) -> tuple[EvaluationStep, ...]:
        """Nothing drops out."""
        return ()


@dataclass
class Dropout:
    """a = a ∘ mask, mask 0 with probability `rate`, else 1 / (1 − rate);  da = da ∘ mask.

    Inverted dropout (Srivastava et al. 2014, section 10). The mask stays until `draw` makes a new one,
    so that a gradient can be checked with the very mask it was computed with.
    """

    derivative: ClassVar[str] = "the mask of the forward pass, times 1/(1 − rate)"

    a: Matrix
    da: Matrix
    mask: Matrix
    rate: float
    rng: Uniforms

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """a and da."""
        return self.a, self.da

    def draw(self, share: float) -> None:
        """A new mask, at so large a share of the rate."""
        rate = share * self.rate
        self.rng.random(dtype=self.mask.dtype.type, out=self.mask)
        np.greater_equal(self.mask, rate, out=self.mask)
        np.multiply(self.mask, 1.0 / (1.0 - rate), self.mask)

    def forward(self) -> None:
        """a ← a ∘ mask."""
        np.multiply(self.a, self.mask, self.a)

    def backward(self) -> None:
        """da ← da ∘ mask."""
        np.multiply(self.da, self.mask, self.da)

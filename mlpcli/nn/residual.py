"""Residual layers: what a layer makes of its inputs is added to these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.nn.layers import Entry, EvaluationSite, Kind, Site
from mlpcli.nn.steps import EvaluationStep, InPlace, Step


@dataclass(frozen=True)
class ResidualKind:
    """h = x + a(x), where a is what the kinds `within` make of x: as many units as x has."""

    within: tuple[Kind, ...]

    def entries(self, inputs: int, outputs: int) -> Iterator[Entry]:
        """Those of the kinds within."""
        return (entry for kind in self.within for entry in kind.entries(inputs, outputs))

    def training(self, site: Site) -> Iterator[Step]:
        """A shortcut before the steps within, and the sum after them."""
        width = site.z.shape[-1]
        s, (h, dh) = site.memory.matrix(width), site.memory.pair(width)
        assert site.dx is not None  # x is the output of a hidden layer, which learns
        yield Shortcut(site.x, site.dx, s, dh)
        for kind in self.within:
            yield from kind.training(site)
        yield Residual(site.z, site.dz, s, h, dh)

    def evaluation(self, site: EvaluationSite) -> Iterator[EvaluationStep]:
        """The steps within, and the sum."""
        for kind in self.within:
            yield from kind.evaluation(site)
        # h in the place of a; x is still there, since nothing has been written to it
        yield InPlace(site.z, partial(np.add, site.z, site.x, site.z))


@dataclass
class Shortcut:
    """s = x, for the residual step at the end of the layer that x goes into;  dx = dx of that layer + ds."""

    derivative: ClassVar[str] = "dx = the layer's own dx plus ds"

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

    derivative: ClassVar[str] = "da = dh, ds = dh"

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

"""Numbers as learnt waves: each number of a row becomes several, before the first layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import pi
from typing import ClassVar, Final, NamedTuple

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.nn.layers import Draws, Entry, EvaluationSite, Site, Start

TURN: Final = 2.0 * pi


@dataclass(frozen=True)
class PeriodicKind:
    """Waves of the numbers in some `columns` of the inputs (in order): a layer of its own.

    Of each number `frequencies` cosines, and in its place `width` numbers, of which it is itself the last.
    The layer's outputs are those of the first column, of the second, ..., then all other columns of x.

    Of what it learns W alone is a weight, which penalties and decay see: w and b say where the waves lie,
    and what is small is no better there.
    """

    name: ClassVar[str] = "periodic"

    columns: tuple[int, ...]
    frequencies: int
    width: int
    std: float

    @property
    def added(self) -> int:
        """How many more inputs the first layer has by it."""
        return len(self.columns) * (self.width - 1)

    @property
    def options(self) -> dict[str, float]:
        """What a config says of it besides its name."""
        return {"frequencies": self.frequencies, "width": self.width, "std": self.std}

    @property
    def memory(self) -> int:
        """How many numbers a step of training keeps for each row."""
        return len(self.columns) * (2 * self.frequencies + self.width + 3)

    def entries(self, _inputs: int, _outputs: int) -> Iterator[Entry]:
        """w and b (n, frequencies), W (n · frequencies, width − 1) and its bias (n, width − 1), of n columns.

        In W the rows of a column lie together: arrays of model files have two axes at most. At the start w is
        normal with standard deviation `std`, b uniform in ±π, the others in ±1/√frequencies, as in pytabkit's
        PBLD embedding: Holzmüller et al. 2024 (arXiv 2407.04491), appendix A.
        """
        n, mixed, bound = len(self.columns), self.width - 1, self.frequencies**-0.5
        waves, weight = (n, self.frequencies), (n * self.frequencies, mixed)
        yield Entry("frequency", waves, "other", lambda d: d.rng.normal(0.0, self.std, waves), "embedding")
        yield Entry("phase", waves, "other", _uniform(pi, waves), "embedding")
        yield Entry("weight", weight, "weight", _uniform(bound, weight), "embedding", self.frequencies)
        yield Entry("bias", (n, mixed), "other", _uniform(bound, (n, mixed)), "embedding")

    def training(self, site: Site) -> Iterator[Periodic]:
        """One step."""
        waves, gradients = self._waves(site), Parameters(**site.gradients)
        yield Periodic(site.x, site.dx, site.z, site.dz, waves, waves.own, gradients)

    def evaluation(self, site: EvaluationSite) -> Iterator[EvaluationPeriodic]:
        """One step."""
        yield EvaluationPeriodic(site.x, site.z, self._waves(site))

    def _waves(self, site: Site | EvaluationSite) -> Waves:
        inputs = site.z.shape[1] - self.added
        others = sorted(set(range(inputs)) - set(self.columns))
        runs = [_runs(columns) for columns in (self.columns, others)]
        return Waves(Parameters(**site.arrays), site.memory.rows, *runs)


def _uniform(bound: float, shape: tuple[int, ...]) -> Start:
    def start(draws: Draws) -> Array:
        return draws.rng.uniform(-bound, bound, shape)

    return start


class Parameters(NamedTuple):
    """What is learnt for n columns, or its gradient; called by their names in a model file."""

    frequency: Array
    phase: Array
    weight: Array
    bias: Array


class Run(NamedTuple):
    """Columns of x next to each other, and their places among those of their sort."""

    columns: slice
    places: slice


def _runs(columns: Sequence[int]) -> list[Run]:
    """Ascending columns as runs of neighbours."""
    breaks = (place for place in range(1, len(columns)) if columns[place] != columns[place - 1] + 1)
    ends = (*breaks, len(columns)) if columns else ()
    return [
        Run(slice(columns[start], columns[start] + stop - start), slice(start, stop))
        for start, stop in pairwise((0, *ends))
    ]


class Waves:
    """u = 2π w x + b, c = cos u, e = c W + bias, for every number x of so many rows.

    Arrays have column after column in memory, and in each of these the rows side by side, so that each
    formula is one call for all columns: x as (n, 2, rows) with ones below, u (n, frequencies, rows), c the
    same with ones below, and e with x below, (n, width, rows). By the ones b and bias are a part of the
    products, which is faster than adding them.
    """

    def __init__(self, own: Parameters, rows: int, numbers: Sequence[Run], others: Sequence[Run]) -> None:
        (n, frequencies), mixed = own.frequency.shape, own.weight.shape[1]
        self.own, self.numbers, self.others = own, numbers, others
        self.weight = own.weight.reshape(n, frequencies, mixed)
        self.inputs = np.ones((n, 2, rows), own.weight.dtype)
        self.u = np.empty((n, frequencies, rows), own.weight.dtype)
        self.cosines = np.ones((n, frequencies + 1, rows), own.weight.dtype)
        self.outputs = np.empty((n, mixed + 1, rows), own.weight.dtype)
        self.angles = np.empty((n, frequencies, 2), own.weight.dtype)  # 2π w, and b beside it
        self.mixing = np.empty((n, frequencies + 1, mixed), own.weight.dtype)  # W, and its bias below
        # views of these
        self.x, self.c, self.e = self.inputs[:, 0], self.cosines[:, :-1], self.outputs[:, :-1]
        self.as_rows = self.outputs.reshape(n * (mixed + 1), rows).T
        self.width = n * (mixed + 1)

    def forward(self, x: Matrix, h: Matrix) -> None:
        """h ← e and x for every number x, then the other columns."""
        own = self.own
        for columns, places in self.numbers:
            np.copyto(self.x[places], x[:, columns].T)
        np.multiply(own.frequency, TURN, self.angles[:, :, 0])
        np.copyto(self.angles[:, :, 1], own.phase)
        np.copyto(self.mixing[:, :-1], self.weight)
        np.copyto(self.mixing[:, -1], own.bias)
        np.matmul(self.angles, self.inputs, self.u)
        np.cos(self.u, self.c)
        np.matmul(self.mixing.transpose(0, 2, 1), self.cosines, self.e)
        np.copyto(self.outputs[:, -1], self.x)
        np.copyto(h[:, : self.width], self.as_rows)
        rest = h[:, self.width :]
        for columns, places in self.others:
            np.copyto(rest[:, places], x[:, columns])


@dataclass
class Periodic:
    """h = (e, x) for every number x, e = cos(2π w x + b) W + bias, then the columns that are no numbers.

    With c the cosines and sums over rows, dW = cᵀ de, dbias = Σ de, du = −(de Wᵀ) ∘ sin u, dw = 2π Σ x du,
    db = Σ du; where something below learns, dx = 2π Σ w du and what dh has for x itself. Each column has w
    and b (frequencies,), W (frequencies, width − 1) and bias (width − 1,) of its own. Holzmüller et al. 2024
    (arXiv 2407.04491), "PBLD"; Gorishniy et al. 2022 (arXiv 2203.05556) have sines too, no b, and a relu.
    """

    derivative: ClassVar[str] = "du = −(de Wᵀ) ∘ sin u, dx = 2π times the sum of w du, plus dh's part for x"
    gradients: ClassVar[Mapping[str, str]] = {
        "frequency": "dw = 2π times the sum of x du over the rows, no penalty",
        "phase": "db = the sum of du over the rows, no penalty",
        "weight": "dW = cᵀ de, plus the penalties once",
        "bias": "the sum of de over the rows, no penalty",
    }

    x: Matrix
    dx: Matrix | None
    h: Matrix
    dh: Matrix
    waves: Waves
    own: Parameters
    gradient: Parameters

    def __post_init__(self) -> None:
        rows, u = len(self.h), self.waves.u
        self.dmixing = np.empty_like(self.waves.mixing)
        self.dW = self.gradient.weight.reshape(self.waves.weight.shape)
        self.minus = np.full(rows, -1.0, u.dtype)
        self.dnumbers = np.empty((len(u), 1, rows), u.dtype)

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """h and dh."""
        return self.h, self.dh

    def forward(self) -> None:
        """h ← e and x for every number x, then the other columns."""
        self.waves.forward(self.x, self.h)

    def backward(self) -> None:
        """dW, dbias, dw and db from dh, then dx."""
        waves, gradient = self.waves, self.gradient
        np.copyto(waves.as_rows, self.dh[:, : waves.width])  # now `e` and what is below it are derivatives
        np.matmul(waves.cosines, waves.e.transpose(0, 2, 1), self.dmixing)
        np.copyto(self.dW, self.dmixing[:, :-1])
        np.copyto(gradient.bias, self.dmixing[:, -1])
        np.matmul(waves.mixing[:, :-1], waves.e, waves.c)
        np.sin(waves.u, waves.u)
        np.multiply(waves.u, waves.c, waves.u)  # −du
        np.matmul(waves.u, self.minus, gradient.phase)
        np.matmul(waves.u, waves.x[:, :, None], gradient.frequency[:, :, None])
        np.multiply(gradient.frequency, -TURN, gradient.frequency)
        if self.dx is not None:
            self._pass_on(self.dx)

    def _pass_on(self, dx: Matrix) -> None:
        waves = self.waves
        np.matmul(waves.angles[:, None, :, 0], waves.u, self.dnumbers)
        dnumbers = self.dnumbers[:, 0]
        np.subtract(waves.outputs[:, -1], dnumbers, dnumbers)
        for columns, places in waves.numbers:
            np.copyto(dx[:, columns], dnumbers[places].T)
        rest = self.dh[:, waves.width :]
        for columns, places in waves.others:
            np.copyto(dx[:, columns], rest[:, places])


@dataclass
class EvaluationPeriodic:
    """h = (e, x) for every number x, then the other columns, where nothing is learnt; h is z."""

    x: Matrix
    z: Matrix
    waves: Waves

    def forward(self) -> None:
        """z ← e and x for every number x, then the other columns."""
        self.waves.forward(self.x, self.z)

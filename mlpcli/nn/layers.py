"""What a network is made of: layers one after the other, and the kinds of things that they consist of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.nn.initializers import Draw
from mlpcli.nn.plan import Buffers
from mlpcli.nn.steps import EvaluationStep, Step

Role: TypeAlias = Literal["weight", "bias", "other", "statistic"]
"""Of what is learnt, penalties see weights alone; a statistic is gathered, not learnt."""

Group: TypeAlias = Literal["weight", "bias", "scaling", "embedding", "activation", "normalization"]
"""What kind of parameter it is for a learning rate of its own, whatever penalties see."""


@dataclass(frozen=True)
class Draws:
    """What a config says of starting values: how to draw weights, and biases if these are drawn at all."""

    rng: np.random.Generator
    weight: Draw
    bias: Draw | None


Start: TypeAlias = Callable[[Draws], Array | float]


class Entry(NamedTuple):
    """An array that outlives a pass: its name in the layer, its shape, what it is, how it starts.

    `fan_in` is how many inputs each output sums; 1 where it is no sum, as in a vector that is looked up.
    """

    name: str
    shape: tuple[int, ...]
    role: Role
    start: Start
    group: Group
    fan_in: int = 1


def constant(value: float) -> Start:
    """The same number in every entry."""
    return lambda _draws: value


class Uniforms(Protocol):
    """Draws numbers from 0 to 1, as NumPy's generators do."""

    def random(self, *, dtype: Any, out: Array) -> object: ...


@dataclass(frozen=True, eq=False)
class Site:
    """Where the steps of a layer are put up: its inputs, its scores, its arrays by their names in the layer.

    x, dx (rows, inputs), z, dz (rows, outputs). Where nothing below learns there is no `dx`. Of networks in a
    stack all have an axis before these, (members, rows, width), vectors of parameters (members, 1, width).
    """

    x: Matrix
    dx: Matrix | None
    z: Matrix
    dz: Matrix
    arrays: Mapping[str, Array]
    gradients: Mapping[str, Array]
    memory: Buffers
    rng: Uniforms


@dataclass(frozen=True, eq=False)
class EvaluationSite:
    """The same where nothing is learnt; x and z have unit after unit in memory."""

    x: Matrix
    z: Matrix
    arrays: Mapping[str, Array]
    memory: Buffers


class Kind(Protocol):
    """One kind of thing that a layer may consist of, with its options: all that there is to know about it.

    In a layer the first kind makes z of x; the others change z in its place. The last step's output is the
    layer's.
    """

    def entries(self, inputs: int, outputs: int, /) -> Iterable[Entry]:
        """The arrays that it brings into a layer of these widths, in the order of a model file."""

    def training(self, site: Site, /) -> Iterable[Step]:
        """Its steps where its parameters are learnt."""

    def evaluation(self, site: EvaluationSite, /) -> Iterable[EvaluationStep]:
        """Its steps where they are as they are."""


@dataclass(frozen=True)
class Layer:
    """Kinds in forward order. `name` is what the names of its arrays begin with.

    `number` is that of the weight layer that it is, or stands before.
    """

    name: str
    number: int
    inputs: int
    outputs: int
    kinds: tuple[Kind, ...]

    def entries(self) -> Iterator[Entry]:
        """Its arrays by their names in the network."""
        return (entry._replace(name=f"{self.name}.{entry.name}") for entry in self._own())

    def own(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Those among the network's `arrays` that are this layer's, by their names in the layer."""
        names = ((entry.name, f"{self.name}.{entry.name}") for entry in self._own())
        return {short: arrays[name] for short, name in names if name in arrays}

    def _own(self) -> Iterator[Entry]:
        return (entry for kind in self.kinds for entry in kind.entries(self.inputs, self.outputs))

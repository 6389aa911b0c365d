"""Straight lines through the network's present state, along each of which a derivative is one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.gradcheck.objective import Evaluations
from mlpcli.nn.gradcheck.variables import Variable


class Lines(Protocol):
    """Line n is t ↦ loss at base + t · direction n. `which` (m,) are numbers of lines, with repetitions."""

    def __len__(self) -> int:
        """How many lines."""

    def at(self, which: Indices, t: Array, /) -> Evaluations:
        """The losses at t (m,), and whether they lie beyond a kink."""

    def penalty(self, which: Indices, t: Array, /) -> Array:
        """The penalties (m,) of the entries that move, at t."""

    def steps(self, which: Indices, h: Vector, /) -> Vector:
        """Steps (m,) of about relative size `h` that can be added without rounding; 0 where there is none."""


@dataclass(frozen=True)
class EntryLines:
    """One entry moves: that of flat index `ks[n]`."""

    variable: Variable
    ks: Indices

    def __len__(self) -> int:
        """As many as entries."""
        return len(self.ks)

    def at(self, which: Indices, t: Array) -> Evaluations:
        """The losses with the entry moved by t."""
        ks = self.ks[which]
        return self.variable.at(ks, self.variable.base[ks] + t)

    def penalty(self, which: Indices, t: Array) -> Array:
        """The entry's own penalty."""
        values = self.variable.base[self.ks[which]] + t
        return np.array([self.variable.penalty(value) for value in values[:, None]])

    def steps(self, which: Indices, h: Vector) -> Vector:
        """h times what is no large and no small step of the entry."""
        ks = self.ks[which]
        here = self.variable.base[ks].real
        return np.asarray((here + h * self.variable.unit(ks)) - here)


@dataclass(frozen=True)
class DirectionLines:
    """Every entry moves, along a unit vector."""

    variable: Variable
    directions: Sequence[Vector]

    def __len__(self) -> int:
        """As many as directions."""
        return len(self.directions)

    def at(self, which: Indices, t: Array) -> Evaluations:
        """The losses with all entries moved."""
        return self.variable.at_all(self._moved(which, t))

    def penalty(self, which: Indices, t: Array) -> Array:
        """The whole array's penalty."""
        return np.array([self.variable.penalty(values) for values in self._moved(which, t)])

    def steps(self, _which: Indices, h: Vector) -> Vector:
        """h."""
        return h

    def _moved(self, which: Indices, t: Array) -> list[Vector]:
        pairs = zip(which.tolist(), t, strict=True)
        return [self.variable.base + by * self.directions[n] for n, by in pairs]


def unit_direction(size: int, rng: np.random.Generator) -> Vector:
    """A vector of entries ±1/√size: each entry weighs the same."""
    return np.asarray(rng.choice((-1.0, 1.0), size) / size**0.5)

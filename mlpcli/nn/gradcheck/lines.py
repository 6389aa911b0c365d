"""Straight lines through the network's present state, along which a derivative is one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.nn.gradcheck.objective import Evaluation
from mlpcli.nn.gradcheck.variables import Variable


class Line(Protocol):
    """t ↦ loss at base + t · direction."""

    def at(self, t: complex) -> Evaluation:
        """The loss at t, and the sides of its kinks."""

    def penalty(self, t: complex) -> complex:
        """The penalties of the entries that move, at t."""

    def step(self, h: float) -> float:
        """A step of about relative size `h` that can be added without rounding."""


@dataclass(frozen=True)
class EntryLine:
    """One entry moves."""

    variable: Variable
    k: int

    def at(self, t: complex) -> Evaluation:
        """The loss with the entry moved by t."""
        return self.variable.at(self.k, self.variable.base[self.k] + t)

    def penalty(self, t: complex) -> complex:
        """The entry's own penalty."""
        return self.variable.penalty(self.variable.base[self.k : self.k + 1] + t)

    def step(self, h: float) -> float:
        """h · max(1, |entry|)."""
        here = float(self.variable.base[self.k].real)
        return (here + h * max(1.0, abs(here))) - here


@dataclass(frozen=True)
class DirectionLine:
    """Every entry moves, along a unit vector."""

    variable: Variable
    direction: Vector

    def at(self, t: complex) -> Evaluation:
        """The loss with all entries moved."""
        return self.variable.at_all(self.variable.base + t * self.direction)

    def penalty(self, t: complex) -> complex:
        """The whole array's penalty."""
        return self.variable.penalty(self.variable.base + t * self.direction)

    def step(self, h: float) -> float:
        """h."""
        return h


def unit_direction(size: int, rng: np.random.Generator) -> Vector:
    """A vector of entries ±1/√size: each entry weighs the same."""
    return np.asarray(rng.choice((-1.0, 1.0), size) / size**0.5)

"""Gradient descent, with momentum where asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from mlpcli.arrays import Vector
from mlpcli.optim.rule import Coupled, Kind, Kinds, zeros


class Velocity(NamedTuple):
    """b, where there is momentum."""

    b: Vector | None


class Gains(NamedTuple):
    """The rate, and 1 − τ, what a gradient counts for in b: 1 at the first step."""

    rate: float
    gain: float

    def times(self, factor: float) -> Gains:
        """At a multiple of the rate."""
        return Gains(factor * self.rate, self.gain)


@dataclass(frozen=True)
class Sgd:
    """Stochastic gradient descent: θ ← θ − η d, with momentum μ and dampening τ.

        b ← g                      at the first step
        b ← μ b + (1 − τ) g        later
        d = g + μ b   (nesterov)   or   b   (μ > 0)   or   g   (μ = 0)

    Polyak 1964 (momentum); Nesterov 1983 in the form of Sutskever et al. 2013.
    Variants: there b contains the rate, b ← μ b − η g, which differs once the rate changes; this is torch's.
    """

    formula: ClassVar[str] = "θ ← θ − η d, d the gradient g, with momentum b ← μ b + g instead"

    momentum: float
    dampening: float
    nesterov: bool

    def start(self, theta: Vector, /) -> Velocity:
        """From b = 0, the first step is the formula's where its gradient counts in full."""
        return Velocity(zeros(theta) if self.momentum else None)

    def coefficients(self, rate: float, t: int, _s: Velocity, /) -> Gains:
        """η and 1 − τ."""
        return Gains(rate, 1 if t == 1 else 1 - self.dampening)

    def update(self, theta: Vector, g: Vector, s: Velocity, c: Gains, /) -> tuple[Vector, Velocity]:
        """One step; without dampening a pass less."""
        if s.b is None:
            return theta - c.rate * g, s
        b = self.momentum * s.b + (c.gain * g if self.dampening else g)
        d = g + self.momentum * b if self.nesterov else b
        return theta - c.rate * d, Velocity(b)


RULES: Kinds = {"sgd": Kind(Sgd, Coupled)}

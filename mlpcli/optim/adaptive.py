"""Rules that divide the gradient by the size it usually has, entry by entry: AdaGrad and its descendants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.optim.rule import Coupled, Kind, Kinds, Rate, mean, zeros


class Squares(NamedTuple):
    """The sum of the squared gradients."""

    v: Vector


@dataclass(frozen=True)
class Adagrad:
    """AdaGrad: a rate of its own for each parameter, falling with the squares it has seen.

        v ← v + g²
        θ ← θ − η/(1 + (t − 1) κ) · g/(√v + ε)

    κ is `learning_rate_decay`; v starts from `initial_accumulator`.
    Duchi, Hazan & Singer 2011, diagonal case.
    Variants: Keras starts v from 0.1 and adds ε inside the root.
    """

    formula: ClassVar[str] = "v ← v + g², θ ← θ − η g/(√v + ε)"

    learning_rate_decay: float
    initial_accumulator: float
    epsilon: float

    def start(self, theta: Vector, /) -> Squares:
        """The same v for every parameter."""
        return Squares(np.full_like(theta, self.initial_accumulator))

    def coefficients(self, rate: float, t: int, _s: Squares, /) -> Rate:
        """η/(1 + (t − 1) κ)."""
        return Rate(rate / (1 + (t - 1) * self.learning_rate_decay))

    def update(self, theta: Vector, g: Vector, s: Squares, c: Rate, /) -> tuple[Vector, Squares]:
        """One step."""
        v = s.v + np.square(g)
        return theta - c.rate * (g / (np.sqrt(v) + self.epsilon)), Squares(v)


class Averages(NamedTuple):
    """The running means of the squares and of the gradients, and the momentum; the last two where used."""

    v: Vector
    a: Vector | None
    b: Vector | None


@dataclass(frozen=True)
class RmsProp:
    """RMSProp: AdaGrad with a memory that fades.

        v ← ρ v + (1 − ρ) g²
        a ← ρ a + (1 − ρ) g                       (centered)
        d = g/(√v + ε)   or   g/(√(v − a²) + ε)   (centered)
        b ← μ b + d,  θ ← θ − η b                 (momentum μ > 0),   else   θ ← θ − η d

    Tieleman & Hinton 2012, lecture 6.5; centered: Graves 2013, eq. 38-45.
    Variants: Keras adds ε inside the root. Where v − a² rounds below 0 it counts as 0; torch has a NaN.
    """

    formula: ClassVar[str] = "v ← ρ v + (1 − ρ) g², θ ← θ − η g/(√v + ε)"

    rho: float
    momentum: float
    centered: bool
    epsilon: float

    def start(self, theta: Vector, /) -> Averages:
        """All from 0."""
        a = zeros(theta) if self.centered else None
        return Averages(zeros(theta), a, zeros(theta) if self.momentum else None)

    def coefficients(self, rate: float, _t: int, _s: Averages, /) -> Rate:
        """η."""
        return Rate(rate)

    def update(self, theta: Vector, g: Vector, s: Averages, c: Rate, /) -> tuple[Vector, Averages]:
        """One step."""
        a, b = s.a, s.b
        v = variance = mean(self.rho, s.v, np.square(g))
        if a is not None:
            a = mean(self.rho, a, g)
            variance = np.maximum(v - np.square(a), 0)
        d = g / (np.sqrt(variance) + self.epsilon)
        if b is not None:
            b = d = self.momentum * b + d
        return theta - c.rate * d, Averages(v, a, b)


class Sizes(NamedTuple):
    """The running means of the squared gradients and of the squared steps."""

    v: Vector
    u: Vector


@dataclass(frozen=True)
class Adadelta:
    """Adadelta: the size of the past steps stands in for the rate.

        v ← ρ v + (1 − ρ) g²
        d = √(u + ε)/√(v + ε) · g
        u ← ρ u + (1 − ρ) d²
        θ ← θ − η d

    Zeiler 2012, Algorithm 1, where η = 1. Variants: Keras has η = 0.001, which hardly moves.
    """

    formula: ClassVar[str] = "d = g √(u + ε)/√(v + ε), θ ← θ − η d, v and u running means of g² and d²"

    rho: float
    epsilon: float

    def start(self, theta: Vector, /) -> Sizes:
        """v = u = 0."""
        return Sizes(zeros(theta), zeros(theta))

    def coefficients(self, rate: float, _t: int, _s: Sizes, /) -> Rate:
        """η."""
        return Rate(rate)

    def update(self, theta: Vector, g: Vector, s: Sizes, c: Rate, /) -> tuple[Vector, Sizes]:
        """One step."""
        v = mean(self.rho, s.v, np.square(g))
        d = np.sqrt(s.u + self.epsilon) / np.sqrt(v + self.epsilon) * g
        u = mean(self.rho, s.u, np.square(d))
        return theta - c.rate * d, Sizes(v, u)


RULES: Kinds = {
    "rmsprop": Kind(RmsProp, Coupled),
    "adagrad": Kind(Adagrad, Coupled),
    "adadelta": Kind(Adadelta, Coupled),
}

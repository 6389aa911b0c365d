"""Rules that divide the gradient by the size it usually has, entry by entry: AdaGrad and its descendants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.optim.rule import State, Values, zeros


@dataclass(frozen=True)
class Adagrad:
    """AdaGrad: a rate of its own for each parameter, falling with the squares it has seen.

        v ← v + g²
        θ ← θ − η/(1 + (t − 1) κ) · g/(√v + ε)

    κ is `learning_rate_decay`; v starts from `initial_accumulator`.
    Duchi, Hazan & Singer 2011, diagonal case.
    Variants: Keras starts v from 0.1 and adds ε inside the root.
    """

    learning_rate: float = 1e-2
    learning_rate_decay: float = 0.0
    initial_accumulator: float = 0.0
    epsilon: float = 1e-10
    weight_decay: float = 0.0

    decay: ClassVar[Literal["coupled", "decoupled"]] = "coupled"

    def start(self, theta: Vector, /) -> State:
        """v."""
        return {"v": np.full_like(theta, self.initial_accumulator)}

    def coefficients(self, rate: float, t: int, _state: State, /) -> dict[str, float]:
        """η/(1 + (t − 1) κ) is one number."""
        return {"epsilon": self.epsilon, "rate": rate / (1 + (t - 1) * self.learning_rate_decay)}

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """One step; the formula is the class's."""
        s.v = s.v + np.square(g)
        return theta - c.rate * (g / (np.sqrt(s.v) + c.epsilon))


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

    learning_rate: float = 1e-2
    rho: float = 0.99
    momentum: float = 0.0
    centered: bool = False
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    decay: ClassVar[Literal["coupled", "decoupled"]] = "coupled"

    def start(self, theta: Vector, /) -> State:
        """v, and a and b where they are used; v and a undivided."""
        mean = zeros(theta, "a") if self.centered else {}
        momentum = zeros(theta, "b") if self.momentum else {}
        return {**zeros(theta, "v"), **mean, **momentum}

    def coefficients(self, rate: float, _t: int, _state: State, /) -> dict[str, float]:
        """√v + ε = κ (√V + ε/κ) with V = v/(1 − ρ) and κ = √(1 − ρ); 1/κ goes into the rate."""
        kappa = math.sqrt(1 - self.rho)
        rest = {"rho": self.rho, "rest": 1 - self.rho, "momentum": self.momentum}
        return rest | {"epsilon": self.epsilon / kappa, "rate": rate / kappa}

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """One step; the formula is the class's, with A = a/(1 − ρ)."""
        s.v = c.rho * s.v + np.square(g)
        spread = s.v
        if self.centered:
            s.a = c.rho * s.a + g
            spread = np.maximum(s.v - c.rest * np.square(s.a), 0)
        d = g / (np.sqrt(spread) + c.epsilon)
        if self.momentum:
            s.b = d = c.momentum * s.b + d
        return theta - c.rate * d


@dataclass(frozen=True)
class Adadelta:
    """Adadelta: the size of the past steps stands in for the rate.

        v ← ρ v + (1 − ρ) g²
        d = √(u + ε)/√(v + ε) · g
        u ← ρ u + (1 − ρ) d²
        θ ← θ − η d

    Zeiler 2012, Algorithm 1, where η = 1. Variants: Keras has η = 0.001, which hardly moves.
    """

    learning_rate: float = 1.0
    rho: float = 0.9
    epsilon: float = 1e-6
    weight_decay: float = 0.0

    decay: ClassVar[Literal["coupled", "decoupled"]] = "coupled"

    def start(self, theta: Vector, /) -> State:
        """v and u, undivided."""
        return zeros(theta, "v", "u")

    def coefficients(self, rate: float, _t: int, _state: State, /) -> dict[str, float]:
        """(u + ε)/(v + ε) = (U + ε′)/(V + ε′) with ε′ = ε/(1 − ρ): one root instead of two."""
        return {"rho": self.rho, "epsilon": self.epsilon / (1 - self.rho), "rate": rate}

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """One step; the formula is the class's, with V = v/(1 − ρ) and U = u/(1 − ρ)."""
        s.v = c.rho * s.v + np.square(g)
        d = np.sqrt((s.u + c.epsilon) / (s.v + c.epsilon)) * g
        s.u = c.rho * s.u + np.square(d)
        return theta - c.rate * d

"""Rules that divide the gradient by the size it usually has, entry by entry: AdaGrad and its descendants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.optim.rule import Block, State, accumulate, accumulate_square, descend, zeros


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

    def update(self, block: Block, rate: float, t: int, /) -> None:
        """One step; the formula is the class's."""
        theta, g, state, (s, _) = block
        v = state["v"]
        np.multiply(g, g, out=s)
        v += s
        np.sqrt(v, out=s)
        s += self.epsilon
        np.divide(g, s, out=s)
        descend(theta, rate / (1 + (t - 1) * self.learning_rate_decay), s, s)


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

    def update(self, block: Block, rate: float, _t: int, /) -> None:
        """√v + ε = κ (√V + ε/κ) with V = v/(1 − ρ) and κ = √(1 − ρ); 1/κ goes into the rate."""
        theta, g, state, (s, _) = block
        kappa = math.sqrt(1 - self.rho)
        accumulate_square(state["v"], self.rho, g, s)
        self._spread(block)
        s += self.epsilon / kappa
        np.divide(g, s, out=s)
        direction = s
        if self.momentum:
            direction = state["b"]
            accumulate(direction, self.momentum, s)
        descend(theta, rate / kappa, direction, s)

    def _spread(self, block: Block) -> None:
        """s ← √V, or √(V − (1 − ρ) A²) where it is centered."""
        _, g, state, (s, _) = block
        if not self.centered:
            np.sqrt(state["v"], out=s)
            return
        a = state["a"]
        accumulate(a, self.rho, g)
        np.multiply(a, a, out=s)
        s *= 1 - self.rho
        np.subtract(state["v"], s, out=s)
        np.maximum(s, 0.0, out=s)
        np.sqrt(s, out=s)


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

    def update(self, block: Block, rate: float, _t: int, /) -> None:
        """(u + ε)/(v + ε) = (U + ε′)/(V + ε′) with ε′ = ε/(1 − ρ): one root instead of two."""
        theta, g, state, (d, s) = block
        u, v = state["u"], state["v"]
        epsilon = self.epsilon / (1 - self.rho)
        accumulate_square(v, self.rho, g, s)
        np.add(u, epsilon, out=d)
        np.add(v, epsilon, out=s)
        d /= s
        np.sqrt(d, out=d)
        d *= g
        accumulate_square(u, self.rho, d, s)
        descend(theta, rate, d, s)

"""Gradient descent, with momentum where asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from mlpcli.arrays import Vector
from mlpcli.optim.rule import State, Values, zeros


@dataclass(frozen=True)
class Sgd:
    """Stochastic gradient descent: θ ← θ − η d, with momentum μ and dampening τ.

        b ← g                      at the first step
        b ← μ b + (1 − τ) g        later
        d = g + μ b   (nesterov)   or   b   (μ > 0)   or   g   (μ = 0)

    Polyak 1964 (momentum); Nesterov 1983 in the form of Sutskever et al. 2013.
    Variants: there b contains the rate, b ← μ b − η g, which differs once the rate changes; this is torch's.
    """

    learning_rate: float = 1e-3
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    decay: ClassVar[Literal["coupled", "decoupled"]] = "coupled"

    def start(self, theta: Vector, /) -> State:
        """b, where there is momentum."""
        return zeros(theta, "b") if self.momentum else {}

    def coefficients(self, rate: float, t: int, _state: State, /) -> dict[str, float]:
        """b starts from zero, so the first step needs care only where there is dampening."""
        return {"rate": rate, "momentum": self.momentum, "gain": 1 if t == 1 else 1 - self.dampening}

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """One step; the formula is the class's."""
        direction = g
        if self.momentum:
            s.b = c.momentum * s.b + (c.gain * g if self.dampening else g)
            direction = g + c.momentum * s.b if self.nesterov else s.b
        return theta - c.rate * direction

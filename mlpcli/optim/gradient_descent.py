"""Gradient descent, with momentum where asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.optim.rule import Block, State, accumulate, descend, zeros


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

    def update(self, block: Block, rate: float, t: int, /) -> None:
        """One step; the formula is the class's."""
        theta, g, state, (s, _) = block
        direction = g
        if self.momentum:
            b = state["b"]
            self._push(b, block, t)
            direction = b
            if self.nesterov:
                np.multiply(b, self.momentum, out=s)
                s += g
                direction = s
        descend(theta, rate, direction, s)

    def _push(self, b: Vector, block: Block, t: int) -> None:
        """Move b on; b starts from zero, so the first step needs care only where there is dampening."""
        term = block.grad
        if self.dampening and t > 1:
            term = np.multiply(block.grad, 1 - self.dampening, out=block.scratch[0])
        accumulate(b, self.momentum, term)

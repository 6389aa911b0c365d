"""Penalties on weights, which training adds to the loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Vector


@dataclass(frozen=True)
class Penalty:
    """l1 Σ|w| + l2/2 Σ w² over the weights; biases are free."""

    l1: float = 0.0
    l2: float = 0.0

    def value(self, weights: Vector) -> float:
        """The penalty of `weights`, a complex one for complex weights."""
        total = 0.0
        if self.l1:
            total += self.l1 * np.maximum(weights, -weights).sum().item()
        if self.l2:
            total += 0.5 * self.l2 * np.dot(weights, weights).item()
        return total

    def add_gradient(self, weights: Vector, gradient: Vector, scratch: Vector) -> None:
        """gradient += l1 sign w + l2 w, through `scratch` of the same size."""
        if self.l1:
            np.sign(weights, scratch)
            np.multiply(scratch, self.l1, scratch)
            np.add(gradient, scratch, gradient)
        if self.l2:
            np.multiply(weights, self.l2, scratch)
            np.add(gradient, scratch, gradient)


NO_PENALTY = Penalty()

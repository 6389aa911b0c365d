"""Activations: of a unit's score what the unit puts out, or of all scores together for softmax."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from mlpcli.exporting.python.runtime.arithmetic import exp, expm1, rounded, unpacked

Function = Callable[[float], float]


def identity() -> Function:
    """z."""
    return lambda z: z


def sigmoid(cap: float) -> Function:
    """1 / (1 + e^-z)."""
    return lambda z: 1.0 / (exp(min(-z, cap)) + 1.0)


def tanh() -> Function:
    """tanh z."""
    return math.tanh


def relu() -> Function:
    """max(z, 0)."""
    return lambda z: 0.0 if z < 0.0 else z


def leaky_relu(slope: float) -> Function:
    """max(z, slope z)."""
    return lambda z: z * slope if z < 0.0 else z


def elu(alpha: float, scale: float) -> Function:
    """scale z, below 0 scale alpha (e^z - 1)."""
    return lambda z: expm1(z) * scale * alpha if z < 0.0 else z * scale


def gelu() -> Function:
    """z times the share of a standard normal distribution below z."""
    return lambda z: z * 0.5 * math.erfc(-z * math.sqrt(0.5))


def silu(cap: float) -> Function:
    """z / (1 + e^-z)."""
    return lambda z: z / (exp(min(-z, cap)) + 1.0)


def mish(cap: float) -> Function:
    """z tanh(log(1 + e^z))."""

    def function(z: float) -> float:
        z = max(z, -cap)
        e = exp(min(z, 0.5 * cap))
        return z * (e / (2.0 / (e + 2.0) + e))

    return function


def softplus() -> Function:
    """log(1 + e^z)."""
    return lambda z: math.log1p(exp(-abs(z))) + max(z, 0.0)


def softsign() -> Function:
    """z / (1 + |z|)."""
    return lambda z: z / (1.0 + abs(z))


def erf_sigmoid() -> Function:
    """The half of 1 + erf z."""
    return lambda z: 0.5 * math.erfc(-z)


def exponential() -> Function:
    """e^z."""
    return exp


def softmax(z: Sequence[float]) -> list[float]:
    """e^z, divided by their sum."""
    largest = max(z)
    powers = [exp(score - largest) for score in z]
    total = sum(powers)
    return [power / total for power in powers]


class Activation:
    """A function of each score; with `alpha` so much of it, and of the score itself the rest."""

    def __init__(self, function: Function, alpha: str | None = None) -> None:
        self.function = function
        self.alpha = None if alpha is None else unpacked(alpha)

    def __call__(self, z: Sequence[float]) -> Sequence[float]:
        """What the units put out."""
        found = map(self.function, z)
        if self.alpha is None:
            return rounded(list(found))
        return rounded([x + (phi - x) * alpha for x, phi, alpha in zip(z, found, self.alpha)])

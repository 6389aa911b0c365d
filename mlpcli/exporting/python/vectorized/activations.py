"""Activations: of scores what their units put out, for all rows at once."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mlpcli.exporting.python.vectorized.arrays import Array, rounded, unpacked

Function = Callable[[Array], Array]


def erfc(z: Array) -> Array:
    """The complement of the error function, which NumPy lacks."""
    return np.asarray(np.frompyfunc(math.erfc, 1, 1)(z), dtype=np.float64)


def identity() -> Function:
    """z."""
    return lambda z: z


def sigmoid(cap: float) -> Function:
    """1 / (1 + e^-z)."""
    return lambda z: 1.0 / (np.exp(np.minimum(-z, cap)) + 1.0)


def tanh() -> Function:
    """tanh z."""
    return lambda z: np.tanh(z)


def relu() -> Function:
    """max(z, 0)."""
    return lambda z: np.maximum(z, 0.0)


def leaky_relu(slope: float) -> Function:
    """max(z, slope z)."""
    return lambda z: np.where(z < 0.0, z * slope, z)


def elu(alpha: float, scale: float) -> Function:
    """scale z, below 0 scale alpha (e^z - 1)."""
    return lambda z: np.where(z < 0.0, np.expm1(np.minimum(z, 0.0)) * scale * alpha, z * scale)


def gelu() -> Function:
    """z times the share of a standard normal distribution below z."""
    return lambda z: z * 0.5 * erfc(-z * math.sqrt(0.5))


def silu(cap: float) -> Function:
    """z / (1 + e^-z)."""
    return lambda z: z / (np.exp(np.minimum(-z, cap)) + 1.0)


def mish(cap: float) -> Function:
    """z tanh(log(1 + e^z))."""

    def function(z: Array) -> Array:
        z = np.maximum(z, -cap)
        e = np.exp(np.minimum(z, 0.5 * cap))
        return z * (e / (2.0 / (e + 2.0) + e))

    return function


def softplus() -> Function:
    """log(1 + e^z)."""
    return lambda z: np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0.0)


def softsign() -> Function:
    """z / (1 + |z|)."""
    return lambda z: z / (1.0 + np.abs(z))


def erf_sigmoid() -> Function:
    """The half of 1 + erf z."""
    return lambda z: 0.5 * erfc(-z)


def exponential() -> Function:
    """e^z."""
    return lambda z: np.exp(z)


def softmax(z: Array) -> Array:
    """e^z, divided by their sum in each row."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class Activation:
    """A function of each score; with `alpha` so much of it, and of the score itself the rest."""

    def __init__(self, function: Function, alpha: str | None = None) -> None:
        self.function = function
        self.alpha = None if alpha is None else unpacked(alpha)

    def __call__(self, z: Array) -> Array:
        """What the units put out."""
        phi = self.function(z)
        return rounded(phi if self.alpha is None else z + (phi - z) * self.alpha)

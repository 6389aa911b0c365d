"""Activation functions, each beside its derivative.

Every function has the form `f(z, prime, scratch)`: it turns `z` into φ(z) in place and, when `prime`
is an array, writes φ′(z) into it. `scratch` has the shape of `z` and may be overwritten. No function
allocates an array. Where φ has a kink (relu at 0, say) φ′ is 0 there. The `prime` of a relu may also be
an array of booleans, which is written and read in a third of the time.

Maxima and minima stand where one might write an absolute value or a comparison: NumPy orders complex
numbers by their real part first, so the same lines hold for complex `z`, as the complex-step check needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import pi, sqrt
from typing import Any

import numpy as np

from mlpcli.arrays import Matrix

Activation = Callable[[Matrix, Matrix | None, Matrix], None]

# torch.nn.SELU's constants (Klambauer et al. 2017, section 2)
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def exp_cap(z: Matrix) -> float:
    """The largest whole number x for which e^x and e^(−x) are normal numbers in the precision of `z`.

    Below them lie the subnormal numbers, which slow a matrix product down some thirty times.
    """
    return 87.0 if z.dtype.itemsize == 4 else 708.0


def identity(_z: Matrix, prime: Matrix | None, _scratch: Matrix) -> None:
    """φ(z) = z, φ′ = 1."""
    if prime is not None:
        prime.fill(1.0)


def sigmoid_of(z: Matrix, out: Matrix) -> None:
    """Write σ(z) = 1 / (1 + e^(−z)) into `out`, which may be `z`; accurate in both tails, never overflows."""
    np.negative(z, out)
    np.minimum(out, exp_cap(z), out=out)
    np.exp(out, out)
    np.add(out, 1.0, out)
    np.reciprocal(out, out)


def sigmoid(z: Matrix, prime: Matrix | None, _scratch: Matrix) -> None:
    """φ = σ(z) = 1 / (1 + e^(−z)), φ′ = σ (1 − σ)."""
    sigmoid_of(z, z)
    if prime is not None:
        np.subtract(1.0, z, prime)
        np.multiply(prime, z, prime)


def tanh(z: Matrix, prime: Matrix | None, _scratch: Matrix) -> None:
    """φ = tanh z, φ′ = 1 − φ²."""
    np.tanh(z, z)
    if prime is not None:
        np.square(z, prime)
        np.subtract(1.0, prime, prime)


def relu(z: Matrix, prime: Matrix | None, _scratch: Matrix) -> None:
    """φ = max(z, 0), φ′ = 1 where z > 0, else 0."""
    if prime is not None:
        np.greater(z, 0.0, prime)
    np.maximum(z, 0.0, out=z)


def leaky_relu(z: Matrix, prime: Matrix | None, scratch: Matrix, slope: float = 0.01) -> None:
    """φ = max(z, slope · z), φ′ = 1 where z > 0, slope where z < 0; 0 ≤ slope ≤ 1."""
    if prime is not None:
        np.sign(z, prime)
        np.multiply(prime, -slope, scratch)
        np.maximum(prime, scratch, out=prime)
    np.multiply(z, slope, scratch)
    np.maximum(z, scratch, out=z)


def elu(z: Matrix, prime: Matrix | None, scratch: Matrix, alpha: float = 1.0, scale: float = 1.0) -> None:
    """φ = scale · (max(z, 0) + α (e^min(z, 0) − 1)), φ′ = scale where z > 0, φ + scale · α where z < 0.

    Clevert et al. 2016; where α is not 1 there is a kink at 0. With a `scale` it is SELU.
    """
    if prime is not None and alpha != 1.0:
        np.sign(z, prime)
    np.minimum(z, 0.0, out=scratch)
    np.expm1(scratch, scratch)
    np.multiply(scratch, alpha, scratch)
    np.maximum(z, 0.0, out=z)
    np.add(z, scratch, z)
    if prime is not None:
        _elu_prime(scratch, prime, alpha)
    if scale != 1.0:
        np.multiply(z, scale, z)
        if prime is not None:
            np.multiply(prime, scale, prime)


def _elu_prime(below: Matrix, prime: Matrix, alpha: float) -> None:
    """From α (e^min(z, 0) − 1) in `below` and sign z in `prime`: α e^z, 1 or, at a kink, 0 into `prime`."""
    np.add(below, alpha, below)
    if alpha == 1.0:
        np.copyto(prime, below)
    else:  # s = sign z: max(s α e^z / α, −s α e^z) is 1 for s = 1, α e^z for s = −1, 0 for s = 0
        np.multiply(below, prime, below)
        np.multiply(below, 1.0 / alpha, prime)
        np.negative(below, below)
        np.maximum(prime, below, out=prime)


def gelu(z: Matrix, prime: Matrix | None, scratch: Matrix) -> None:
    """φ = z Φ(z) with the normal distribution function Φ, exact; φ′ = Φ + z e^(−z²/2) / √(2π).

    Hendrycks & Gimpel 2016; the tanh approximation is not used.
    """
    from scipy.special import ndtr

    ndtr(z, out=scratch)
    if prime is not None:
        np.square(z, prime)
        np.multiply(prime, -0.5, prime)
        np.exp(prime, prime)
        np.multiply(prime, 1.0 / sqrt(2.0 * pi), prime)
        np.multiply(prime, z, prime)
        np.add(prime, scratch, prime)
    np.multiply(z, scratch, z)


def silu(z: Matrix, prime: Matrix | None, scratch: Matrix) -> None:
    """φ = z σ(z), φ′ = σ + φ (1 − σ). Elfwing et al. 2018."""
    sigmoid_of(z, scratch)
    np.multiply(z, scratch, z)
    if prime is not None:
        np.subtract(1.0, scratch, prime)
        np.multiply(prime, z, prime)
        np.add(prime, scratch, prime)


def softplus_of(z: Matrix, scratch: Matrix) -> None:
    """z ← log(1 + e^z) = max(z, 0) + log(1 + e^(−|z|)), which never overflows."""
    np.negative(z, scratch)
    np.minimum(z, scratch, out=scratch)
    np.exp(scratch, scratch)
    np.log1p(scratch, scratch)
    np.maximum(z, 0.0, out=z)
    np.add(z, scratch, z)


def softplus(z: Matrix, prime: Matrix | None, scratch: Matrix) -> None:
    """φ = log(1 + e^z), φ′ = σ(z)."""
    if prime is not None:
        sigmoid_of(z, prime)
    softplus_of(z, scratch)


def softsign(z: Matrix, prime: Matrix | None, scratch: Matrix) -> None:
    """φ = z / (1 + |z|), φ′ = 1 / (1 + |z|)²."""
    np.negative(z, scratch)
    np.maximum(z, scratch, out=scratch)
    np.add(scratch, 1.0, scratch)
    np.divide(z, scratch, z)
    if prime is not None:
        np.square(scratch, prime)
        np.reciprocal(prime, prime)


def erf_sigmoid(z: Matrix, prime: Matrix | None, _scratch: Matrix) -> None:
    """φ = ½ (1 + erf z) = ½ erfc(−z), which keeps the digits of small values; φ′ = e^(−z²) / √π."""
    from scipy.special import erfc

    if prime is not None:
        np.square(z, prime)
        np.negative(prime, prime)
        np.exp(prime, prime)
        np.multiply(prime, 1.0 / sqrt(pi), prime)
    np.negative(z, z)
    erfc(z, out=z)
    np.multiply(z, 0.5, z)


def exponential(z: Matrix, prime: Matrix | None, _scratch: Matrix) -> None:
    """φ = e^z, φ′ = e^z. Overflows to infinity as e^z does: the training loop calls that divergence."""
    np.exp(z, z)
    if prime is not None:
        np.copyto(prime, z)


ACTIVATIONS: dict[str, Callable[..., None]] = {
    "identity": identity,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": partial(elu, alpha=SELU_ALPHA, scale=SELU_SCALE),
    "gelu": gelu,
    "silu": silu,
    "softplus": softplus,
    "softsign": softsign,
    "erf_sigmoid": erf_sigmoid,
    "exponential": exponential,
}


@dataclass(frozen=True)
class ActivationChoice:
    """Which function, with which options: `ActivationChoice("leaky_relu", {"slope": 0.1})`."""

    name: str
    options: Mapping[str, Any]

    def function(self) -> Activation:
        """The function `f(z, prime, scratch)` with the options bound."""
        return partial(ACTIVATIONS[self.name], **self.options) if self.options else ACTIVATIONS[self.name]

    def derivative_type(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """What to keep φ′ in for `z` of `dtype`: a boolean where φ′ is 0 or 1."""
        return np.dtype(np.bool_) if self.name == "relu" else dtype

    def has_kink(self) -> bool:
        """Whether φ′ jumps at z = 0; then sign φ(z) = sign z tells the side."""
        if self.name == "elu":
            return float(self.options.get("alpha", 1.0)) != 1.0
        return self.name in {"relu", "leaky_relu", "selu"}

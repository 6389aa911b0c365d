"""Activation functions, each beside its derivative, as the textbook has them.

Every function takes scores `z` and gives φ(z) and φ′(z), elementwise; a kernel made of it works in place and
allocates nothing. Where φ has a kink (relu at 0, say) φ′ is 0 there. `cap` is `exp_cap` of the precision.

Maxima and minima stand where one might write an absolute value: NumPy orders complex numbers by their real
part first, so the same lines hold for complex `z`, as the complex-step check needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import pi, sqrt
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.kernels.kernel import Kernel

Pair = tuple[Array, Any]
"""φ(z) and φ′(z); a derivative that is the same everywhere may be a number."""

# torch.nn.SELU's constants (Klambauer et al. 2017, section 2)
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def exp_cap(dtype: np.dtype[Any]) -> float:
    """The largest whole number x for which e^x and e^(−x) are normal numbers in a precision.

    Below them lie the subnormal numbers, which slow a matrix product down some thirty times.
    """
    return 87.0 if dtype.itemsize == 4 else 708.0


def identity(z: Array) -> Pair:
    """φ(z) = z, φ′ = 1."""
    return z, 1.0


def logistic(z: Array, cap: float) -> Array:
    """σ(z) = 1 / (1 + e^(−z)), accurate in both tails; never overflows."""
    return np.reciprocal(np.exp(np.minimum(-z, cap)) + 1.0)


def sigmoid(z: Array, cap: float) -> Pair:
    """φ = σ(z) = 1 / (1 + e^(−z)), φ′ = σ (1 − σ)."""
    a = logistic(z, cap)
    return a, (1.0 - a) * a


def tanh(z: Array) -> Pair:
    """φ = tanh z, φ′ = 1 − φ²."""
    a = np.tanh(z)
    return a, 1.0 - np.square(a)


def relu(z: Array) -> Pair:
    """φ = max(z, 0), φ′ = 1 where z > 0, else 0: a boolean, which is written in a third of the time."""
    gate = z > 0.0
    return np.maximum(z, 0.0), gate


def leaky_relu(z: Array, slope: float = 0.01) -> Pair:
    """φ = max(z, slope · z), φ′ = 1 where z > 0, slope where z < 0; 0 ≤ slope ≤ 1."""
    # max(s, −slope · s) for s = 1, 0, −1 is 1, 0, slope: a kernel knows no np.where (kernels/kernel.py)
    sign = np.sign(z)
    prime = np.maximum(sign, sign * -slope)
    return np.maximum(z, z * slope), prime


def elu(z: Array, single: bool, alpha: float = 1.0, scale: float = 1.0) -> Pair:
    """φ = scale · (max(z, 0) + α (e^min(z, 0) − 1)), φ′ = scale where z > 0, φ + scale · α where z < 0.

    Clevert et al. 2016; where α is not 1 there is a kink at 0. With a `scale` it is SELU. In `single`
    precision e^z − 1 is a difference, exact to a place of 1, as any sum that z may be: NumPy's expm1, which
    keeps all digits of small values, takes eight times as long there, in double precision less than twice.
    """
    negative, factor = np.minimum(z, 0.0), scale * alpha
    sign = np.sign(z)
    below = (np.exp(negative) - 1.0 if single else np.expm1(negative)) * factor
    a = np.maximum(z, 0.0) * scale + below
    prime = below + factor  # scale · α e^min(z, 0)
    if alpha != 1.0:
        # with s = sign z: max(s α e^z / α, −s α e^z) is 1 for s = 1, α e^z for s = −1, 0 for s = 0;
        # a kernel knows no np.where (kernels/kernel.py)
        signed = prime * sign
        prime = np.maximum(signed * (1.0 / alpha), -signed)
    return a, prime


def gelu(z: Array) -> Pair:
    """φ = z Φ(z) with the normal distribution function Φ, exact; φ′ = Φ + z e^(−z²/2) / √(2π).

    Hendrycks & Gimpel 2016; the tanh approximation is not used.
    """
    from scipy.special import ndtr

    p = ndtr(z)
    prime = np.exp(np.square(z) * -0.5) * (1.0 / sqrt(2.0 * pi)) * z + p
    return z * p, prime


def silu(z: Array, cap: float) -> Pair:
    """φ = z σ(z), φ′ = σ + φ (1 − σ). Elfwing et al. 2018."""
    s = logistic(z, cap)
    a = z * s
    return a, (1.0 - s) * a + s


def mish(z: Array, cap: float) -> Pair:
    """φ = z tanh(log(1 + e^z)), φ′ = t + z σ(z) (1 − t²) with t = tanh(log(1 + e^z)). Misra 2019.

    One exponential e = e^z does for both: t = e (e + 2) / (e (e + 2) + 2) = e / (e + 2/(e + 2)), and with
    g = (e + 1) / (e + 2) = 1 − 1/(e + 2) the derivative is t + 2 g φ (1 − t) = 1 + 2 (t − 1) (½ − g φ).
    Below −`cap` z counts as that much, so that t and φ are normal numbers; from half of it on t is 1.
    """
    z = np.maximum(z, -cap)
    e = np.exp(np.minimum(z, 0.5 * cap))
    t = e / (2.0 / (e + 2.0) + e)
    g = 1.0 - np.reciprocal(e + 2.0)
    a = z * t
    return a, (0.5 - g * a) * (t - 1.0) * 2.0 + 1.0


def softplus(z: Array, cap: float) -> Pair:
    """φ = log(1 + e^z) = max(z, 0) + log(1 + e^(−|z|)), which never overflows; φ′ = σ(z)."""
    prime = logistic(z, cap)
    return np.log1p(np.exp(np.minimum(z, -z))) + np.maximum(z, 0.0), prime


def softsign(z: Array) -> Pair:
    """φ = z / (1 + |z|), φ′ = 1 / (1 + |z|)²."""
    d = np.maximum(z, -z) + 1.0
    return z / d, np.reciprocal(np.square(d))


def erf_sigmoid(z: Array) -> Pair:
    """φ = ½ (1 + erf z) = ½ erfc(−z), which keeps the digits of small values; φ′ = e^(−z²) / √π."""
    from scipy.special import erfc

    prime = np.exp(-np.square(z)) * (1.0 / sqrt(pi))
    return erfc(-z) * 0.5, prime


def exponential(z: Array) -> Pair:
    """φ = e^z, φ′ = e^z. Overflows to infinity as e^z does: the training loop calls that divergence."""
    a = np.exp(z)
    return a, a


CAPPED = {"sigmoid", "silu", "mish", "softplus"}  # those that want to know the precision's `exp_cap`
SHORT = {"elu", "selu"}  # those that want to know whether it is the single one

ACTIVATIONS: dict[str, Callable[..., Pair]] = {
    "identity": identity,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": partial(elu, alpha=SELU_ALPHA, scale=SELU_SCALE),
    "gelu": gelu,
    "silu": silu,
    "mish": mish,
    "softplus": softplus,
    "softsign": softsign,
    "erf_sigmoid": erf_sigmoid,
    "exponential": exponential,
}

# where φ(z) is larger z is larger, and the other way round: the order of scores is that of the outputs
INCREASING = frozenset(
    {"identity", "sigmoid", "tanh", "elu", "selu", "softplus", "softsign", "erf_sigmoid", "exponential"}
)


@dataclass(frozen=True)
class ActivationChoice:
    """Which function, with which options: `ActivationChoice("leaky_relu", {"slope": 0.1})`.

    Where it is `learnable`, each unit of its layer learns how much of it there is (`nn.learnable`).
    """

    name: str
    options: Mapping[str, Any]
    learnable: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """What a model file says of it."""
        return {"name": self.name, **self.options} | ({"learnable": True} if self.learnable else {})

    def kernel(self, dtype: np.dtype[Any]) -> Kernel:
        """`z` ← φ(z), `prime` ← φ′(z) for scores of a precision."""
        function = self.formula(dtype)
        return Kernel(lambda z: dict(zip(("z", "prime"), function(z), strict=True)), ("z",))

    def value_kernel(self, dtype: np.dtype[Any]) -> Kernel:
        """`z` ← φ(z) alone."""
        function = self.formula(dtype)
        return Kernel(lambda z: {"z": function(z)[0]}, ("z",))

    def formula(self, dtype: np.dtype[Any]) -> Callable[[Array], Pair]:
        """From scores of a precision to φ(z) and φ′(z)."""
        options: dict[str, Any] = {"cap": exp_cap(dtype)} if self.name in CAPPED else {}
        if self.name in SHORT:
            options["single"] = dtype.itemsize == 4
        return partial(ACTIVATIONS[self.name], **self.options, **options)

    def derivative_type(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """What to keep φ′ in for `z` of `dtype`: a boolean where φ′ is 0 or 1."""
        return np.dtype(np.bool_) if self.name == "relu" else dtype

    def has_kink(self) -> bool:
        """Whether φ′ jumps at z = 0; then sign φ(z) = sign z tells the side."""
        if self.name == "elu":
            return float(self.options.get("alpha", 1.0)) != 1.0
        return self.name in {"relu", "leaky_relu", "selu"}

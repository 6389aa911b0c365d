"""Adam and its variants: a running mean of the gradient over the root of a running mean of its square."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.optim.rule import Coupled, Decoupled, Kind, Kinds, mean, zeros


class Moments(NamedTuple):
    """The running means of the gradient and of its square."""

    m: Vector
    v: Vector


class Corrected(NamedTuple):
    """The rate and ε with the corrections of both means folded in."""

    rate: float
    epsilon: float

    def times(self, factor: float) -> Corrected:
        """At a multiple of the rate."""
        return Corrected(factor * self.rate, self.epsilon)


@dataclass(frozen=True)
class Adam:
    """Adam: adaptive moments.

        m ← β₁ m + (1 − β₁) g,    m̂ = m/(1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²,   v̂ = v/(1 − β₂ᵗ)
        θ ← θ − η m̂/(√v̂ + ε)

    Kingma & Ba 2015, Algorithm 1. With the decoupled weight decay it is AdamW.
    Variants: Keras adds its ε to √v before the correction, as the end of the paper's section 2 does.
    """

    formula: ClassVar[str] = "m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← θ − η m̂/(√v̂ + ε)"

    beta1: float
    beta2: float
    epsilon: float

    def start(self, theta: Vector, /) -> Moments:
        """m = v = 0."""
        return Moments(zeros(theta), zeros(theta))

    def coefficients(self, rate: float, t: int, _s: Moments, /) -> Corrected:
        """With k = √(1 − β₂ᵗ), m̂/(√v̂ + ε) = k/(1 − β₁ᵗ) · m/(√v + kε): the paper's section 2, last lines."""
        # two passes over the vectors less, 2 to 4 % of a training step (tests/benchmarks/paired.py)
        k = math.sqrt(1 - self.beta2**t)
        return Corrected(rate * k / (1 - self.beta1**t), k * self.epsilon)

    def update(self, theta: Vector, g: Vector, s: Moments, c: Corrected, /) -> tuple[Vector, Moments]:
        """One step."""
        m = mean(self.beta1, s.m, g)
        v = mean(self.beta2, s.v, np.square(g))
        return theta - c.rate * (m / (np.sqrt(v) + c.epsilon)), Moments(m, v)


class Rectified(NamedTuple):
    """The factors of m and of m/(√v + ε); one of them is 0."""

    plain: float
    adaptive: float

    def times(self, factor: float) -> Rectified:
        """At a multiple of the rate."""
        return Rectified(factor * self.plain, factor * self.adaptive)


@dataclass(frozen=True)
class RAdam:
    """Rectified Adam: plain momentum until v has seen enough, then Adam with a factor for what v still lacks.

        m, v, m̂ as Adam
        ρ∞ = 2/(1 − β₂) − 1,   ρ = ρ∞ − 2t β₂ᵗ/(1 − β₂ᵗ)
        θ ← θ − η m̂                                       where ρ ≤ 5
        r = √( (ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ) )
        θ ← θ − η r m̂ √(1 − β₂ᵗ)/(√v + ε)                 where ρ > 5

    Liu et al. 2020, Algorithm 2.
    Variants: the paper's bound is 4 and it has no ε; torch's is 5, with ε added before the correction of v.
    """

    formula: ClassVar[str] = "θ ← θ − η m̂ at first, later as Adam times a rectification"

    beta1: float
    beta2: float
    epsilon: float

    def start(self, theta: Vector, /) -> Moments:
        """m = v = 0."""
        return Moments(zeros(theta), zeros(theta))

    def coefficients(self, rate: float, t: int, _s: Moments, /) -> Rectified:
        """The line of the two that step t takes."""
        rate /= 1 - self.beta1**t
        r = self._rectification(t)
        return Rectified(rate, 0.0) if r is None else Rectified(0.0, rate * r * math.sqrt(1 - self.beta2**t))

    def update(self, theta: Vector, g: Vector, s: Moments, c: Rectified, /) -> tuple[Vector, Moments]:
        """One step; both lines in one."""
        m = mean(self.beta1, s.m, g)
        v = mean(self.beta2, s.v, np.square(g))
        return theta - (c.plain + c.adaptive / (np.sqrt(v) + self.epsilon)) * m, Moments(m, v)

    def _rectification(self, t: int) -> float | None:
        """r at step t, or None where the variance of 1/√v is not tractable yet."""
        final = 2 / (1 - self.beta2) - 1
        rho = final - 2 * t * self.beta2**t / (1 - self.beta2**t)
        if rho <= 5:
            return None
        return math.sqrt((rho - 4) * (rho - 2) * final / ((final - 4) * (final - 2) * rho))


class LookAhead(NamedTuple):
    """Adam's means, and Πₜ, one number for all parameters: an array with two axes."""

    m: Vector
    v: Vector
    mu_product: Matrix


class Blend(NamedTuple):
    """The factors of g and of m in the numerator, and the ε below it, as Adam's."""

    of_g: float
    of_m: float
    epsilon: float

    def times(self, factor: float) -> Blend:
        """At a multiple of the rate."""
        return Blend(factor * self.of_g, factor * self.of_m, self.epsilon)


@dataclass(frozen=True)
class NAdam:
    """Adam with Nesterov's look ahead.

        μₜ = β₁ (1 − ½ · 0.96^(tψ)),   Πₜ = μ₁ ⋯ μₜ
        m, v, v̂ as Adam
        θ ← θ − η ( (1 − μₜ)/(1 − Πₜ) g + μₜ₊₁/(1 − Πₜ₊₁) m )/(√v̂ + ε)

    ψ is `momentum_decay`. Dozat 2016, Algorithm 2.
    Variants: the schedule of μ is free in the paper; this is torch's, and Keras's with ψ fixed at 0.004.
    """

    formula: ClassVar[str] = "as Adam, with a look ahead: μ m̂ + (1 − μ) g in the place of m̂"

    beta1: float
    beta2: float
    epsilon: float
    momentum_decay: float

    def start(self, theta: Vector, /) -> LookAhead:
        """m = v = 0, Π₀ = 1."""
        return LookAhead(zeros(theta), zeros(theta), np.ones((1, 1)))

    def coefficients(self, rate: float, t: int, s: LookAhead, /) -> Blend:
        """As Adam's: 1/(√v̂ + ε) = k/(√v + kε) with k = √(1 − β₂ᵗ). Moves Πₜ on."""
        mu, ahead = self._mu(t), self._mu(t + 1)
        product = mu * s.mu_product.item()
        s.mu_product.fill(product)
        k = math.sqrt(1 - self.beta2**t)
        rate *= k
        return Blend(rate * (1 - mu) / (1 - product), rate * ahead / (1 - product * ahead), k * self.epsilon)

    def update(self, theta: Vector, g: Vector, s: LookAhead, c: Blend, /) -> tuple[Vector, LookAhead]:
        """One step."""
        m = mean(self.beta1, s.m, g)
        v = mean(self.beta2, s.v, np.square(g))
        return theta - (c.of_g * g + c.of_m * m) / (np.sqrt(v) + c.epsilon), s._replace(m=m, v=v)

    def _mu(self, t: int) -> float:
        """μₜ; a plain float, whatever the exponent."""
        return self.beta1 * (1 - 0.5 * float(0.96 ** (t * self.momentum_decay)))


RULES: Kinds = {
    "adam": Kind(Adam, Coupled),
    "adamw": Kind(Adam, Decoupled),
    "radam": Kind(RAdam, Coupled),
    "nadam": Kind(NAdam, Coupled),
}

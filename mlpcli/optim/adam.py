"""Adam and its variants: a running mean of the gradient over the root of a running mean of its square."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.optim.rule import State, Values, zeros


def _moments(g: Vector, s: Values, c: Values) -> None:
    """M ← β₁M + g and V ← β₂V + g²: the undivided means M = m/(1 − β₁) and V = v/(1 − β₂)."""
    s.m = c.beta1 * s.m + g
    s.v = c.beta2 * s.v + np.square(g)


def _adam_coefficients(rate: float, t: int, betas: tuple[float, float], epsilon: float) -> dict[str, float]:
    """√v̂ + ε = κ (√V + ε/κ) with κ = √((1 − β₂)/(1 − β₂ᵗ)), and m̂ = M (1 − β₁)/(1 − β₁ᵗ)."""
    beta1, beta2 = betas
    kappa = math.sqrt((1 - beta2) / (1 - beta2**t))
    rate *= (1 - beta1) / (1 - beta1**t) / kappa
    return {"beta1": beta1, "beta2": beta2, "epsilon": epsilon / kappa, "rate": rate}


def _adam(theta: Vector, g: Vector, s: Values, c: Values) -> Vector:
    """Adam's step in ten passes."""
    _moments(g, s, c)
    return theta - c.rate * (s.m / (np.sqrt(s.v) + c.epsilon))


@dataclass(frozen=True)
class Adam:
    """Adam: adaptive moments.

        m ← β₁ m + (1 − β₁) g,    m̂ = m/(1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²,   v̂ = v/(1 − β₂ᵗ)
        θ ← θ − η m̂/(√v̂ + ε)

    Kingma & Ba 2015, Algorithm 1.
    Variants: Keras adds its ε to √v before the correction, as the end of the paper's section 2 does.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    decay: ClassVar[Literal["coupled", "decoupled"]] = "coupled"

    def start(self, theta: Vector, /) -> State:
        """m and v, undivided."""
        return zeros(theta, "m", "v")

    def coefficients(self, rate: float, t: int, _state: State, /) -> dict[str, float]:
        """Adam's."""
        return _adam_coefficients(rate, t, (self.beta1, self.beta2), self.epsilon)

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """One step; the formula is the class's."""
        return _adam(theta, g, s, c)


@dataclass(frozen=True)
class AdamW:
    """AdamW: Adam whose weight decay does not pass through its scaling.

        θ ← (1 − ηλ) θ,   then Adam's step

    Loshchilov & Hutter 2019, Algorithm 2.
    Variants: in the paper λ is scaled by the schedule's multiplier alone; here, as in torch, by the rate η.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 1e-2

    decay: ClassVar[Literal["coupled", "decoupled"]] = "decoupled"

    def start(self, theta: Vector, /) -> State:
        """m and v, undivided."""
        return zeros(theta, "m", "v")

    def coefficients(self, rate: float, t: int, _state: State, /) -> dict[str, float]:
        """Adam's."""
        return _adam_coefficients(rate, t, (self.beta1, self.beta2), self.epsilon)

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """Adam's step."""
        return _adam(theta, g, s, c)


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

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    decay: ClassVar[Literal["coupled", "decoupled"]] = "coupled"

    def start(self, theta: Vector, /) -> State:
        """m and v, undivided."""
        return zeros(theta, "m", "v")

    def coefficients(self, rate: float, t: int, _state: State, /) -> dict[str, float]:
        """√v + ε = κ (√V + ε/κ) with κ = √(1 − β₂); without r the divisor is 1 = 0 · √V + 1."""
        rate *= (1 - self.beta1) / (1 - self.beta1**t)
        betas = {"beta1": self.beta1, "beta2": self.beta2}
        rectification = self._rectification(t)
        if rectification is None:
            return betas | {"adaptive": 0.0, "epsilon": 1.0, "rate": rate}
        kappa = math.sqrt(1 - self.beta2)
        rate *= rectification * math.sqrt(1 - self.beta2**t) / kappa
        return betas | {"adaptive": 1.0, "epsilon": self.epsilon / kappa, "rate": rate}

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """One step; the formula is the class's."""
        _moments(g, s, c)
        return theta - c.rate * (s.m / (c.adaptive * np.sqrt(s.v) + c.epsilon))

    def _rectification(self, t: int) -> float | None:
        """r at step t, or None where the variance of 1/√v is not tractable yet."""
        final = 2 / (1 - self.beta2) - 1
        rho = final - 2 * t * self.beta2**t / (1 - self.beta2**t)
        if rho <= 5:
            return None
        return math.sqrt((rho - 4) * (rho - 2) * final / ((final - 4) * (final - 2) * rho))


@dataclass(frozen=True)
class NAdam:
    """Adam with Nesterov's look ahead.

        μₜ = β₁ (1 − ½ · 0.96^(tψ)),   Πₜ = μ₁ ⋯ μₜ
        m, v, v̂ as Adam
        θ ← θ − η ( (1 − μₜ)/(1 − Πₜ) g + μₜ₊₁/(1 − Πₜ₊₁) m )/(√v̂ + ε)

    ψ is `momentum_decay`. Dozat 2016, Algorithm 2.
    Variants: the schedule of μ is free in the paper; this is torch's, and Keras's with ψ fixed at 0.004.
    """

    learning_rate: float = 2e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    momentum_decay: float = 4e-3
    weight_decay: float = 0.0

    decay: ClassVar[Literal["coupled", "decoupled"]] = "coupled"

    def start(self, theta: Vector, /) -> State:
        """m and v, undivided, and Πₜ."""
        return {**zeros(theta, "m", "v"), "mu_product": np.ones((1, 1))}

    def coefficients(self, rate: float, t: int, state: State, /) -> dict[str, float]:
        """c (g + k M)/(√V + ε/κ): the two terms over one denominator, κ as in Adam."""
        of_g, of_m = self._look_ahead(state["mu_product"], t)
        kappa = math.sqrt((1 - self.beta2) / (1 - self.beta2**t))
        ahead = of_m * (1 - self.beta1) / of_g
        betas = {"beta1": self.beta1, "beta2": self.beta2}
        return betas | {"ahead": ahead, "epsilon": self.epsilon / kappa, "rate": rate * of_g / kappa}

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """One step; the formula is the class's."""
        _moments(g, s, c)
        return theta - c.rate * ((c.ahead * s.m + g) / (np.sqrt(s.v) + c.epsilon))

    def _look_ahead(self, product_before: Matrix, t: int) -> tuple[float, float]:
        """The factors of g and of m in step t; moves Πₜ on."""
        mu, mu_next = self._mu(t), self._mu(t + 1)
        product = mu * product_before.item()
        product_before.fill(product)
        return (1 - mu) / (1 - product), mu_next / (1 - product * mu_next)

    def _mu(self, t: int) -> float:
        """μₜ; a plain float, whatever the exponent."""
        return self.beta1 * (1 - 0.5 * float(0.96 ** (t * self.momentum_decay)))

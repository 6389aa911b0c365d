"""Adam and its variants: a running mean of the gradient over the root of a running mean of its square."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.optim.rule import Block, State, accumulate, accumulate_square, descend, zeros


def _adam(block: Block, rate: float, t: int, betas: tuple[float, float], epsilon: float) -> None:
    """Adam's step in ten passes, from the undivided means M = m/(1 − β₁) and V = v/(1 − β₂).

    √v̂ + ε = κ (√V + ε/κ)  with  κ = √((1 − β₂)/(1 − β₂ᵗ)),  and  m̂ = M (1 − β₁)/(1 − β₁ᵗ).
    """
    theta, g, state, (s, _) = block
    m, v = state["m"], state["v"]
    beta1, beta2 = betas
    kappa = math.sqrt((1 - beta2) / (1 - beta2**t))
    accumulate(m, beta1, g)
    accumulate_square(v, beta2, g, s)
    np.sqrt(v, out=s)
    s += epsilon / kappa
    np.divide(m, s, out=s)
    descend(theta, rate * (1 - beta1) / (1 - beta1**t) / kappa, s, s)


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

    def update(self, block: Block, rate: float, t: int, /) -> None:
        """One step; the formula is the class's."""
        _adam(block, rate, t, (self.beta1, self.beta2), self.epsilon)


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

    def update(self, block: Block, rate: float, t: int, /) -> None:
        """Adam's step."""
        _adam(block, rate, t, (self.beta1, self.beta2), self.epsilon)


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

    def update(self, block: Block, rate: float, t: int, /) -> None:
        """√v + ε = κ (√V + ε/κ) with V = v/(1 − β₂) and κ = √(1 − β₂); 1/κ goes into the rate."""
        theta, g, state, (s, _) = block
        m, v = state["m"], state["v"]
        accumulate(m, self.beta1, g)
        accumulate_square(v, self.beta2, g, s)
        rate *= (1 - self.beta1) / (1 - self.beta1**t)
        rectification = self._rectification(t)
        if rectification is None:
            descend(theta, rate, m, s)
            return
        kappa = math.sqrt(1 - self.beta2)
        np.sqrt(v, out=s)
        s += self.epsilon / kappa
        np.divide(m, s, out=s)
        descend(theta, rate * rectification * math.sqrt(1 - self.beta2**t) / kappa, s, s)

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
        """m and v, undivided, and Πₜ at row t mod 2: Πₜ₋₁ stays, so every block of a step finds the same."""
        return {**zeros(theta, "m", "v"), "mu_product": np.ones((2, 1))}

    def update(self, block: Block, rate: float, t: int, /) -> None:
        """c (g + k M)/(√V + ε/κ): the two terms over one denominator, κ as in Adam."""
        theta, g, state, (s, p) = block
        m, v = state["m"], state["v"]
        of_g, of_m = self._look_ahead(state["mu_product"], t)
        kappa = math.sqrt((1 - self.beta2) / (1 - self.beta2**t))
        accumulate(m, self.beta1, g)
        accumulate_square(v, self.beta2, g, s)
        np.sqrt(v, out=s)
        s += self.epsilon / kappa
        np.multiply(m, of_m * (1 - self.beta1) / of_g, out=p)
        p += g
        p /= s
        descend(theta, rate * of_g / kappa, p, p)

    def _look_ahead(self, products: Vector, t: int) -> tuple[float, float]:
        """The factors of g and of m in step t; moves Πₜ on."""
        mu, mu_next = self._mu(t), self._mu(t + 1)
        product = mu * float(products[(t - 1) % 2, 0])
        products[t % 2, 0] = product
        return (1 - mu) / (1 - product), mu_next / (1 - product * mu_next)

    def _mu(self, t: int) -> float:
        """μₜ; a plain float, whatever the exponent."""
        return self.beta1 * (1 - 0.5 * float(0.96 ** (t * self.momentum_decay)))

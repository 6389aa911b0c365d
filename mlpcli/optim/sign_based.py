"""Rules that look at the sign of the gradient and not at its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.optim.rule import State, Values, zeros


@dataclass(frozen=True)
class Lion:
    """Lion: the sign of a momentum.

        c = β₁ m + (1 − β₁) g
        θ ← θ − η (sign(c) + λθ)
        m ← β₂ m + (1 − β₂) g

    Chen et al. 2023, Algorithm 2; the decay λ is decoupled. Wants a rate some ten times smaller than Adam's.
    """

    learning_rate: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    decay: ClassVar[Literal["coupled", "decoupled"]] = "decoupled"

    def start(self, theta: Vector, /) -> State:
        """m, undivided."""
        return zeros(theta, "m")

    def coefficients(self, rate: float, _t: int, _state: State, /) -> dict[str, float]:
        """sign(c) = sign(k M + g) with M = m/(1 − β₂) and k = β₁(1 − β₂)/(1 − β₁)."""
        blend = self.beta1 * (1 - self.beta2) / (1 - self.beta1)
        return {"blend": blend, "beta2": self.beta2, "rate": rate}

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """One step; the formula is the class's."""
        new = theta - c.rate * np.sign(c.blend * s.m + g)
        s.m = c.beta2 * s.m + g
        return new


@dataclass(frozen=True)
class Rprop:
    """Resilient propagation: a step size for each parameter, grown while the sign holds, cut when it turns.

        p = sign(g · g₋)                   g₋ the gradient of the step before, 0 at the first
        Δ ← η⁺Δ, Δ, η⁻Δ  for p = 1, 0, −1, then kept within [step_min, step_max]
        g ← 0            where p = −1
        θ ← θ − Δ sign(g),   g₋ ← g

    Riedmiller & Braun 1993. Variants: the original takes the last step back where p = −1; this is iRprop− of
    Igel & Hüsken 2000, as in torch. Δ starts from the rate of the first step, and later rates change nothing.
    For the full batch only: between batches signs turn by chance.
    """

    learning_rate: float = 1e-2
    eta_minus: float = 0.5
    eta_plus: float = 1.2
    step_min: float = 1e-6
    step_max: float = 50.0
    weight_decay: float = 0.0

    decay: ClassVar[Literal["coupled", "decoupled"]] = "coupled"

    def start(self, theta: Vector, /) -> State:
        """sign = sign(g₋), and the step sizes Δ."""
        return zeros(theta, "sign", "step")

    def coefficients(self, rate: float, t: int, _state: State, /) -> dict[str, float]:
        """Steps start from zero: the first one adds the rate to them."""
        bounds = {"eta_minus": self.eta_minus, "eta_plus": self.eta_plus}
        bounds |= {"step_min": self.step_min, "step_max": self.step_max}
        return bounds | {"first": rate if t == 1 else 0.0}

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """From q = 1 + η⁺p: clipped to [η⁻, η⁺] it is the factor of Δ, to [0, 1] that of sign(g)."""
        sign = np.sign(g)
        q = c.eta_plus * (sign * s.sign) + 1
        factor = np.minimum(np.maximum(q, c.eta_minus), c.eta_plus)
        s.step = np.minimum(np.maximum((s.step + c.first) * factor, c.step_min), c.step_max)
        s.sign = np.minimum(np.maximum(q, 0), 1) * sign
        return theta - s.step * s.sign

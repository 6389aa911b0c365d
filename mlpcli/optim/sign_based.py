"""Rules that look at the sign of the gradient and not at its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.optim.rule import Block, State, accumulate, descend, zeros


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

    def update(self, block: Block, rate: float, _t: int, /) -> None:
        """sign(c) = sign(k M + g) with M = m/(1 − β₂) and k = β₁(1 − β₂)/(1 − β₁)."""
        theta, g, state, (s, _) = block
        m = state["m"]
        np.multiply(m, self.beta1 * (1 - self.beta2) / (1 - self.beta1), out=s)
        s += g
        np.sign(s, out=s)
        descend(theta, rate, s, s)
        accumulate(m, self.beta2, g)


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

    def update(self, block: Block, rate: float, t: int, /) -> None:
        """From q = 1 + η⁺p: clipped to [η⁻, η⁺] it is the factor of Δ, to [0, 1] that of sign(g)."""
        theta, g, state, (s, factor) = block
        sign, step = state["sign"], state["step"]
        if t == 1:
            step.fill(rate)
        np.sign(g, out=s)
        sign *= s
        sign *= self.eta_plus
        sign += 1.0
        np.clip(sign, self.eta_minus, self.eta_plus, out=factor)
        step *= factor
        np.clip(step, self.step_min, self.step_max, out=step)
        np.clip(sign, 0.0, 1.0, out=sign)
        sign *= s
        np.multiply(step, sign, out=s)
        theta -= s

"""Rules that look at the sign of the gradient and not at its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.optim.rule import Coupled, Decoupled, Kind, Kinds, Rate, mean, zeros


class Momentum(NamedTuple):
    """The running mean of the gradient."""

    m: Vector


@dataclass(frozen=True)
class Lion:
    """Lion: the sign of a momentum.

        c = β₁ m + (1 − β₁) g
        θ ← θ − η (sign(c) + λθ)
        m ← β₂ m + (1 − β₂) g

    Chen et al. 2023, Algorithm 2; the decay λ is decoupled. Wants a rate some ten times smaller than Adam's.
    """

    formula: ClassVar[str] = "θ ← θ − η sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g"

    beta1: float
    beta2: float

    def start(self, theta: Vector, /) -> Momentum:
        """m = 0."""
        return Momentum(zeros(theta))

    def coefficients(self, rate: float, _t: int, _s: Momentum, /) -> Rate:
        """η."""
        return Rate(rate)

    def update(self, theta: Vector, g: Vector, s: Momentum, c: Rate, /) -> tuple[Vector, Momentum]:
        """One step, its decay already done."""
        direction = np.sign(mean(self.beta1, s.m, g))
        return theta - c.rate * direction, Momentum(mean(self.beta2, s.m, g))


class Steps(NamedTuple):
    """sign(g₋), 0 where the step before was none, and the step sizes Δ."""

    sign: Vector
    step: Vector


class First(NamedTuple):
    """What the step sizes, which start from 0, are given at the first step: the rate. 0 at later ones."""

    first: float

    def times(self, factor: float) -> First:
        """At a multiple of the rate."""
        return First(factor * self.first)


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

    formula: ClassVar[str] = "θ ← θ − Δ sign(g), Δ larger while the sign holds and smaller when it turns"

    eta_minus: float
    eta_plus: float
    step_min: float
    step_max: float

    def start(self, theta: Vector, /) -> Steps:
        """Both 0; the first step makes Δ the rate."""
        return Steps(zeros(theta), zeros(theta))

    def coefficients(self, rate: float, t: int, _s: Steps, /) -> First:
        """η at the first step."""
        return First(rate if t == 1 else 0.0)

    def update(self, theta: Vector, g: Vector, s: Steps, c: First, /) -> tuple[Vector, Steps]:
        """One step; `held` is 1 where p = 1, `turned` −1 where p = −1, else 0."""
        sign = np.sign(g)
        p = sign * s.sign
        held, turned = np.maximum(p, 0), np.minimum(p, 0)
        factor = 1 + (self.eta_plus - 1) * held + (1 - self.eta_minus) * turned
        step = np.minimum(np.maximum((s.step + c.first) * factor, self.step_min), self.step_max)
        sign = sign * (1 + turned)
        return theta - step * sign, Steps(sign, step)


RULES: Kinds = {"rprop": Kind(Rprop, Coupled), "lion": Kind(Lion, Decoupled)}

"""Weight decay: how weights are drawn towards zero besides what the rule does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mlpcli.arrays import Vector


class WeightDecay(Protocol):
    """A decay of some amount λ; `amount` 0 is none."""

    def __init__(self, amount: float) -> None: ...

    @property
    def amount(self) -> float: ...

    def coefficient(self, rate: float, /) -> float:
        """The number d of a step at rate η."""

    def apply(self, theta: Vector, g: Vector, d: float, /) -> tuple[Vector, Vector]:
        """θ and g as the rule is to see them."""


@dataclass(frozen=True)
class Coupled:
    """g ← g + λθ: the gradient of λ/2 Σθ², which then goes through the rule like any other."""

    amount: float

    def coefficient(self, _rate: float, /) -> float:
        """λ."""
        return self.amount

    def apply(self, theta: Vector, g: Vector, d: float, /) -> tuple[Vector, Vector]:
        """The gradient grows."""
        return theta, g + d * theta


@dataclass(frozen=True)
class Decoupled:
    """θ ← (1 − ηλ) θ, past the rule and its scaling (Loshchilov & Hutter 2019, Algorithm 2).

    Variants: in the paper λ is scaled by the schedule's multiplier alone; here, as in torch, by the rate η.
    """

    amount: float

    def coefficient(self, rate: float, /) -> float:
        """1 − ηλ."""
        return 1 - rate * self.amount

    def apply(self, theta: Vector, g: Vector, d: float, /) -> tuple[Vector, Vector]:
        """The weights shrink."""
        return d * theta, g

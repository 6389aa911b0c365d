"""What every first-order rule is: hyper-parameters, and one formula from a gradient to new parameters.

The formula is the paper's. Two things are worked out before a step, in Python floats, because they are one
number for all entries: the rate of the step, and what depends on its index t (a bias correction). They are
the rule's `coefficients`; its hyper-parameters are constants of the formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np

from mlpcli.arrays import Vector

S = TypeVar("S")
"""A rule's state, a NamedTuple of arrays: with one axis, an entry per parameter; with more, shared by all."""
C = TypeVar("C")
"""A rule's coefficients, a NamedTuple of numbers; `times` makes those of a rate so many times as large."""


class Rule(Protocol[S, C]):
    """An update rule: hyper-parameters only; what changes from step to step lives in the state."""

    formula: ClassVar[str]
    """A step in a line, for those who watch one."""

    def start(self, theta: Vector, /) -> S:
        """The state before the first step; None for an array that these hyper-parameters need not."""

    def coefficients(self, rate: float, t: int, s: S, /) -> C:
        """The numbers of step t, counted from 1, at its rate; may change what `s` has for all entries."""

    def update(self, theta: Vector, g: Vector, s: S, c: C, /) -> tuple[Vector, S]:
        """θ and the state after the step.

        Elementwise, so that it can run block by block: see `mlpcli.kernels.kernel` for what may stand in it.
        """


AnyRule: TypeAlias = Rule[Any, Any]


class WeightDecay(Protocol):
    """A decay of some amount λ; `amount` 0 is none."""

    def __init__(self, amount: float) -> None: ...

    @property
    def amount(self) -> float: ...

    def coefficient(self, rate: float, share: float = 1.0, /) -> float:
        """The number d of a step at rate η, at which so large a share of λ is left."""

    def apply(self, theta: Vector, g: Vector, d: float, /) -> tuple[Vector, Vector]:
        """θ and g as the rule is to see them."""


@dataclass(frozen=True)
class Coupled:
    """g ← g + λθ: the gradient of λ/2 Σθ², which then goes through the rule like any other."""

    amount: float

    def coefficient(self, _rate: float, share: float = 1.0, /) -> float:
        """λ."""
        return share * self.amount

    def apply(self, theta: Vector, g: Vector, d: float, /) -> tuple[Vector, Vector]:
        """The gradient grows."""
        return theta, g + d * theta


@dataclass(frozen=True)
class Decoupled:
    """θ ← (1 − ηλ) θ, past the rule and its scaling (Loshchilov & Hutter 2019, Algorithm 2).

    Variants: in the paper λ is scaled by the schedule's multiplier alone; here, as in torch, by the rate η.
    """

    amount: float

    def coefficient(self, rate: float, share: float = 1.0, /) -> float:
        """1 − ηλ."""
        return 1 - rate * (share * self.amount)

    def apply(self, theta: Vector, g: Vector, d: float, /) -> tuple[Vector, Vector]:
        """The weights shrink."""
        return d * theta, g


class Factors(NamedTuple):
    """Of the entries from `start` to `stop`: factors on the rate, in the rule and in a decoupled decay."""

    start: int
    stop: int
    rate: float
    decay: float


@dataclass(frozen=True)
class Optimizer:
    """A rule and the weight decay that goes with it: all that a step needs but for its rate.

    `factors` on the rate are of all entries, in their order; none are factors of 1.
    """

    rule: AnyRule
    decay: WeightDecay
    factors: tuple[Factors, ...] = ()


class Kind(NamedTuple):
    """What an optimizer's name in a configuration stands for."""

    rule: type[AnyRule]
    decay: type[WeightDecay]


Kinds: TypeAlias = Mapping[str, Kind]


class Rate(NamedTuple):
    """The coefficients of a rule that needs no other."""

    rate: float

    def times(self, factor: float) -> Rate:
        """At a multiple of the rate."""
        return Rate(factor * self.rate)


def mean(beta: float, before: Vector, x: Vector) -> Vector:
    """A running mean: β before + (1 − β) x."""
    return beta * before + (1 - beta) * x


def zeros(theta: Vector) -> Vector:
    """A state array that starts from zero."""
    return np.zeros_like(theta)

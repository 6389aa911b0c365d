"""What every first-order rule is: a frozen formula that changes one block of the parameters in place.

Two habits make the rules cheap, and every module of the family relies on them:

*Running means are kept undivided.* A mean m ← βm + (1−β)g is stored as the sum M = m/(1−β), so M ← βM + g:
one pass over memory less. The factor (1−β) reappears in a scalar, where it costs nothing.

*Scalars are folded.* Whatever multiplies a whole vector is worked out in Python floats first. A Python float
takes the dtype of the array it meets; a NumPy scalar of float64 would turn float32 work into float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from mlpcli.arrays import Array, Vector

State: TypeAlias = dict[str, Array]
"""Arrays by their names in the formula: with one axis, an entry per parameter; with more, shared by all."""


class Block(NamedTuple):
    """Views of one stretch of the parameters, and two rows of scratch as long."""

    theta: Vector
    grad: Vector
    state: Mapping[str, Array]
    scratch: tuple[Vector, Vector]


class Rule(Protocol):
    """An update rule: hyper-parameters only; what changes from step to step lives in the state.

    `learning_rate` is where a schedule starts from; `update` is told the rate of its step, and t from 1.
    An entry of the result depends on the same entry of the inputs alone, so blocks can be cut anywhere.
    """

    decay: ClassVar[Literal["coupled", "decoupled"]]  # a key of WEIGHT_DECAY

    @property
    def learning_rate(self) -> float: ...

    @property
    def weight_decay(self) -> float: ...

    def start(self, theta: Vector, /) -> State: ...

    def update(self, block: Block, rate: float, t: int, /) -> None: ...


def zeros(theta: Vector, *names: str) -> State:
    """State arrays that start from zero."""
    return {name: np.zeros_like(theta) for name in names}


def accumulate(total: Vector, beta: float, term: Vector) -> None:
    """total ← β total + term."""
    total *= beta
    total += term


def accumulate_square(total: Vector, beta: float, g: Vector, scratch: Vector) -> None:
    """total ← β total + g²."""
    np.multiply(g, g, out=scratch)
    accumulate(total, beta, scratch)


def descend(theta: Vector, rate: float, direction: Vector, scratch: Vector) -> None:
    """θ ← θ − rate · direction; the direction may be the scratch itself."""
    np.multiply(direction, rate, out=scratch)
    theta -= scratch


def coupled(weights: Block, _rate: float, amount: float) -> None:
    """g ← g + λθ: the gradient of λ/2 Σθ², which then goes through the rule like any other."""
    theta, g, _, (s, _) = weights
    np.multiply(theta, amount, out=s)
    g += s


def decoupled(weights: Block, rate: float, amount: float) -> None:
    """θ ← (1 − ηλ)θ, past the rule and its scaling (Loshchilov & Hutter 2019)."""
    theta = weights.theta
    theta *= 1 - rate * amount


WEIGHT_DECAY = {"coupled": coupled, "decoupled": decoupled}

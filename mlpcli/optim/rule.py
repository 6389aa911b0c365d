"""What every first-order rule is: hyper-parameters, and one formula from a gradient to new parameters.

Two habits make the rules cheap, and every module of the family relies on them:

*Running means are kept undivided.* A mean m ← βm + (1−β)g is stored as the sum M = m/(1−β), so M ← βM + g:
one pass over memory less. The factor (1−β) reappears in a coefficient, where it costs nothing.

*Numbers are folded.* Whatever multiplies a whole vector is worked out beforehand, in Python floats, and is
one coefficient of the formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, TypeAlias

import numpy as np

from mlpcli.arrays import Array, Vector

State: TypeAlias = dict[str, Array]
"""Arrays by their names in the formula: with one axis, an entry per parameter; with more, shared by all."""


class Values(Protocol):
    """What has a name in a formula, as attributes: state arrays, or coefficients."""

    def __getattr__(self, name: str, /) -> Vector: ...

    def __setattr__(self, name: str, value: Vector, /) -> None: ...


class Rule(Protocol):
    """An update rule: hyper-parameters only; what changes from step to step lives in the state.

    `learning_rate` is where a schedule starts from; `coefficients` is told the rate of its step, and t from
    1. `update` is elementwise: an entry of the result depends on the same entry of the inputs alone.
    """

    decay: ClassVar[Literal["coupled", "decoupled"]]  # a key of WEIGHT_DECAY

    @property
    def learning_rate(self) -> float: ...

    @property
    def weight_decay(self) -> float: ...

    def start(self, theta: Vector, /) -> State:
        """The state before the first step."""

    def coefficients(self, rate: float, t: int, state: State, /) -> Mapping[str, float]:
        """The numbers of a step, by their names in `update`; may change what `state` has for all entries."""

    def update(self, theta: Vector, g: Vector, s: Values, c: Values, /) -> Vector:
        """θ after the step; sets the state's arrays, `s`, to what the next step starts from."""


def zeros(theta: Vector, *names: str) -> State:
    """State arrays that start from zero."""
    return {name: np.zeros_like(theta) for name in names}


@dataclass(frozen=True)
class Decay:
    """A weight decay: its coefficient d for a rate η and an amount λ, and what it makes of θ and g."""

    coefficient: Callable[[float, float], float]
    apply: Callable[[Vector, Vector, float], tuple[Vector, Vector]]


WEIGHT_DECAY = {
    # g ← g + λθ: the gradient of λ/2 Σθ², which then goes through the rule like any other
    "coupled": Decay(lambda _rate, amount: amount, lambda theta, g, d: (theta, g + d * theta)),
    # θ ← (1 − ηλ)θ, past the rule and its scaling (Loshchilov & Hutter 2019)
    "decoupled": Decay(lambda rate, amount: 1 - rate * amount, lambda theta, g, d: (d * theta, g)),
}

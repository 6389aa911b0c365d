"""An update rule with a misspelt name in every line marked so; mypy, not pytest, is what reads it."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.optim.rule import Coupled, Kind, Kinds, Rate, mean, zeros


class Momentum(NamedTuple):
    """The running mean of the gradient."""

    m: Vector


@dataclass(frozen=True)
class Wrong:
    """θ ← θ − η sign(m)."""

    formula: ClassVar[str] = "θ ← θ − η sign(m)"

    beta: float

    def start(self, theta: Vector, /) -> Momentum:
        """m = 0."""
        return Momentum(zeros(theta))

    def coefficients(self, rate: float, _t: int, _s: Momentum, /) -> Rate:
        """η."""
        return Rate(rate)

    def update(self, theta: Vector, g: Vector, s: Momentum, c: Rate, /) -> tuple[Vector, Momentum]:
        """One step."""
        right = mean(self.beta, s.m, g)
        hyper_parameter = mean(self.betta, s.m, g)  # misspelt
        state = mean(self.beta, s.n, g)  # misspelt
        coefficient = c.rat * np.sign(right + state + hyper_parameter)  # misspelt
        return theta - coefficient, Momentum(n=right)  # misspelt


RULES: Kinds = {"wrong": Kind(Wrong, Coupled)}

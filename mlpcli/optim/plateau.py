"""The plateau: a learning rate that falls when a quantity has stopped getting better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from mlpcli.optim.moment import Moment

Direction = Literal["min", "max"]


@dataclass
class Plateau:
    """η · factorʳ: r grows by one when more than `patience` epochs in a row were no better than the best.

    Better is better by more than 1e-4 of the best's size, in the quantity's own direction: torch's
    ReduceLROnPlateau with its defaults, but for two things. A best below zero counts by its size, and a
    reduction is made however small the rate is.
    """

    learning_rate: float
    direction: Direction
    factor: float
    patience: int
    best: float | None = field(default=None, init=False)
    bad_epochs: int = field(default=0, init=False)
    reductions: int = field(default=0, init=False)
    depends_on_epochs: ClassVar[bool] = False

    def rate(self, _now: Moment, /) -> float:
        """The same until the next reduction."""
        return self.learning_rate * math.pow(self.factor, self.reductions)

    def observe(self, value: float) -> None:
        """Take in the monitored quantity at the end of an epoch; the next epochs feel it."""
        if self._is_better(value):
            self.best = value
            self.bad_epochs = 0
        else:
            self.bad_epochs += 1
        if self.bad_epochs > self.patience:
            self.reductions += 1
            self.bad_epochs = 0

    def _is_better(self, value: float) -> bool:
        if self.best is None or not math.isfinite(value):
            return math.isfinite(value)
        gain = value - self.best if self.direction == "max" else self.best - value
        return gain > 1e-4 * abs(self.best)

    def state(self) -> dict[str, float]:
        """What the next rates depend on, as plain numbers; no `best` as long as nothing was seen."""
        seen = {} if self.best is None else {"best": self.best}
        return {**seen, "bad_epochs": self.bad_epochs, "reductions": self.reductions}

    def restore(self, saved: Mapping[str, float]) -> None:
        """Go on from what `state` gave; raises KeyError where it is another schedule's."""
        self.bad_epochs, self.reductions = int(saved["bad_epochs"]), int(saved["reductions"])
        self.best = saved.get("best")

"""Rate curves: the learning rate as a function of how far training has come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple, TypeAlias

Direction = Literal["min", "max"]


class Moment(NamedTuple):
    """Where training is: the update-th of `updates` in the epoch-th of `epochs`, both counted from 1.

    In the formulas η is the learning rate asked for, e the epoch and E the number of epochs. A curve that
    `depends_on_epochs` cannot go on over more epochs than it was begun for.
    """

    epoch: int
    update: int
    updates: int
    epochs: int


def _progress_of(now: Moment) -> float:
    """(e − 1)/(E − 1): 0 in the first epoch and 1 in the last; 0 where there is one only."""
    return (now.epoch - 1) / max(1, now.epochs - 1)


def _cosine(start: float, end: float, progress: float) -> float:
    """From start to end along half a cosine: end + (start − end)(1 + cos πp)/2."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def _power(base: float, exponent: float) -> float:
    """base^exponent, or infinity where that overflows: such a rate is for the check on divergence."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class Constant:
    """η."""

    learning_rate: float
    depends_on_epochs: ClassVar[bool] = False

    def rate(self, _now: Moment, /) -> float:
        """The same at every update."""
        return self.learning_rate


@dataclass(frozen=True)
class Step:
    """η · factor^⌊(e − 1)/every⌋ (torch's StepLR)."""

    learning_rate: float
    every: int
    factor: float
    depends_on_epochs: ClassVar[bool] = False

    def rate(self, now: Moment, /) -> float:
        """The same at every update of an epoch."""
        return self.learning_rate * _power(self.factor, (now.epoch - 1) // self.every)


@dataclass(frozen=True)
class Exponential:
    """η · decay^(e − 1) (torch's ExponentialLR)."""

    learning_rate: float
    decay: float
    depends_on_epochs: ClassVar[bool] = False

    def rate(self, now: Moment, /) -> float:
        """The same at every update of an epoch."""
        return self.learning_rate * _power(self.decay, now.epoch - 1)


@dataclass(frozen=True)
class InverseScaling:
    """η / e^power (scikit-learn's `invscaling`, with the epoch for its count of samples)."""

    learning_rate: float
    power: float
    depends_on_epochs: ClassVar[bool] = False

    def rate(self, now: Moment, /) -> float:
        """The same at every update of an epoch."""
        return self.learning_rate / _power(now.epoch, self.power)


@dataclass(frozen=True)
class Linear:
    """η + (final − η) p with p = (e − 1)/(E − 1) (torch's LinearLR with total_iters = E − 1)."""

    learning_rate: float
    final: float
    depends_on_epochs: ClassVar[bool] = True

    def rate(self, now: Moment, /) -> float:
        """The same at every update of an epoch."""
        progress = _progress_of(now)
        return self.learning_rate * (1 - progress) + self.final * progress


@dataclass(frozen=True)
class Cosine:
    """final + (η − final)(1 + cos πp)/2 with p = (e − 1)/(E − 1).

    Loshchilov & Hutter 2017 without restarts.
    torch's CosineAnnealingLR with T_max = E − 1: `final` is the rate of the last epoch.
    """

    learning_rate: float
    final: float
    depends_on_epochs: ClassVar[bool] = True

    def rate(self, now: Moment, /) -> float:
        """The same at every update of an epoch."""
        return _cosine(self.learning_rate, self.final, _progress_of(now))


@dataclass(frozen=True)
class OneCycle:
    """Up to a peak and down again, along half cosines, at every update k = 0 … N − 1 of the whole training.

        η → peak        for k from 0 to u = fraction_up · N − 1
        peak → final    for k from u to N − 1

    Smith & Topin 2018, in torch's two-phase form (OneCycleLR), which starts from peak/25; this starts from η.
    """

    learning_rate: float
    peak: float
    fraction_up: float
    final: float
    depends_on_epochs: ClassVar[bool] = True

    def rate(self, now: Moment, /) -> float:
        """Another one at every update."""
        k = (now.epoch - 1) * now.updates + now.update - 1
        last = now.epochs * now.updates - 1
        up = max(0.0, self.fraction_up * (last + 1) - 1)
        if k < up:
            return _cosine(self.learning_rate, self.peak, k / up)
        return _cosine(self.peak, self.final, (k - up) / (last - up or 1.0))


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


Curve: TypeAlias = Constant | Step | Exponential | InverseScaling | Linear | Cosine | OneCycle | Plateau

CURVES: dict[str, type[Curve]] = {
    "constant": Constant,
    "step": Step,
    "exponential": Exponential,
    "inverse_scaling": InverseScaling,
    "linear": Linear,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "plateau": Plateau,
}

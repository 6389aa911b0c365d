"""Rate curves: the learning rate as a function of how far training has come.

A curve that `depends_on_epochs` cannot go on over more epochs than it was begun for. Those by epoch may be
asked about epochs of one update each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from mlpcli.optim.moment import Moment, coslog, flat_cos
from mlpcli.optim.plateau import Plateau


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
        k, last = now.k, now.epochs * now.updates - 1
        up = max(0.0, self.fraction_up * (last + 1) - 1)
        if k < up:
            return _cosine(self.learning_rate, self.peak, k / up)
        return _cosine(self.peak, self.final, (k - up) / (last - up or 1.0))


@dataclass(frozen=True)
class FlatCos:
    """final + (η − final) · flat_cos(k/N): η in the first half, then half a cosine, at every update."""

    learning_rate: float
    final: float
    depends_on_epochs: ClassVar[bool] = True

    def rate(self, now: Moment, /) -> float:
        """Another one at every update of the second half."""
        return self.final + (self.learning_rate - self.final) * flat_cos(now.t)


@dataclass(frozen=True)
class Coslog:
    """η · coslog(k/N): from 0 to η and back, so many times, each cycle twice as long as the one before."""

    learning_rate: float
    cycles: int
    depends_on_epochs: ClassVar[bool] = True

    def rate(self, now: Moment, /) -> float:
        """Another one at every update."""
        return self.learning_rate * coslog(now.t, self.cycles)


Curve: TypeAlias = (
    Constant | Step | Exponential | InverseScaling | Linear | Cosine | OneCycle | FlatCos | Coslog | Plateau
)

CURVES: dict[str, type[Curve]] = {
    "constant": Constant,
    "step": Step,
    "exponential": Exponential,
    "inverse_scaling": InverseScaling,
    "linear": Linear,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "flat_cos": FlatCos,
    "coslog": Coslog,
    "plateau": Plateau,
}

"""How far training has come, and curves over that which fall from 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias


class Moment(NamedTuple):
    """Where training is: the update-th of `updates` in the epoch-th of `epochs`, both counted from 1.

    In the formulas η is the learning rate asked for, e the epoch and E the number of epochs, k the update of
    the whole training, counted from 0, and N their number.
    """

    epoch: int
    update: int
    updates: int
    epochs: int

    @property
    def k(self) -> int:
        """The updates that are done."""
        return (self.epoch - 1) * self.updates + self.update - 1

    @property
    def t(self) -> float:
        """k/N: 0 at the first update, just below 1 at the last."""
        return self.k / (self.epochs * self.updates)

    @property
    def by_update(self) -> Moment:
        """The same where every update is an epoch of its own."""
        return Moment(self.k + 1, 1, 1, self.epochs * self.updates)


Share: TypeAlias = Callable[[float], float]
"""What is left of an amount at t = k/N."""


def constant(_t: float) -> float:
    """1."""
    return 1.0


def cosine(t: float) -> float:
    """½ (1 + cos πt)."""
    return 0.5 * (1 + math.cos(math.pi * t))


def flat_cos(t: float) -> float:
    """½ (1 + cos(π (max(1, 2t) − 1))): 1 in the first half, then half a cosine to 0.

    Holzmüller et al. 2024 (arXiv 2407.04491).
    """
    return 0.5 * (1 + math.cos(math.pi * (max(1.0, 2 * t) - 1)))


def coslog(t: float, cycles: int) -> float:
    """½ (1 − cos(2π log₂(1 + (2ᶜ − 1) t))): c cycles from 0 up to 1 and down, each twice as long as the last.

    Holzmüller et al. 2024 (arXiv 2407.04491).
    """
    return 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + (2**cycles - 1) * t)))


class Fading(NamedTuple):
    """What is left of the rates of dropout and of the weight decay."""

    dropout: Share
    decay: Share


SHARES: Final[Mapping[str, Share]] = {"constant": constant, "cosine": cosine, "flat_cos": flat_cos}

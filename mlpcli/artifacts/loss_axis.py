"""The axis that a loss curve is drawn against: its limits, and whether it is logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlpcli.artifacts.loss_series import Series
from mlpcli.artifacts.ticks import linear_ticks, log_ticks

# below this ratio of the largest to the smallest loss a linear axis shows everything
LOG_RATIO: Final = 20.0
# losses that differ by less than this share of themselves make a flat line
FLAT: Final = 1e-6
MARGIN: Final = 0.05


@dataclass(frozen=True)
class LossAxis:
    """Limits, low < high. `floor` is the least positive loss of a logarithmic axis, None for a linear one.

    A loss of exactly zero, which has no logarithm, is drawn at the floor.
    """

    low: float
    high: float
    floor: float | None

    @property
    def caption(self) -> str:
        """What the numbers along the axis are."""
        return "loss" if self.floor is None else "loss (log scale)"

    def shown(self, loss: float) -> float:
        """The value at which a loss is drawn."""
        return loss if self.floor is None else max(loss, self.floor)

    def fraction(self, loss: float) -> float:
        """How far up the axis a loss is drawn, from 0 to 1."""
        place, low, high = (self._scale(value) for value in (self.shown(loss), self.low, self.high))
        return (place - low) / (high - low)

    def ticks(self, most: int) -> list[float]:
        """At most `most` round values between the limits."""
        ticks = linear_ticks if self.floor is None else log_ticks
        return ticks(self.low, self.high, most)

    def _scale(self, value: float) -> float:
        return value if self.floor is None else math.log10(value)


def loss_axis(series: Sequence[Series]) -> LossAxis:
    """The axis that shows every point of these curves, logarithmic where their range asks for it."""
    values = [value for one in series for _, value in one.points]
    low, high = min(values), max(values)
    least = min((value for value in values if value > 0), default=0.0)
    if low >= 0 and least and high >= LOG_RATIO * least:
        room = 10 ** (MARGIN * (math.log10(high) - math.log10(least)))
        return LossAxis(least / room, high * room, floor=least)
    size = max(abs(low), abs(high))
    room = MARGIN * (high - low if high - low > FLAT * size else size or 1.0)
    return LossAxis(low - room, high + room, floor=None)

"""The axis that a loss curve is drawn against: its limits, and whether it is logarithmic."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlpcli.artifacts.history import Series


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten in [low, high], low < high."""
    smallest = (high - low) / most
    power = 10.0 ** math.floor(math.log10(smallest))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    return [index * step for index in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` values in [low, high]: 1, 2, 5, 10, ..., or powers of ten, or every second power, ..."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    dense = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    inside = [value for value in dense if low <= value <= high]
    every = 1
    while len(inside) > most:
        inside = [10.0**power for power in powers if power % every == 0 and low <= 10.0**power <= high]
        every += 1
    return inside


def epoch_ticks(last: int, most: int) -> list[int]:
    """Whole epochs from 1 to about `last`, at most `most`."""
    if last == 1:
        return [1]
    whole = sorted({round(tick) for tick in linear_ticks(1, last, most - 1) if tick == round(tick)})
    step = whole[1] - whole[0] if len(whole) > 1 else 1
    return [1, *(tick for tick in whole if tick > step / 2 and tick > 1)]


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """The ticks with the fewest significant digits that show every one of them as it is."""
    step = min((abs(b - a) for a, b in itertools.pairwise(ticks)), default=0.0)
    for digits in range(1, 17):
        labels = [f"{tick:.{digits}g}" for tick in ticks]
        if all(abs(float(label) - tick) <= step / 100 for label, tick in zip(labels, ticks, strict=True)):
            break
    return [_plain(label) for label in labels]


def _plain(label: str) -> str:
    """`2e+02` as `200` and `1e-05` as `1e-5`: an exponent only where it is shorter than the zeros."""
    mantissa, has_exponent, exponent = label.partition("e")
    if not has_exponent:
        return label
    if 1e-5 < abs(float(label)) < 1e6:
        return f"{float(label):.10f}".rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


# below this ratio of the largest to the smallest loss a linear axis shows everything
LOG_RATIO: Final = 10.0
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
    what: str = "loss"

    @property
    def caption(self) -> str:
        """What the numbers along the axis are."""
        return self.what if self.floor is None else f"{self.what} (log scale)"

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


def loss_axis(series: Sequence[Series], what: str = "loss") -> LossAxis:
    """The axis that shows every point of these curves, logarithmic where their fall asks for it.

    A metric may rise: one that ends above its beginning has a linear axis, whatever its range.
    """
    values = [value for one in series for _, value in one.points]
    low, high = min(values), max(values)
    least = min((value for value in values if value > 0), default=0.0)
    falls = what == "loss" or all(one.last[1] < one.points[0][1] for one in series)
    if falls and low >= 0 and least and high >= LOG_RATIO * least:
        room = 10 ** (MARGIN * (math.log10(high) - math.log10(least)))
        return LossAxis(least / room, high * room, least, what)
    size = max(abs(low), abs(high))
    room = MARGIN * (high - low if high - low > FLAT * size else size or 1.0)
    return LossAxis(low - room, high + room, None, what)

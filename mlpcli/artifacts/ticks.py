"""Round values for the ticks of an axis, and the shortest text that tells them apart."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence


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

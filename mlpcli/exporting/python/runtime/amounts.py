"""What scores mean where numbers are predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mlpcli.exporting.python.runtime.activations import Function
from mlpcli.exporting.python.runtime.arithmetic import PRECISION, require_finite, rounded
from mlpcli.exporting.python.runtime.units import Units

SINGLE_TINY, SINGLE_MAX = 2.0**-126, (2.0 - 2.0**-23) * 2.0**127
FINEST = 2.0**13  # scales: single precision near so many of them is fine enough


class Amounts:
    """A number for each of some columns."""

    def __init__(self, columns: Sequence[str], function: Function, units: Units) -> None:
        self.function, self.units = function, units
        self.names = ["prediction"] if len(columns) == 1 else [f"{name}_prediction" for name in columns]

    def read(self, scores: Sequence[float]) -> list[Any]:
        """A value for each of the names."""
        numbers = require_finite(self.units.numbers(list(map(self.function, scores))))
        if PRECISION == "d":
            return list(numbers)
        lines = zip(numbers, self.units.line_at(numbers))
        return self.units.bounded([as_single_tells(number, *line) for number, line in lines])


def as_single_tells(number: float, center: float, scale: float) -> float:
    """A number scale * z + center of a z in single precision, with no more digits than tell it from the next.

    With all of them where a number in single precision would be coarser than z.
    """
    size = abs(rounded([number])[0])
    known = rounded([max(abs(number - center), FINEST * scale)])[0]
    if not SINGLE_TINY <= size <= SINGLE_MAX or spacing(size) > 2 * spacing(known):
        return number
    for digits in range(5, 9):
        short = float(f"{size:.{digits}e}")
        if rounded([short])[0] == size:
            break
    return math.copysign(short, number)


def spacing(x: float) -> float:
    """From a number in single precision to the next one."""
    if not math.isfinite(x):
        return math.nan
    return max(math.ldexp(1.0, math.frexp(x)[1] - 24), 2.0**-149)

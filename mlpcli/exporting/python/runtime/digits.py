"""Numbers with no more digits than single precision tells apart."""

from __future__ import annotations

import math
from array import array

SINGLE_TINY, SINGLE_MAX = 2.0**-126, (2.0 - 2.0**-23) * 2.0**127
FINEST = 2.0**13  # scales: single precision near so many of them is fine enough


def single(number: float) -> float:
    """A number in single precision."""
    return array("f", [number])[0]


def as_single_tells(number: float, center: float, scale: float) -> float:
    """A number scale * z + center of a z in single precision, with no more digits than tell it from the next.

    With all of them where a number in single precision would be coarser than z.
    """
    size = abs(single(number))
    known = single(max(abs(number - center), FINEST * scale))
    if not (SINGLE_TINY <= size <= SINGLE_MAX and spacing(size) <= 2 * spacing(known)):
        return number
    for digits in range(5, 9):
        short = float(f"{size:.{digits}e}")
        if single(short) == size:
            break
    return math.copysign(short, number)


def spacing(x: float) -> float:
    """From a number in single precision to the next one."""
    if not math.isfinite(x):
        return math.nan
    return max(math.ldexp(1.0, math.frexp(x)[1] - 24), 2.0**-149)

"""Numbers of a float32 network with as few digits as tell one float32 from the next: `training.few_digits`.

Both ways give the same numbers, but for those that are so large or small that a power of ten is not exact.
"""

from __future__ import annotations

from math import log as logarithm
from typing import Final

import numpy as np

from mlpcli.exporting.description import Units
from mlpcli.exporting.onnx.functions import equal, finite, floor, log, log1p, maximum, minimum, rint, where
from mlpcli.exporting.onnx.graph import DOUBLE, WHOLE, Operand, Value
from mlpcli.tables.shortest_numbers import ALWAYS, ENOUGH, EXACT
from mlpcli.training.few_digits import FINEST

SINGLE: Final = np.dtype(np.float32)
NEXT: Final = 2.0**-24 * (1.0 + 2.0**-10)  # so much more of a float32 is the next one, when it is rounded
LEAST, MOST = 1e-14, 1e22


def shortened(units: Units, numbers: Value) -> Value:
    """Numbers (rows, outputs) in the target's units, as float32 tells them, within its bounds."""
    center: Operand = units.center
    scale: Operand = units.scale
    if units.log:
        slope = 1.0 + numbers
        center, scale = numbers - slope * (log1p(numbers) - units.center), slope * units.scale
    told = few_digits(numbers, center, scale)
    if units.bounds is None:
        return told
    least, most = units.bounds
    return where(finite(told), minimum(maximum(told, least), most), told)


def few_digits(numbers: Value, center: Operand, scale: Operand) -> Value:
    """Numbers scale · z + center of float32 scores z: decimals of 6 digits, or of more where z needs them."""
    apart = numbers - center
    known = maximum(maximum(apart, -apart), FINEST * scale).cast(SINGLE)
    single = numbers.cast(SINGLE)
    size = maximum(single, -single)
    fine = _spacing(size).cast(DOUBLE) <= 2.0 * _spacing(known).cast(DOUBLE)
    exact = size.cast(DOUBLE)
    usual = fine & (exact >= LEAST) & (exact < MOST)
    safe = where(usual, exact, 1.0)
    # the quotient may be next to a whole number that it should be: hence one digit more below
    place = floor(log(safe) / logarithm(10.0)).cast(WHOLE)
    found = safe
    for digits in range(ENOUGH + 1, ALWAYS - 1, -1):
        near = _rounded(safe, digits - 1 - place)
        found = where(equal(near.cast(SINGLE), size), near, found)
    return where(usual, where(numbers < 0.0, -found, found), numbers)


def _spacing(size: Value) -> Value:
    """From float32 numbers, positive ones, to the next; NaN where that is infinite."""
    return (size + size * NEXT) - size


def _rounded(numbers: Value, places: Value) -> Value:
    """Numbers rounded to so many places after the decimal point, or before it where that is negative."""
    powers = numbers.graph.constant(10.0 ** np.arange(EXACT + 1), DOUBLE, "tens")
    tens = powers.at(minimum(maximum(places, -places), EXACT))
    return where(places >= 0, rint(numbers * tens) / tens, rint(numbers / tens) * tens)

"""Floats of few bits as their shortest texts have them: 0.1, where the float32 is 0.100000001490116...

That is the number which another program writes into a CSV for the same value.
"""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array, Vector

ALWAYS, ENOUGH = 6, 9  # digits: so many survive float32; so many tell all of them apart
EXACT = 22  # the largest power of ten that is a float64


def is_short(kind: object) -> bool:
    """Whether a type is that of floats of fewer than 64 bits."""
    return kind in (np.float16, np.float32)


def as_written(values: Array) -> Array:
    """The float64 numbers that are the texts of float16 or float32 ones, whichever they are."""
    found: Array = values.astype(np.float64)
    usual = np.isfinite(found) & (found != 0)
    if values.dtype == np.float32:
        found[usual] = shortest(values[usual])
    else:
        found[usual] = values[usual].astype(str).astype(np.float64)
    return found


def shortest(values: Array) -> Vector:
    """Float64 numbers that print as the shortest decimals of float32 ones (n,), finite and not 0."""
    exact = np.abs(values).astype(np.float64)
    place = np.floor(np.log10(exact)).astype(np.int64)
    found = np.empty(len(values))
    plain = (place >= ENOUGH - 1 - EXACT) & (place < EXACT)
    left = np.flatnonzero(plain)
    for digits in range(ALWAYS, ENOUGH + 1):
        near = _rounded(exact[left], digits - 1 - place[left])
        found[left] = near
        left = left[near.astype(np.float32) != exact[left]]
    for index in np.flatnonzero(~plain).tolist():
        found[index] = float(str(np.abs(values[index])))
    return np.copysign(found, values)


def _rounded(numbers: Vector, places: Array) -> Vector:
    """Numbers rounded to so many places after the decimal point, or before it where that is negative.

    The digits are a whole number and the power of ten is exact: their quotient is the nearest float64.
    """
    tens = 10.0 ** np.abs(places)
    after = places >= 0
    whole = np.rint(np.where(after, numbers * tens, numbers / tens))
    return np.where(after, whole / tens, whole * tens)

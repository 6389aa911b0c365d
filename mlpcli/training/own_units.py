"""Numbers in a unit of their own, a power of two, so that squares of them neither overflow nor underflow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector

LARGEST_POWER = 1022  # of two, for which 2⁻ⁿ is a normal number too


def largest_in(values: Matrix) -> Vector:
    """The largest magnitude (K,) of each column of values (n, K)."""
    return np.asarray(np.maximum(values.max(axis=0), -values.min(axis=0)))


def exponent_of(largest: Vector) -> Array:
    """The power of two (K,) that each of the largest magnitudes is just below."""
    return np.frexp(largest)[1].astype(np.int64)


def in_units(values: Matrix, exponent: Array, out: Matrix | None = None) -> Matrix:
    """Values (n, K) over 2^exponent (K,)."""
    if np.abs(exponent).max() > LARGEST_POWER:
        return np.ldexp(values, -exponent, out=out)
    # the same numbers as those of ldexp, which is several times slower
    return np.multiply(values, np.exp2(-exponent), out=out)


@dataclass(frozen=True, eq=False)
class InUnits:
    """Numbers `in_one` · 2^exponent: (n, K), at most 1, with one exponent (K,) for each column."""

    in_one: Matrix
    exponent: Array

    @classmethod
    def of(cls, values: Matrix, out: Matrix | None = None) -> InUnits:
        """The values, which scaling by a power of two does not round; `out` is where they may go."""
        exponent = exponent_of(largest_in(values))
        return cls(in_units(values, exponent, out), exponent)

    @classmethod
    def of_difference(cls, left: Matrix, right: Matrix) -> InUnits:
        """left − right, also where that overflows."""
        found = np.subtract(left, right)
        if np.isfinite(found).all():
            return cls.of(found, out=found)
        halves = cls.of(left / 2 - right / 2)
        return cls(halves.in_one, halves.exponent + 1)

    def back(self, values: Vector, power: int = 1) -> Vector:
        """Values (K,) of the numbers to a power, in their own units."""
        return np.asarray(np.ldexp(values, power * self.exponent))

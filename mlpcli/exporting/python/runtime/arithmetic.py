"""Numbers of the network: in its precision, packed as text, multiplied, finite; functions that never fail."""

from __future__ import annotations

import math
import sys
from array import array
from base64 import b85decode
from collections.abc import Callable, Sequence
from operator import mul

from mlpcli.exporting.python.runtime.cells import UnusableError

PRECISION = "d"  # of the network's numbers: f is single, d is double


def unpacked(text: str) -> array[float]:
    """Numbers in the network's precision from their base85."""
    numbers: array[float] = array(PRECISION, b85decode(text))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def rows(width: int, text: str) -> list[list[float]]:
    """The rows of a matrix, as lists: these are multiplied faster than arrays."""
    numbers = unpacked(text).tolist()
    return [numbers[start : start + width] for start in range(0, len(numbers), width)]


def rounded(numbers: Sequence[float]) -> Sequence[float]:
    """Numbers as the network's precision has them; infinite where they are beyond it."""
    return array(PRECISION, numbers)


def sum_of_products(a: Sequence[float], b: Sequence[float]) -> float:
    """The sum of the products, in double precision."""
    return sum(map(mul, a, b), 0.0)


# a third faster where there is one: since Python 3.12
product: Callable[[Sequence[float], Sequence[float]], float] = getattr(math, "sumprod", sum_of_products)


def exp(x: float) -> float:
    """e^x, infinite where that is too large."""
    return math.exp(x) if x < 709.0 else math.exp(min(x, 709.0)) * math.exp(min(x - 709.0, 700.0))


def expm1(x: float) -> float:
    """e^x - 1, likewise."""
    return math.expm1(x) if x < 709.0 else exp(x)


def log(x: float) -> float:
    """log x, -infinity at 0 and NaN below."""
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


def log1p(x: float) -> float:
    """log(1 + x), likewise."""
    if x > -1.0:
        return math.log1p(x)
    return -math.inf if x == -1.0 else math.nan


def require_finite(outputs: Sequence[float]) -> Sequence[float]:
    """The outputs of the network for a row."""
    if not all(map(math.isfinite, outputs)):
        raise UnusableError("the network's output for this row is not a finite number")
    return outputs


def require_scaled(inputs: Sequence[float], column: str) -> Sequence[float]:
    """The inputs that a column makes, in the network's precision."""
    known = rounded(inputs)
    if not all(map(math.isfinite, known)):
        raise UnusableError(f"column '{column}': expected a number that can be scaled")
    return known

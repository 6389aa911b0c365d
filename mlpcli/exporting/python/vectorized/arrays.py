"""Numbers of the network: in its precision, packed as text."""

from __future__ import annotations

from base64 import b85decode
from typing import Any

import numpy as np

PRECISION = "d"  # of the network's numbers: f is single, d is double
Array = Any


def unpacked(text: str) -> Array:
    """Numbers in the network's precision from their base85, as doubles: all sums are of these."""
    return np.frombuffer(b85decode(text), dtype=f"<{'f4' if PRECISION == 'f' else 'f8'}").astype(np.float64)


def rows(width: int, text: str) -> Array:
    """A matrix of so many columns."""
    return unpacked(text).reshape(-1, width)


def rounded(numbers: Array) -> Array:
    """Numbers as the network's precision has them; infinite where they are beyond it."""
    return numbers.astype(np.float32).astype(np.float64) if PRECISION == "f" else numbers

"""Numbers of a float32 network with as few digits as tell one float32 from the next.

A score has 24 bits; made a number in the target's units in float64 it prints 17 digits, of which ten say
nothing. What is here gives the float64 nearest to the shortest decimal that reads back to the same float32,
so that whoever prints it prints that decimal, and whoever reads that has the very same number.
"""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.tables.shortest_numbers import shortest

SINGLE = np.finfo(np.float32)
FINEST = 2.0**13  # scales: a float32 of so many, 2⁻¹⁰ from the next one, is fine enough


def as_float32_tells(values: Matrix, center: Array, scale: Array) -> Matrix:
    """Numbers scale · z + center (n, K) of float32 scores z, as float32 tells them.

    Center and scale are those of each column (K,), or of each number (n, K).

    Those keep all digits that lose some of the network's own as float32: where the center is so many times
    the scale that a float32 near it is coarser than a thousandth of the scale, and beyond float32's range.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        single = values.astype(np.float32)
        known = np.maximum(np.abs(values - center), FINEST * scale).astype(np.float32)
        fine = np.spacing(np.abs(single)) <= 2 * np.spacing(known)
        usual = (np.abs(single) >= SINGLE.tiny) & (np.abs(single) <= SINGLE.max)
    told = values.copy()
    short = fine & usual
    told[short] = shortest(single[short])
    return told

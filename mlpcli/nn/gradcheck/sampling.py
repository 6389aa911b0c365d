"""Which entries of an array to check: all of them, or a sample and directions that touch every entry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Indices

ENTRYWISE_PARAMETERS = 50_000  # a network up to this size is checked entry by entry
SMALL = 256  # in a larger one, arrays up to this size are
LARGEST_OUTPUT = 4_096  # outputs of a step: (rows, width) entries up to this are all checked
SAMPLE = 100
DIRECTIONS = 4


@dataclass(frozen=True)
class Choice:
    """The flat indices to check one by one, and the number of random directions."""

    indices: Indices
    directions: int


def choose(size: int, entrywise: int, rng: np.random.Generator) -> Choice:
    """Every entry of an array of up to `entrywise` entries, else a sample of them and directions."""
    if size <= entrywise:
        return Choice(np.arange(size), 0)
    return Choice(np.sort(rng.choice(size, SAMPLE, replace=False)), DIRECTIONS)


def limit_for(parameters: int) -> int:
    """The size up to which a parameter array is checked entry by entry in a network of so many."""
    return ENTRYWISE_PARAMETERS if parameters <= ENTRYWISE_PARAMETERS else SMALL

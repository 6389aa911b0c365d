"""Take one array's derivatives numerically and set them beside its analytic gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.gradcheck.differences import Differentiator
from mlpcli.nn.gradcheck.evidence import Comparison, Evidence, Tolerance, largest
from mlpcli.nn.gradcheck.ladder import ROUNDING_MARGIN
from mlpcli.nn.gradcheck.lines import DirectionLines, EntryLines, unit_direction
from mlpcli.nn.gradcheck.variables import Variable

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


def choices(arrays: Mapping[str, Array], entrywise: int) -> dict[str, Choice]:
    """What to check of each of these arrays."""
    return {name: _choice(array.size, entrywise) for name, array in arrays.items()}


def _choice(size: int, entrywise: int) -> Choice:
    """Every entry of an array of up to `entrywise` entries, else a sample of them and directions."""
    if size <= entrywise:
        return Choice(np.arange(size), 0)
    sample = np.random.default_rng(0).choice(size, SAMPLE, replace=False)
    return Choice(np.sort(sample), DIRECTIONS)


def limit_for(parameters: int) -> int:
    """The size up to which a parameter array is checked entry by entry in a network of so many."""
    return ENTRYWISE_PARAMETERS if parameters <= ENTRYWISE_PARAMETERS else SMALL


@dataclass(frozen=True)
class Examiner:
    """How to examine: the way to a derivative, what errors are measured by, the gradients' own round-off."""

    differentiator: Differentiator
    tolerance: Tolerance
    rounding: Mapping[str, float]

    def examine(self, variable: Variable, gradient: Array, choice: Choice) -> Evidence:
        """Compare `gradient` with numerical derivatives at chosen entries and along random directions."""
        flat: Vector = gradient.reshape(-1)
        size = largest([flat])
        scale = self.tolerance.scale(size)
        indices, judged, entries = self._entries(variable, flat, choice.indices)
        directions = self._directions(variable, flat, choice.directions)
        return Evidence(
            variable.name,
            variable.shape,
            variable.base.real,
            flat,
            indices,
            entries,
            directions,
            self.tolerance.rtol,
            min(self.tolerance.hidden, self.differentiator.hidden(scale)),
            choice.indices[~judged],
            choice.directions - directions.analytic.size,
        )

    def _entries(self, variable: Variable, flat: Vector, asked: Indices) -> tuple[Indices, Array, Comparison]:
        """Those that could be judged, which of the `asked` these are, and how they compare."""
        size, claims = largest([flat]), flat[asked]
        found = self.differentiator.derivatives(
            EntryLines(variable, asked), claims, self.tolerance.scale(size)
        )
        zero = found.left & variable.zero_by_definition()[asked]
        judged = ~found.left | zero
        values, roundoff = (np.where(zero, 0.0, part)[judged] for part in (found.values, found.roundoff))
        roundoff += ROUNDING_MARGIN * self.rounding[variable.name]
        entries = Comparison.of((claims[judged], values, roundoff), size, self.tolerance)
        return asked[judged], judged, entries

    def _directions(self, variable: Variable, flat: Vector, count: int) -> Comparison:
        """Derivatives along unit vectors; their size is the root mean square of the gradient's entries."""
        rng = np.random.default_rng(1)
        directions = [unit_direction(flat.size, rng) for _ in range(count)]
        size = float(np.linalg.norm(np.nan_to_num(flat)) / flat.size**0.5)
        claims = np.array([flat @ direction for direction in directions])
        found = self.differentiator.derivatives(
            DirectionLines(variable, directions), claims, self.tolerance.scale(size)
        )
        roundoff = found.roundoff + ROUNDING_MARGIN * self.rounding[variable.name]
        values = (claims[~found.left], found.values[~found.left], roundoff[~found.left])
        return Comparison.of(values, size, self.tolerance)

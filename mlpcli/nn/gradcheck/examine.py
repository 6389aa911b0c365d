"""Take one array's derivatives numerically and set them beside its analytic gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.gradcheck.differences import Differentiator, Estimate
from mlpcli.nn.gradcheck.evidence import Comparison, Evidence, Tolerance, largest
from mlpcli.nn.gradcheck.lines import DirectionLine, EntryLine, unit_direction
from mlpcli.nn.gradcheck.variables import Variable


@dataclass(frozen=True)
class Examiner:
    """How to examine: the way to a derivative, what an error is measured by, up to which size every entry."""

    differentiator: Differentiator
    tolerance: Tolerance
    entrywise: int

    def examine(self, variable: Variable, gradient: Array) -> Evidence:
        """Compare `gradient` with numerical derivatives at chosen entries and along random directions."""
        rng = np.random.default_rng(0)
        flat: Vector = gradient.reshape(-1)
        choice = choose(flat.size, self.entrywise, rng)
        size = largest([flat])
        indices, reference, roundoff = self._entries(variable, choice.indices, self.tolerance.scale(size))
        entries = Comparison.of((flat[indices], reference, roundoff), size, self.tolerance)
        return Evidence(
            variable.name,
            variable.shape,
            variable.base.real,
            flat,
            len(choice.indices),
            indices,
            entries,
            self._directions(
                variable, flat, [unit_direction(flat.size, rng) for _ in range(choice.directions)]
            ),
            self.tolerance.rtol,
            self.tolerance.hidden,
        )

    def _entries(self, variable: Variable, indices: Indices, scale: float) -> tuple[Indices, Vector, Vector]:
        """The entries that are no kinks, their derivatives, and what round-off may have done to these."""
        sides = variable.at(0, variable.base[0]).sides
        zero = variable.zero_by_definition()
        judged: list[int] = []
        estimates: list[Estimate] = []
        for k in indices.tolist():
            estimate = self.differentiator.derivative(EntryLine(variable, k), sides, scale)
            if estimate.kink and zero[k]:
                estimate = Estimate(0.0, 0.0, False)
            if not estimate.kink:
                judged.append(k)
                estimates.append(estimate)
        numbers = np.array([(e.value, e.roundoff) for e in estimates]).reshape(-1, 2)
        return np.array(judged, np.intp), numbers[:, 0], numbers[:, 1]

    def _directions(self, variable: Variable, gradient: Vector, directions: list[Vector]) -> Comparison:
        """Derivatives along unit vectors; their size is the root mean square of the gradient's entries."""
        size = float(np.linalg.norm(np.nan_to_num(gradient)) / gradient.size**0.5)
        scale = self.tolerance.scale(size)
        sides = variable.at_all(variable.base).sides
        rows = []
        for direction in directions:
            estimate = self.differentiator.derivative(DirectionLine(variable, direction), sides, scale)
            if not estimate.kink:
                rows.append((float(gradient @ direction), estimate.value, estimate.roundoff))
        numbers = np.array(rows).reshape(-1, 3)
        return Comparison.of((numbers[:, 0], numbers[:, 1], numbers[:, 2]), size, self.tolerance)


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

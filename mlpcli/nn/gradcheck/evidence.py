"""Analytic and reference values of one array side by side, and the verdict they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.gradcheck.report import ArrayCheck, EntryCheck, Verdict

KINKS_ALLOWED = 0.01  # of the checked entries: with more the verdict is "inconclusive"
SMALL_BESIDE_ALL = 1e-8  # an array whose gradient is smaller than this beside all others is measured by them
HIDDEN = 0.01  # of the largest entry of all: where round-off explains that much, nothing can be said
SHOWN = 5  # entries in the entrywise view


@dataclass(frozen=True)
class Tolerance:
    """`rtol`, the largest gradient entry of all arrays, and that of derivatives between the layers too."""

    rtol: float
    largest: float
    between: float = 0.0

    def scale(self, size: float) -> float:
        """What an error in an array of gradient size `size` is relative to, round-off aside."""
        return max(size, SMALL_BESIDE_ALL * self.largest)

    @property
    def hidden(self) -> float:
        """The round-off that nothing can be said in: HIDDEN of the largest entry.

        None is, where all gradients are next to nothing beside what they are sums of: at a minimum, say.
        """
        return inf if self.largest <= SMALL_BESIDE_ALL * self.between else HIDDEN * self.largest

    def relative(self, error: Vector, size: float, roundoff: Vector) -> Vector:
        """Errors divided by their scale; what round-off alone explains comes out at most as `rtol`."""
        scale = np.maximum(self.scale(size), roundoff / self.rtol)
        relative: Vector = np.divide(error, scale, out=error.copy(), where=scale > 0.0)
        return relative


@dataclass(frozen=True)
class Comparison:
    """Judged values: analytic, reference, how far round-off may have moved the reference, relative error."""

    analytic: Vector
    reference: Vector
    roundoff: Vector
    errors: Vector

    @staticmethod
    def of(values: tuple[Vector, Vector, Vector], size: float, tolerance: Tolerance) -> Comparison:
        """Compare (analytic, reference, roundoff) in an array of gradient size `size`."""
        analytic, reference, roundoff = values
        size = max(size, _largest(reference))
        errors = tolerance.relative(np.abs(analytic - reference), size, roundoff)
        return Comparison(analytic, reference, roundoff, errors)


@dataclass(frozen=True)
class Evidence:
    """One array: `entries` judged at flat `indices`, out of `checked`, and `directions` through all entries.

    `base` holds the array's own values, `gradient` the whole analytic gradient, both flat.
    Round-off above `hidden` hides everything.
    """

    name: str
    shape: tuple[int, ...]
    base: Vector
    gradient: Vector
    checked: int
    indices: Indices
    entries: Comparison
    directions: Comparison
    rtol: float
    hidden: float = inf

    @property
    def complete(self) -> bool:
        """Whether every entry of the array has been judged."""
        return len(self.indices) == self.gradient.size

    @property
    def kinks(self) -> int:
        """Checked entries that could not be judged."""
        return self.checked - len(self.indices)

    @property
    def verdict(self) -> Verdict:
        """FAIL where one error is too large or not a number; inconclusive where nothing can be said.

        That is where there are too many kinks, or where round-off hides an error of one in a hundred.
        """
        if not (np.all(self.entries.errors <= self.rtol) and np.all(self.directions.errors <= self.rtol)):
            return "FAIL"
        return "inconclusive" if self.kinks > KINKS_ALLOWED * self.checked or self._is_hidden else "ok"

    @property
    def _is_hidden(self) -> bool:
        """Whether nothing can be said even where round-off weighs least."""
        roundoff = np.concatenate([self.entries.roundoff, self.directions.roundoff])
        return bool(roundoff.size and roundoff.min() > self.hidden)

    def summary(self) -> ArrayCheck:
        """The array's line in the report."""
        rows = np.concatenate([_columns(self.entries), _columns(self.directions)])
        index: tuple[int, ...] | None = None
        analytic = reference = error = None
        if len(rows):
            worst = int(np.argmax(np.nan_to_num(rows[:, 2], nan=np.inf)))
            index = self._position(worst) if worst < len(self.indices) else None
            analytic, reference, error = (float(number) for number in rows[worst])
        found = (self.checked, self.kinks, index, analytic, reference, error)
        return ArrayCheck(self.name, self.shape, *found, self.verdict, self._entrywise())

    def _entrywise(self) -> tuple[EntryCheck, ...]:
        """The entries that are furthest off relative to themselves, worst first."""
        entries = self.entries
        own = np.maximum(np.abs(entries.analytic), np.abs(entries.reference))
        own = np.maximum(own, entries.roundoff / self.rtol)
        difference = np.abs(entries.analytic - entries.reference)
        errors = np.divide(difference, own, out=difference.copy(), where=own > 0.0)
        order = np.argsort(-np.nan_to_num(errors, nan=np.inf), kind="stable")[:SHOWN]
        return tuple(
            EntryCheck(
                self._position(int(i)),
                float(entries.analytic[i]),
                float(entries.reference[i]),
                float(errors[i]),
            )
            for i in order
        )

    def _position(self, i: int) -> tuple[int, ...]:
        return tuple(int(n) for n in np.unravel_index(self.indices[i], self.shape))


def largest(arrays: list[Array]) -> float:
    """The largest finite magnitude in all of `arrays`."""
    return max((_largest(array) for array in arrays), default=0.0)


def _largest(values: Array) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def _columns(comparison: Comparison) -> Array:
    return np.stack([comparison.analytic, comparison.reference, comparison.errors], axis=1)

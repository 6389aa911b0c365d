"""Analytic and reference values of one array side by side, and the verdict they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.gradcheck.report import ArrayCheck, EntryCheck, Verdict

KINKS_ALLOWED = 0.01  # of the checked entries: with more that nothing can be said of, it is "inconclusive"
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

    def and_then(self, other: Comparison) -> Comparison:
        """Both, one after the other."""
        parts = zip(vars(self).values(), vars(other).values(), strict=True)
        return Comparison(*(np.concatenate(pair) for pair in parts))


@dataclass(frozen=True)
class Evidence:
    """One array: `entries` judged at flat `indices`, and `directions` through all entries.

    `base` holds the array's own values, `gradient` the whole analytic gradient, both flat.
    Round-off above `hidden` hides everything. `left` are the entries that could not be judged here, on a kink
    for example, and `lost` is the number of such directions; `moved` is what was found of these elsewhere.
    """

    name: str
    shape: tuple[int, ...]
    base: Vector
    gradient: Vector
    indices: Indices
    entries: Comparison
    directions: Comparison
    rtol: float
    hidden: float
    left: Indices
    lost: int = 0
    moved: Evidence | None = None

    @property
    def checked(self) -> int:
        """How many entries were looked at."""
        return len(self.indices) + len(self.left)

    @property
    def complete(self) -> bool:
        """Whether every entry of the array has been judged here."""
        return len(self.indices) == self.gradient.size

    @property
    def unjudged(self) -> int:
        """Entries that nothing can be said of, here or elsewhere."""
        return len(self.left) if self.moved is None else self.moved.unjudged

    @property
    def is_hidden(self) -> bool:
        """Whether nothing can be said even where round-off weighs least."""
        roundoff = np.concatenate([self.entries.roundoff, self.directions.roundoff])
        hidden = bool(roundoff.size and roundoff.min() > self.hidden)
        return hidden or (self.moved is not None and self.moved.is_hidden)

    @property
    def is_wrong(self) -> bool:
        """Whether an error is too large, or not a number, here."""
        return not (np.all(self.entries.errors <= self.rtol) and np.all(self.directions.errors <= self.rtol))

    @property
    def failing(self) -> Evidence:
        """The part that is wrong: here, or else elsewhere."""
        return self if self.is_wrong or self.moved is None else self.moved

    @property
    def verdict(self) -> Verdict:
        """FAIL where something is wrong; inconclusive where nothing can be said.

        That is where too many entries are unjudged, or where round-off hides an error of one in a hundred.
        """
        if self.failing.is_wrong:
            return "FAIL"
        too_many = self.unjudged > KINKS_ALLOWED * self.checked
        return "inconclusive" if too_many or self.is_hidden else "ok"

    def summary(self) -> ArrayCheck:
        """The array's line in the report."""
        parts = [self] if self.moved is None else [self, self.moved]
        rows = np.concatenate([_columns(part.entries) for part in parts])
        along = np.concatenate([_columns(part.directions) for part in parts])
        every = np.concatenate([rows, along])
        index: tuple[int, ...] | None = None
        analytic = reference = error = None
        if len(every):
            worst = int(np.argmax(np.nan_to_num(every[:, 2], nan=np.inf)))
            index = self._position(worst) if worst < len(rows) else None
            analytic, reference, error = (float(number) for number in every[worst])
        found = (self.checked, len(self.left), index, analytic, reference, error)
        again = 0 if self.moved is None else len(self.moved.indices)
        return ArrayCheck(self.name, self.shape, *found, self.verdict, self._entrywise(), again)

    def _entrywise(self) -> tuple[EntryCheck, ...]:
        """The entries that are furthest off relative to themselves, worst first."""
        entries = self.entries if self.moved is None else self.entries.and_then(self.moved.entries)
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
        indices = self.indices if self.moved is None else np.concatenate([self.indices, self.moved.indices])
        return tuple(int(n) for n in np.unravel_index(indices[i], self.shape))


def largest(arrays: list[Array]) -> float:
    """The largest finite magnitude in all of `arrays`."""
    return max((_largest(array) for array in arrays), default=0.0)


def _largest(values: Array) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def _columns(comparison: Comparison) -> Array:
    return np.stack([comparison.analytic, comparison.reference, comparison.errors], axis=1)

"""Central differences of many lines at many steps, and which of a line's differences to believe."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.gradcheck.lines import Lines

# from large to small, relative to what is no large and no small step of an entry
STEPS = np.array([10.0**-n for n in range(2, 26)])
UNKNOWN = 1e300  # larger than any error
ROUNDING_MARGIN = 8.0  # from the measured effect of round-off to a bound on it


class Best(NamedTuple):
    """Of each line the difference with the smallest estimated error; that is infinite where there is none."""

    value: Vector
    truncation: Vector
    roundoff: Vector

    @property
    def error(self) -> Vector:
        """Both errors together."""
        return self.truncation + self.roundoff

    @property
    def found(self) -> Array:
        """Where there is a difference at all."""
        return np.isfinite(self.value)


class Differences(NamedTuple):
    """Of some lines: (f(h) − f(−h)) / 2h, and whether an evaluation lies beyond a kink."""

    value: Vector
    crossed: Array


def central_differences(lines: Lines, which: Indices, h: Vector) -> Differences:
    """The penalties' part is taken apart, so that their size costs the loss no digits."""
    n, both, t = len(which), np.concatenate([which, which]), np.concatenate([h, -h])
    found, penalty = lines.at(both, t), lines.penalty(both, t)
    loss, penalty = (values.real[:n] - values.real[n:] for values in (found.values, penalty))
    value = loss / (2.0 * h) + penalty / (2.0 * h)
    return Differences(value, found.crossed[:n] | found.crossed[n:])


class Ladder:
    """What has been seen of each line at each of STEPS; `rounding` is how much round-off moves the loss.

    A difference has two errors. Round-off is `rounding` / h. Truncation is taken from the difference at the
    neighbouring step: it is O(h²) where the loss is smooth; O(h) is assumed, which also covers a second
    derivative that jumps (elu, softsign, huber).
    """

    def __init__(self, lines: Lines, rounding: float) -> None:
        self._lines, self._rounding = lines, rounding
        self._h = np.full((len(STEPS), len(lines)), np.nan)
        self._values = np.full_like(self._h, np.nan)
        self._tried = np.zeros(self._h.shape, np.bool_)
        self.crossed = np.zeros(len(lines), np.bool_)

    def take(self, which: Indices, rungs: Indices) -> None:
        """The differences of these lines at steps number `rungs`, as far as there are such small steps."""
        h = self._lines.steps(which, STEPS[rungs])
        there = (h > 0.0) & ~self._tried[rungs, which]
        which, rungs, h = which[there], rungs[there], h[there]
        if not len(which):
            return
        self._tried[rungs, which] = True
        found = central_differences(self._lines, which, h)
        usable = ~found.crossed & np.isfinite(found.value)
        self._h[rungs, which] = np.where(usable, h, np.nan)
        self._values[rungs, which] = found.value
        self.crossed[which] |= found.crossed

    def roundoff(self, which: Indices, rungs: Indices) -> Vector:
        """What round-off comes to at these steps; infinite where there is no such small step."""
        h = self._lines.steps(which, STEPS[rungs])
        return np.divide(self._rounding, h, out=np.full_like(h, np.inf), where=h > 0.0)

    def best(self, which: Indices) -> Best:
        """Of these lines the differences of smallest error, among those that no smaller step contradicts."""
        h, values = self._h[:, which], self._values[:, which]
        rows = np.flatnonzero(np.isfinite(h).any(axis=1))
        if not len(rows):
            nothing = np.full(len(which), np.inf)
            return Best(np.full(len(which), np.nan), nothing, nothing)
        h, values = h[rows], np.where(np.isfinite(h[rows]), values[rows], np.nan)
        truncation, roundoff = _truncation(h, values), self._rounding / h
        error = np.where(np.isfinite(h), truncation + roundoff, np.inf)
        error[_contradicted(values, truncation, roundoff)] = np.inf
        # a single difference has no neighbour, and an error that is not known: it is better than none
        choice = np.argmin(np.where(np.isfinite(h), np.minimum(error, UNKNOWN), np.inf), axis=0)
        at = choice, np.arange(len(which))
        there = np.isfinite(h[at])
        missing = ((values, np.nan), (truncation, np.inf), (roundoff, np.inf))
        return Best(*(np.where(there, part[at], otherwise) for part, otherwise in missing))


def _truncation(h: Array, values: Array) -> Array:
    """(steps, lines): the change to the next larger step that is usable, shared out as O(h) has it.

    The largest step has the whole change to the next smaller one.
    """
    truncation = np.full_like(values, np.inf)
    before, above = np.full(h.shape[1], np.nan), np.full(h.shape[1], np.nan)
    first = np.full(h.shape[1], -1)
    for i in range(len(h)):
        usable = np.isfinite(h[i])
        change = np.abs(before - values[i])
        known = usable & np.isfinite(before)
        truncation[i, known] = (change / (above / h[i] - 1.0))[known]
        second = known & (truncation[np.maximum(first, 0), np.arange(h.shape[1])] == np.inf)
        truncation[first[second], np.flatnonzero(second)] = change[second]
        first[usable & (first < 0)] = i
        before, above = np.where(usable, values[i], before), np.where(usable, h[i], above)
    return truncation


def _contradicted(values: Array, truncation: Array, roundoff: Array) -> Array:
    """(steps, lines): a smaller step sees something else than the errors of both explain.

    Round-off is known, truncation is a guess: across a bend sharper than the steps, larger ones agree with
    each other and are wrong. So the smaller step is the one to believe.
    """
    contradicted = np.zeros(values.shape, np.bool_)
    doubt, own = truncation + ROUNDING_MARGIN * roundoff, truncation + roundoff
    for small in range(1, len(values)):
        apart = np.abs(values[:small] - values[small])
        contradicted[:small] |= apart > own[:small] + doubt[small]
    return contradicted

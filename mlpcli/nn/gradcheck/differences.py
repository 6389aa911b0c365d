"""Two ways to numerical derivatives: central differences at several steps, and the complex step."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import NamedTuple, Protocol

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.gradcheck.ladder import ROUNDING_MARGIN, STEPS, Best, Ladder, central_differences
from mlpcli.nn.gradcheck.lines import Lines

# numbers of STEPS
FIRST = (2, 3)  # 1e-4, 1e-5
SMALLER = 4  # 1e-6, 1e-7, ...
LARGER = 1  # 1e-3, 1e-2
LAST = 9  # 1e-11: what is smaller needs a reason
SMALLEST_FOR_ALL = 5  # 1e-7; a still smaller step is taken only where round-off leaves it a say:
LEAST_SAY = 100.0  # times the tolerance is the most that round-off may then cover up
SETTLED = 0.1  # of the tolerance: an estimated error below this needs no further step
VISIBLE = (
    0.1  # of what the analytic value and a difference are apart: more round-off would hide which is right
)
UNSETTLED = 1e-3  # of a difference: with a larger truncation, no step was small enough
TWICE = 2.0  # the truncation: a difference that is no further from the analytic value says nothing against it
# a ten times smaller step has ten times the round-off: of the truncation left at the best step this much is
# due to round-off, which forbids the smaller one
FORCED_BY_ROUNDING = 9.0
IMAGINARY_STEP = 1e-30
# the analytic gradient has round-off of its own, larger than the loss's by the size of the inputs and weights
# it is multiplied by: 1 − φ² of a saturated unit, say, is wrong by 1e-16, and then meets an input of 1000
AMPLIFIED = 1e3


class Estimates(NamedTuple):
    """Numerical derivatives, how far round-off alone may have moved each, and which could not be taken here.

    Those are on a kink, or the loss bends too sharply for every step.
    """

    values: Vector
    roundoff: Vector
    left: Array


class Differentiator(Protocol):
    """A way to numerical derivatives."""

    def derivatives(self, lines: Lines, claims: Vector, scale: float, /) -> Estimates:
        """d(loss + penalties)/dt at t = 0 of every line; `scale` is what errors are relative to.

        `claims` are the analytic values. They only say where to look more closely.
        """

    def hidden(self, scale: float, /) -> float:
        """The round-off in which nothing can be seen."""


@dataclass(frozen=True)
class Central:
    """Central differences: of several steps the one with the smallest estimated error, or one fixed step."""

    rounding: float
    rtol: float
    eps: float | None = None

    def derivatives(self, lines: Lines, claims: Vector, scale: float, /) -> Estimates:
        """Smaller steps while their error can be smaller, then larger ones, until one is good enough."""
        everyone = np.arange(len(lines))
        if self.eps is not None:
            h = np.full(len(lines), self.eps)
            found = central_differences(lines, everyone, h)
            return Estimates(found.value, ROUNDING_MARGIN * self.rounding / h, found.crossed)
        ladder = Ladder(lines, self.rounding)
        for rung in FIRST:
            ladder.take(everyone, np.full(len(lines), rung))
        self._walk(ladder, scale, len(lines))
        self._look_closer(ladder, claims, scale)
        best = ladder.best(everyone)
        roundoff = _forced(best)
        apart = np.abs(best.value - claims)
        bent = best.truncation > np.minimum(UNSETTLED * np.abs(best.value) + roundoff, apart / TWICE)
        bent &= ~(apart <= np.maximum(roundoff, self.rtol * scale))
        return Estimates(best.value, roundoff, np.where(best.found, bent, ladder.crossed))

    def hidden(self, scale: float, /) -> float:
        """Round-off is no excuse for a step that somebody chose."""
        if self.eps is None:
            return inf
        return max(ROUNDING_MARGIN * self.rounding / float(STEPS[FIRST[0]]), LEAST_SAY * self.rtol * scale)

    def _walk(self, ladder: Ladder, scale: float, lines: int) -> None:
        """Down from the first steps, and then up."""
        active, smaller, larger = np.arange(lines), np.full(lines, SMALLER), np.full(lines, LARGER)
        while len(active):
            best = ladder.best(active)
            going = ~(best.error <= SETTLED * self.rtol * scale)
            active, best = active[going], Best(*(part[going] for part in best))
            down = self._may_help(ladder, active, smaller[active], best, scale)
            up = ~down & (larger[active] >= 0) & best.found
            rungs = np.where(down, smaller[active], larger[active])
            smaller[active[down]] += 1
            larger[active[up]] -= 1
            active, rungs = active[down | up], rungs[down | up]
            ladder.take(active, rungs)

    def _may_help(self, ladder: Ladder, which: Array, rungs: Array, best: Best, scale: float) -> Array:
        """Whether round-off at a smaller step leaves room for an error smaller than the best so far."""
        roundoff = ladder.roundoff(which, np.minimum(rungs, LAST))
        says = (rungs <= SMALLEST_FOR_ALL) | (roundoff <= LEAST_SAY * self.rtol * scale)
        return np.asarray((rungs <= LAST) & says & ~(best.error <= roundoff))

    def _look_closer(self, ladder: Ladder, claims: Vector, scale: float) -> None:
        """Where the analytic value is another: still smaller steps, as long as these could prove it right.

        In front of a layer_norm of a nearly constant row the loss bends on a scale of 1e-10, say. The
        smallest step that could show it says whether there is anything to look for.
        """
        active, smallest = self._doubtful(ladder, np.arange(len(claims)), claims, scale)
        seen = ladder.best(active).value
        ladder.take(active, smallest)
        best = ladder.best(active)
        bends = (best.value != seen) | (best.truncation > UNSETTLED * np.abs(best.value))
        active, smallest = active[bends], smallest[bends]
        for rung in range(SMALLER, len(STEPS)):
            ladder.take(active, np.minimum(smallest, rung))

    def _doubtful(
        self, ladder: Ladder, which: Indices, claims: Vector, scale: float
    ) -> tuple[Indices, Indices]:
        """The lines with another value than the claim, and the smallest step that would show who is right."""
        best = ladder.best(which)
        apart = np.abs(best.value - claims)
        wrong = apart > np.maximum(self.rtol * scale, ROUNDING_MARGIN * best.roundoff)
        which, apart = which[wrong], apart[wrong]
        smallest = np.full(len(which), -1)
        for rung in range(SMALLER, len(STEPS)):
            roundoff = ladder.roundoff(which, np.full(len(which), rung))
            smallest[roundoff <= VISIBLE * apart] = rung
        return which[smallest >= 0], smallest[smallest >= 0]


def _forced(best: Best) -> Vector:
    """How far round-off may have moved the best difference, or kept a better one from being taken."""
    forced = best.roundoff + np.minimum(best.truncation, FORCED_BY_ROUNDING * best.roundoff)
    return np.where(best.found, ROUNDING_MARGIN * forced, 0.0)


@dataclass(frozen=True)
class ComplexStep:
    """Im f(i h) / h with h so small that h² vanishes: no subtraction, hence no cancellation.

    Squire & Trapp 1998. On a kink the one side that +i h stands for is not the whole truth.
    """

    rounding: float
    h: float = IMAGINARY_STEP

    def derivatives(self, lines: Lines, _claims: Vector, _scale: float, /) -> Estimates:
        """One evaluation a line; the penalties from both sides, since |w| at w = 0 is symmetric."""
        everyone, step = np.arange(len(lines)), np.full(len(lines), 1j * self.h)
        moved = lines.at(everyone, step)
        penalty = lines.penalty(everyone, step) - lines.penalty(everyone, -step)
        values = np.imag(moved.values) / self.h + np.imag(penalty) / (2.0 * self.h)
        roundoff = np.full(len(lines), ROUNDING_MARGIN * AMPLIFIED * self.rounding)
        return Estimates(values, roundoff, moved.crossed)

    def hidden(self, _scale: float, /) -> float:
        """None."""
        return inf

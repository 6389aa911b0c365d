"""Two ways to a numerical derivative: central differences at several steps, and the complex step."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import NamedTuple, Protocol

from mlpcli.nn.gradcheck.lines import Line

FIRST_STEPS = (1e-4, 1e-5)
SMALLER_STEPS = (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11)
LARGER_STEPS = (1e-3, 1e-2)
SMALLEST_FOR_ALL = 1e-7  # a still smaller step is taken only where round-off leaves it a say:
LEAST_SAY = 100.0  # times the tolerance is the most that round-off may then cover up
SETTLED = 0.1  # of the tolerance: an estimated error below this needs no further step
ROUNDING_MARGIN = 8.0  # from the measured effect of round-off to a bound on it
# a ten times smaller step has ten times the round-off: of the truncation left at the best step this much is
# due to round-off, which forbids the smaller one
FORCED_BY_ROUNDING = 9.0
IMAGINARY_STEP = 1e-30
# the analytic gradient has round-off of its own, larger than the loss's by the size of the inputs and weights
# it is multiplied by: 1 − φ² of a saturated unit, say, is wrong by 1e-16, and then meets an input of 1000
AMPLIFIED = 1e3


class Estimate(NamedTuple):
    """A numerical derivative, how far round-off alone may have moved it, and whether it crosses a kink."""

    value: float
    roundoff: float
    kink: bool


KINK = Estimate(nan, 0.0, True)


class Differentiator(Protocol):
    """A way to a numerical derivative."""

    def derivative(self, line: Line, sides: bytes, scale: float, /) -> Estimate:
        """d(loss + penalties)/dt at t = 0; `sides` are those at 0, `scale` is what errors are relative to."""


class Difference(NamedTuple):
    """One central difference; `crossed` when an evaluation lies beyond a kink."""

    h: float
    value: float
    crossed: bool


class Judged(NamedTuple):
    """A central difference with its estimated errors."""

    h: float
    value: float
    truncation: float
    roundoff: float

    @property
    def error(self) -> float:
        """Both errors together."""
        return self.truncation + self.roundoff


def central_difference(line: Line, sides: bytes, h: float) -> Difference:
    """(f(h) − f(−h)) / 2h, the penalties' part apart so that their size costs the loss no digits."""
    up, down = line.at(h), line.at(-h)
    loss = (up.value - down.value) / (2.0 * h)
    penalty = (line.penalty(h) - line.penalty(-h)) / (2.0 * h)
    return Difference(h, (loss + penalty).real, up.sides != sides or down.sides != sides)


@dataclass(frozen=True)
class Central:
    """Central differences: of several steps the one with the smallest estimated error, or one fixed step.

    Round-off: `rounding` / h. Truncation: from the difference to the neighbouring step. It is O(h²) where the
    loss is smooth; O(h) is assumed, which also covers a second derivative that jumps (elu, softsign, huber).
    """

    rounding: float
    rtol: float
    eps: float | None = None

    def derivative(self, line: Line, sides: bytes, scale: float, /) -> Estimate:
        """Try smaller steps while their error can be smaller, then larger ones, until one is good enough."""
        if self.eps is not None:
            return self._frank(self._estimate([central_difference(line, sides, self.eps)]), scale)
        taken = [central_difference(line, sides, line.step(h)) for h in FIRST_STEPS]
        smaller, larger = list(SMALLER_STEPS), list(LARGER_STEPS)
        while True:
            best = best_of(taken, self.rounding)
            if best is not None and best.error <= SETTLED * self.rtol * scale:
                break
            untried = smaller if smaller and self._may_help(line.step(smaller[0]), best, scale) else larger
            if not untried or (best is None and untried is larger):
                break
            taken.append(central_difference(line, sides, line.step(untried.pop(0))))
        return self._estimate(taken)

    def _frank(self, estimate: Estimate, scale: float) -> Estimate:
        """A step that is too small is not excused by its own round-off: it fails, as one too large does."""
        excused = max(ROUNDING_MARGIN * self.rounding / min(FIRST_STEPS), LEAST_SAY * self.rtol * scale)
        return estimate._replace(roundoff=min(estimate.roundoff, excused))

    def _may_help(self, h: float, best: Judged | None, scale: float) -> bool:
        """Whether round-off at the smaller step `h` leaves room for an error smaller than the best so far."""
        roundoff = self.rounding / h
        if best is not None and best.error <= roundoff:
            return False
        return h >= SMALLEST_FOR_ALL or roundoff <= LEAST_SAY * self.rtol * scale

    def _estimate(self, taken: list[Difference]) -> Estimate:
        best = best_of(taken, self.rounding)
        if best is not None:
            forced = best.roundoff + min(best.truncation, FORCED_BY_ROUNDING * best.roundoff)
            return Estimate(best.value, ROUNDING_MARGIN * forced, False)
        return KINK if any(difference.crossed for difference in taken) else Estimate(nan, 0.0, False)


def best_of(taken: list[Difference], rounding: float) -> Judged | None:
    """The difference with the smallest estimated error among those that cross no kink and are finite."""
    usable = sorted((d for d in taken if not d.crossed and isfinite(d.value)), reverse=True)
    judged = []
    for i, (h, value, _) in enumerate(usable):
        if i > 0:
            truncation = abs(usable[i - 1].value - value) / (usable[i - 1].h / h - 1.0)
        else:
            truncation = abs(usable[1].value - value) if len(usable) > 1 else inf
        judged.append(Judged(h, value, truncation, rounding / h))
    return min(judged, key=lambda candidate: candidate.error, default=None)


@dataclass(frozen=True)
class ComplexStep:
    """Im f(i h) / h with h so small that h² vanishes: no subtraction, hence no cancellation.

    Squire & Trapp 1998. On a kink the one side that +i h stands for is not the whole truth: that is a kink.
    """

    rounding: float
    h: float = IMAGINARY_STEP

    def derivative(self, line: Line, sides: bytes, _scale: float, /) -> Estimate:
        """One evaluation; the penalties from both sides, since |w| at w = 0 is symmetric."""
        moved = line.at(1j * self.h)
        if moved.sides != sides:
            return KINK
        penalty = complex(line.penalty(1j * self.h) - line.penalty(-1j * self.h)).imag / (2.0 * self.h)
        value = complex(moved.value).imag / self.h + penalty
        return Estimate(value, ROUNDING_MARGIN * AMPLIFIED * self.rounding, False)

"""From which probability of the positive class on it is predicted, chosen on rows that did not train.

Rows are positive where p ≥ t. Between two neighbouring probabilities of the rows every t does the same, so
there are as many choices as different probabilities, and one more that takes nothing. Of the rows a choice
takes, let h be the weight of the positive and f that of the other ones; P and N are these of all rows.

    precision h/(h+f)      recall h/P      f1 2h/(P+h+f)      accuracy (h+N−f)/(P+N)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlpcli.arrays import Array, Vector

MIDDLE: Final = 0.5
MOST_DIGITS: Final = 17


@dataclass(frozen=True, eq=False)
class Taken:
    """What each choice takes (m,), from the highest threshold down: h and f; P and N are all there is."""

    hits: Vector
    false_alarms: Vector
    positive: float
    negative: float

    @property
    def precision(self) -> Vector:
        """0 where nothing is taken."""
        return _ratio(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> Vector:
        """The share of the positive rows that is taken."""
        return self.hits / self.positive

    @property
    def specificity(self) -> Vector:
        """The share of the other rows that is not taken."""
        return (self.negative - self.false_alarms) / self.negative

    @property
    def accuracy(self) -> Vector:
        """The share of the rows that are predicted rightly."""
        return (self.hits + self.negative - self.false_alarms) / (self.positive + self.negative)

    @property
    def balanced_accuracy(self) -> Vector:
        """The mean of both recalls."""
        return (self.recall + self.specificity) / 2

    @property
    def f1(self) -> Vector:
        """That of the positive class."""
        return _ratio(2 * self.hits, self.positive + self.hits + self.false_alarms)

    @property
    def f1_of_rest(self) -> Vector:
        """That of the other class."""
        right, taken = self.negative - self.false_alarms, self.hits + self.false_alarms
        return _ratio(2 * right, self.negative + (self.positive + self.negative - taken))

    @property
    def f1_macro(self) -> Vector:
        """The mean of both."""
        return (self.f1 + self.f1_of_rest) / 2

    @property
    def f1_weighted(self) -> Vector:
        """The mean of both by what the classes weigh."""
        total = self.positive + self.negative
        return (self.positive * self.f1 + self.negative * self.f1_of_rest) / total

    @property
    def mcc(self) -> Vector:
        """Matthews correlation coefficient; 0 where all or nothing is taken."""
        taken, total = self.hits + self.false_alarms, self.positive + self.negative
        covariance = self.hits * self.negative - self.false_alarms * self.positive
        spread = np.sqrt(taken * np.maximum(total - taken, 0.0)) * np.sqrt(self.positive * self.negative)
        return _ratio(covariance, spread)


MAXIMIZED: Final[dict[str, Callable[[Taken], Vector]]] = {
    name: getattr(Taken, name).fget
    for name in ("accuracy", "balanced_accuracy", "f1", "f1_macro", "f1_weighted", "mcc")
}


@dataclass(frozen=True)
class Goal:
    """What a threshold is for: `of` a metric to be maximized, or `at_least` so much precision or recall."""

    of: str
    at_least: float | None = None


@dataclass(frozen=True)
class Threshold:
    """The threshold, and what that comes to on the rows that chose it: `reached` says whether the goal.

    One that nothing chose has no value and no goal.
    """

    threshold: float
    value: float | None = None
    goal: Goal | None = None
    reached: bool = True


def choose_threshold(
    probability: Vector, positive: Array, goal: Goal, weights: Vector | None = None
) -> Threshold | None:
    """The threshold for probabilities (n,) of rows (n,) that are positive or not; None without both.

    Of equal choices the one nearest to 0.5. Precision: the most recall that has it, or the most precision
    there is. Recall: the most precision that has it.
    """
    weights = np.ones(len(probability)) if weights is None else weights
    levels, taken = _choices(probability, positive, weights)
    if not (taken.positive > 0 and taken.negative > 0):
        return None
    bounds = np.append(levels, 0.0), np.append(1.0, levels)  # t above the first, to the second
    nearest = -np.abs(np.clip(MIDDLE, *bounds) - MIDDLE)
    ranked, value, reached = _ranked(taken, goal)
    possible = np.ones(len(value), bool)
    possible[0] = bounds[0][0] < 1.0  # nothing is taken only above the highest probability
    best = int(np.lexsort((nearest, *ranked, possible))[-1])
    low, high = (float(bound[best]) for bound in bounds)
    return Threshold(simplest_between(low, high), float(value[best]), goal, bool(reached[best]))


def _choices(probability: Vector, positive: Array, weights: Vector) -> tuple[Vector, Taken]:
    """The different probabilities (m,), the highest first, and what is taken: nothing, then from each on."""
    order = np.argsort(-probability, kind="stable")
    ranked, hit, weight = probability[order], positive[order], weights[order]
    last_of_tie = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], np.ones(min(1, len(ranked)), bool)))
    hits, false_alarms = (np.cumsum(which * weight)[last_of_tie] for which in (hit, ~hit))
    hits, false_alarms = np.append(0.0, hits), np.append(0.0, false_alarms)
    return ranked[last_of_tie], Taken(hits, false_alarms, float(hits[-1]), float(false_alarms[-1]))


def _ranked(taken: Taken, goal: Goal) -> tuple[tuple[Array, ...], Vector, Array]:
    """What choices rank by, the last first; the value of each, and whether that is enough."""
    if goal.at_least is None:
        value = MAXIMIZED[goal.of](taken)
        return (value,), value, np.ones(len(value), bool)
    if goal.of == "recall":
        enough = taken.recall >= goal.at_least
        return (taken.recall, taken.precision, enough), taken.recall, enough
    enough = taken.precision >= goal.at_least
    first = np.where(enough, taken.hits, taken.precision)
    second = np.where(enough, taken.precision, taken.hits)
    return (second, first, enough), taken.precision, enough


def simplest_between(low: float, high: float) -> float:
    """A number t with low < t ≤ high, near their middle, of as few decimals as there are; else `high`."""
    middle = low + 0.5 * (high - low)
    rounded = (round(middle, digits) for digits in range(1, MOST_DIGITS + 1))
    return next((t for t in rounded if low < t <= high), high)


def _ratio(numerator: Vector, denominator: Vector) -> Vector:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)

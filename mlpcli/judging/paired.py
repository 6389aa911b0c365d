"""Two models on the same rows: by how much they differ, and whether chance in the choice of rows explains it.

Both are judged on the same draws of the rows, so that what makes a draw easy or hard for both falls out of
the difference (the paired bootstrap).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlpcli.arrays import Array
from mlpcli.judging.bootstrap import LEVEL, Interval, in_draws, interval_of
from mlpcli.judging.resampling import DRAWS
from mlpcli.training.metrics import compute, greater_is_better
from mlpcli.training.predictions import Predictions


@dataclass(frozen=True)
class Difference:
    """A metric of two models on so many `rows`; `interval` is that of second − first."""

    metric: str
    first: float
    second: float
    interval: Interval
    rows: int

    @property
    def value(self) -> float:
        """second − first."""
        return self.second - self.first

    @property
    def better(self) -> int:
        """1 where the second is better, −1 where the first is, 0 where the interval holds no difference."""
        if self.interval.lower <= 0 <= self.interval.upper:
            return 0
        return 1 if (self.interval.lower > 0) == greater_is_better(self.metric) else -1

    def verdict(self, first: str, second: str) -> str:
        """In words, of models of these names: `b is better: accuracy +0.021 [0.004, 0.039]`.

        The numbers are those of the better one minus those of the other.
        """
        if not self.better:
            return f"no difference in {self.metric} that {self.rows:,} rows could show"
        better, turned = (second, 1) if self.better > 0 else (first, -1)
        lower, upper = sorted((turned * self.interval.lower, turned * self.interval.upper))
        return f"{better} is better: {self.metric} {turned * self.value:+.3g} [{lower:.3g}, {upper:.3g}]"


def differences(
    first: Predictions,
    second: Predictions,
    names: Iterable[str],
    draws: int = DRAWS,
    groups: Array | None = None,
) -> list[Difference]:
    """Of each metric that both have a value of, with 95 % intervals; the same rows in the same order."""
    names = tuple(names)
    values = compute(names, first), compute(names, second)
    found = []
    for name, (of_first, of_second) in in_draws([first, second], names, draws, groups).items():
        one, other = (own[name] for own in values)
        interval = interval_of(of_second - of_first, LEVEL)
        if one is not None and other is not None and interval is not None:
            found.append(Difference(name, one, other, interval, first.rows))
    return found

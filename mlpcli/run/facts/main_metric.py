"""The metric that says most about a run, and whether it is better than that of a constant prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from mlpcli.report.blocks import Score

Verdict: TypeAlias = Literal["better", "unsure", "worse"]


@dataclass(frozen=True)
class MainMetric:
    """The metric with its interval and what a constant prediction has."""

    score: Score

    @property
    def verdict(self) -> Verdict:
        """By the side of the constant prediction on which the whole interval is; without one by the value."""
        found, constant = self.score.value, self.score.baseline
        if found is None or constant is None:
            return "unsure"
        low = found if self.score.low is None else self.score.low
        high = found if self.score.high is None else self.score.high
        if not self.score.greater_is_better:
            low, high, constant = -high, -low, -constant
        if low > constant:
            return "better"
        return "worse" if high <= constant else "unsure"

    def skill(self, value: float | None) -> float | None:
        """How far a value is on the way from that of a constant prediction, 0, to that of no error, 1."""
        constant = self.score.baseline
        best = 1.0 if self.score.greater_is_better else 0.0
        if value is None or constant is None or constant == best:
            return None
        return (value - constant) / (best - constant)

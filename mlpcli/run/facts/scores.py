"""Metrics in a report: each part's beside a constant prediction's, with intervals for the rows that judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from mlpcli.arrays import Array
from mlpcli.judging.bootstrap import Interval, intervals
from mlpcli.judging.reliability import wilson
from mlpcli.judging.resampling import DRAWS
from mlpcli.report.blocks import Capped, Score
from mlpcli.report.score_parts import FoldScores, PartScores, TargetScores
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.shortened import capped, name
from mlpcli.training.callbacks import Values
from mlpcli.training.metrics import greater_is_better

# entries of all draws together, which take about a second
MOST_DRAWN, FEWEST_DRAWS = 20_000_000, 100
MOST_TARGETS, MOST_FOLDS = 30, 20


@dataclass(frozen=True, eq=False)
class Intervals:
    """Those of the metrics on the rows that judge the run; none where the rows are too many to draw often."""

    of: Mapping[str, Interval]

    @classmethod
    def found(cls, case: Case, groups: Array | None) -> Intervals:
        """Drawn row by row, or by groups where their rows belong together: `groups` (n,) names them.

        Where every draw has the same value, as where all rows are right, the bootstrap says that it cannot be
        otherwise: of a share there is then the interval of Wilson, of another metric none.
        """
        draws = min(DRAWS, MOST_DRAWN // max(1, case.predictions.rows))
        if draws < FEWEST_DRAWS:
            return cls({})
        found = intervals(case.predictions, case.metrics, draws=draws, groups=groups)
        wide = {metric: ends for metric, ends in found.items() if ends.lower < ends.upper}
        if "accuracy" in found and "accuracy" not in wide and groups is None:
            share = case.values["accuracy"]
            assert share is not None, "what has an interval has a value"
            wide["accuracy"] = wilson(share, case.predictions.rows)
        return cls(wide)

    def score(self, metric: str, value: float | None, constant: float | None) -> Score:
        """A metric with its interval, if it has one and a value."""
        ends = self.of.get(metric) if value is not None else None
        plain = score(metric, value, constant)
        return plain if ends is None else plain.model_copy(update={"low": ends.lower, "high": ends.upper})


def score(metric: str, value: float | None, constant: float | None = None) -> Score:
    """A metric without an interval."""
    better = greater_is_better(metric)
    known, baseline = finite(value), finite(constant)
    return Score(metric=metric, value=known, greater_is_better=better, baseline=baseline)


def finite(value: float | None) -> float | None:
    """A value that JSON can hold."""
    return None if value is None or not isfinite(value) else float(value)


def parts_of(case: Case, found: Intervals) -> list[PartScores]:
    """Every part."""
    nothing = Intervals({})
    parts = []
    for part in case.results.parts:
        here = part == case.judge
        values = case.values if here else case.results.parts[part]
        parts.append(
            PartScores.model_validate(
                {
                    "part": part,
                    "words": case.words(part),
                    "rows": len(case.readers(part).parts[part].rows),
                    "scores": tuple(_scores(values, case.results.baseline[part], found if here else nothing)),
                }
            )
        )
    return parts


def _scores(values: Values, baseline: Values, found: Intervals) -> list[Score]:
    return [found.score(metric, value, baseline.get(metric)) for metric, value in values.items()]


def targets_of(case: Case) -> Capped[TargetScores]:
    """Each of several targets on the rows that judge the run."""
    own = case.results.targets[case.judge]
    found = [
        TargetScores(
            target=name(target), scores=tuple(score(metric, value) for metric, value in values.items())
        )
        for target, values in list(own.items())[:MOST_TARGETS]
    ]
    return capped(found, MOST_TARGETS, len(own))


def folds_of(case: Case) -> list[FoldScores]:
    """Each metric in every fold."""
    return [
        FoldScores(
            metric=metric,
            mean=finite(own["mean"]),
            std=finite(own["std"]),
            folds=capped([finite(value) for value in own["folds"]], MOST_FOLDS),
        )
        for metric, own in case.results.cross_validation.items()
    ]

"""Intervals and prediction sets of a model, by what it got wrong of rows that it was not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.calibration.intervals import bounds_by_folds, errors_of, smallest
from mlpcli.calibration.prediction_sets import misfit, sets_by_folds
from mlpcli.calibration.said import Known, Said
from mlpcli.config.levels import require_rows


@dataclass(frozen=True, eq=False)
class SplitIntervals:
    """By rows that nothing was fitted on: for each level the largest error of a target (levels, K).

    Of classes there is one column: the largest misfit of a class that is in a set.
    """

    levels: tuple[float, ...]
    limits: Matrix

    def bounds(self, said: Said, level: float) -> tuple[Matrix, Matrix]:
        """The lower and the upper ends (n, K), within the bounds of the target if it has some."""
        limit, numbers = self._limit(level), said.numbers
        with np.errstate(over="ignore"):
            lower, upper = numbers - limit, numbers + limit
        return said.decoder.target.bounded(lower), said.decoder.target.bounded(upper)

    def sets(self, said: Said, level: float) -> Array:
        """Which classes are in the set of each row (n, C)."""
        return np.asarray(said.misfits <= self._limit(level))

    def _limit(self, level: float) -> Vector:
        return np.asarray(self.limits[self.levels.index(level)])


@dataclass(frozen=True, eq=False)
class FoldIntervals:
    """By folds: what each fold's model got wrong of the rows that validate it, (rows, K), ascending."""

    levels: tuple[float, ...]
    errors: tuple[Matrix, ...]

    def bounds(self, said: Said, level: float) -> tuple[Matrix, Matrix]:
        """The lower and the upper ends (n, K), within the bounds of the target if it has some."""
        numbers = [member.numbers for member in said.members]
        found = [
            bounds_by_folds(
                [one[:, target] for one in numbers], [one[:, target] for one in self.errors], level
            )
            for target in range(numbers[0].shape[1])
        ]
        lower, upper = (np.stack(ends, axis=1) for ends in zip(*found, strict=True))
        return said.decoder.target.bounded(lower), said.decoder.target.bounded(upper)

    def sets(self, said: Said, level: float) -> Array:
        """Which classes are in the set of each row (n, C)."""
        return sets_by_folds(
            [member.misfits for member in said.members], [one[:, 0] for one in self.errors], level
        )


Intervals: TypeAlias = SplitIntervals | FoldIntervals


def fit_split(known: Known, levels: Sequence[float]) -> SplitIntervals:
    """Those of these rows; raises DataError where they are too few."""
    errors = errors_in(known)
    require_rows(levels, len(errors), "calibration rows")
    return SplitIntervals(tuple(levels), np.stack([smallest(errors, level) for level in levels]))


def fit_folds(folds: Sequence[Known], levels: Sequence[float]) -> FoldIntervals:
    """Those of what each fold's model says of the rows that validate it; raises DataError for too few."""
    errors = tuple(np.sort(errors_in(known), axis=0) for known in folds)
    require_rows(levels, sum(map(len, errors)), "rows that validate")
    return FoldIntervals(tuple(levels), errors)


def errors_in(known: Known) -> Matrix:
    """What a model got wrong of the rows that count: (n, K), of classes their misfit (n, 1)."""
    rows = known.usable
    if rows.said.decoder.target.task == "regression":
        return errors_of(rows.truth, rows.said.numbers)
    return misfit(rows.said.decoder.class_scores(rows.said.scores), rows.truth)[:, np.newaxis]

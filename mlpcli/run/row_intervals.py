"""Intervals beside what a run says of single rows, in predictions.csv and out_of_fold.csv."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.calibration.calibrated import Calibrated
from mlpcli.calibration.conformal import FoldIntervals
from mlpcli.calibration.coverage import columns_of_levels, names_of_levels
from mlpcli.calibration.said import Said
from mlpcli.run.member_scores import MemberScores
from mlpcli.run.prediction import emptied
from mlpcli.run.trained_study import TrainedStudy
from mlpcli.training.decoder import OutputDecoder


@dataclass(frozen=True, eq=False)
class RowIntervals:
    """The columns of intervals of every level; none where the run has no intervals.

    `members` are what each of the networks that predict says of each part, where intervals are by folds.
    """

    found: Calibrated
    members: Sequence[MemberScores] = ()

    @classmethod
    def of(cls, done: TrainedStudy, found: Calibrated) -> RowIntervals:
        """Those of a run."""
        by_folds = isinstance(found.intervals, FoldIntervals)
        return cls(found, done.kept.scores_of_members if by_folds else ())

    def names(self, decoder: OutputDecoder) -> tuple[str, ...]:
        """What the columns are called."""
        return () if self.found.intervals is None else names_of_levels(self.found.intervals, decoder)

    def of_part(self, said: Said, part: str, which: slice) -> list[Array]:
        """The columns for some rows of a part that did not train."""
        members = [
            Said(one.of_parts[part][which], self.found.read_by(one.decoder)) if part in one.of_parts else said
            for one in self.members
        ]
        return self._columns(replace(said, members=members))

    def out_of_fold(self, said: Said) -> list[Array]:
        """The columns for rows of which that network tells which had not seen them, and no other does."""
        return self._columns(replace(said, members=[said] * len(self.members)))

    def _columns(self, said: Said) -> list[Array]:
        if self.found.intervals is None:
            return []
        with np.errstate(all="ignore"):  # rows without a finite score are empty below
            columns = columns_of_levels(self.found.intervals, said)
        bad = bad_rows(said.scores)
        return [emptied(column, bad) for column in columns] if bad.any() else columns


def bad_rows(scores: Matrix) -> Array:
    """Which rows (n,) cannot be predicted, as their scores (n, outputs) are no numbers."""
    return np.logical_not(np.isfinite(scores).all(axis=1))

"""The loss curves of a history as plain points: what the pictures and the curve in the terminal both draw."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, TypeAlias

from mlpcli.artifacts.history import Row

Point: TypeAlias = tuple[int, float]  # epoch, loss

CURVES: Final = {"train": "loss", "validation": "val_loss"}  # the column of the history that each one shows
# what float64 can hold is wider than what an axis can: its ends would overflow
LARGEST, SMALLEST = 1e250, 1e-250


@dataclass(frozen=True)
class Series:
    """One curve: what it is of, and its points, one at least, every loss finite."""

    name: str
    points: tuple[Point, ...]

    @property
    def last(self) -> Point:
        """The point where the curve ends."""
        return self.points[-1]

    def at(self, epoch: int) -> float | None:
        """The loss of that epoch, or None where there is no point."""
        return next((loss for found, loss in self.points if found == epoch), None)


def loss_series(rows: Sequence[Row]) -> list[Series]:
    """Training curve, then validation curve, each where it has a point at all.

    A loss that is absent, or not finite as the last one of a run that diverged, is no point.
    """
    series = [Series(name, _points(rows, column)) for name, column in CURVES.items()]
    return [one for one in series if one.points]


def _points(rows: Sequence[Row], column: str) -> tuple[Point, ...]:
    found = ((row["epoch"], row.get(column)) for row in rows)
    return tuple(
        (int(epoch), float(loss) if abs(loss) >= SMALLEST else 0.0)
        for epoch, loss in found
        if epoch is not None and loss is not None and abs(loss) <= LARGEST  # which NaN is not
    )


def thinned(points: Sequence[Point], columns: int) -> list[Point]:
    """The points that matter in a picture `columns` wide: of each column the first, least, greatest and last.

    Jugel et al. 2014, "M4: a visualization-oriented time series data aggregation".
    """
    if len(points) <= 4 * columns:
        return list(points)
    first, span = points[0][0], points[-1][0] - points[0][0] + 1
    kept: list[Point] = []
    for _, group in itertools.groupby(points, lambda point: (point[0] - first) * columns // span):
        column = list(group)
        kept += sorted(
            {column[0], min(column, key=itemgetter(1)), max(column, key=itemgetter(1)), column[-1]}
        )
    return kept

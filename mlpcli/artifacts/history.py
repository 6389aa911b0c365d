"""The history of a run: its rows as a file, and as the curves that are drawn."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, BinaryIO, Final, TypeAlias

from mlpcli.artifacts.atomic import Content
from mlpcli.artifacts.strict_json import dumps, without_nan

Row: TypeAlias = Mapping[str, float | None]  # one epoch: the columns by name, None where there is no value

MEMBER = "member"  # the number of the network, counted from 1, where a run has several
COUNTS = {MEMBER, "epoch"}
TRAINING_ROWS, VALIDATION_ROWS = "", "val_"  # what the names of their columns begin with


def history_columns(metrics: Sequence[str], parts: Sequence[str]) -> list[str]:
    """`epoch`, then loss and metrics of each part (TRAINING_ROWS, VALIDATION_ROWS), then `learning_rate`."""
    scores = [part + name for part in parts for name in ("loss", *metrics)]
    return ["epoch", *scores, "learning_rate"]


def history_content(columns: Sequence[str], rows: Sequence[Row]) -> Content:
    """What writes history.csv: numbers that read back to the same value, an empty field for None."""

    def write(stream: BinaryIO) -> None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_field(row.get(name), name) for name in columns] for row in rows)
        stream.write(text.getvalue().encode("utf-8"))

    return write


def metrics_content(document: Mapping[str, Any]) -> Content:
    """What writes metrics.json, where an undefined value is null."""
    text = dumps(without_nan(document), indent=2) + "\n"

    def write(stream: BinaryIO) -> None:
        stream.write(text.encode("utf-8"))

    return write


def _field(value: float | None, name: str) -> str:
    if value is None:
        return ""
    return str(int(value)) if name in COUNTS else repr(float(value))


Point: TypeAlias = tuple[int, float]  # epoch, loss

CURVES: Final = {"train": TRAINING_ROWS, "validation": VALIDATION_ROWS}  # which rows each one is of
NO_METRICS: Final = {*COUNTS, "loss", "learning_rate"}  # columns of the history besides the metrics
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


def mean_rows(histories: Sequence[Sequence[Row]]) -> list[Row]:
    """The mean of several histories, epoch by epoch: of those that have as many and a value there."""
    longest = max(histories, key=len)
    return [
        {name: _mean([rows[index].get(name) for rows in histories if index < len(rows)]) for name in row}
        for index, row in enumerate(longest)
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def first_metric(rows: Sequence[Row]) -> str | None:
    """The metric whose column comes first, if there is any."""
    names = (name for name in (rows[0] if rows else ()) if not name.startswith(VALIDATION_ROWS))
    return next((name for name in names if name not in NO_METRICS), None)


def curves_of(rows: Sequence[Row], what: str = "loss") -> list[Series]:
    """Training curve, then validation curve of the loss or a metric, each where it has a point at all.

    A value that is absent, or not finite as the last loss of a run that diverged, is no point.
    """
    series = [Series(name, _points(rows, part + what)) for name, part in CURVES.items()]
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

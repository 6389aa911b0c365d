"""Which rows are traced: numbers in the training file, and where these are among the rows that train."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.data.row_origins import PLACES, RowOrigins
from mlpcli.errors import UsageError

RANGE = re.compile(r"(\d{1,12})\.\.(\d{1,12})")
# what the other places do, in a sentence about a row
DOES = {
    "validation": "validates",
    "calibration": "calibrates",
    "test": "tests",
    "dropped": "is left out, for a cell that is missing",
}


def asked_rows(row: int | None, rows: str | None) -> range | None:
    """The numbers that `--row N` or `--rows N..M` ask for; None where neither is given. Raises UsageError."""
    if rows is None:
        return None if row is None else range(row, row + 1)
    if row is not None:
        raise UsageError.of("expected --row or --rows, found both", hint="--rows 1..3 are three rows")
    found = RANGE.fullmatch(rows.strip())
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= first <= last:
        message = f"--rows: expected N..M, two row numbers from 1 on, found '{rows}'"
        raise UsageError.of(message, hint="--rows 1..3 are the first three rows of the training file")
    return range(first, last + 1)


def rows_to_trace(asked: range | None, origins: RowOrigins, least: int) -> tuple[int, ...]:
    """The numbers of those of them that train, counted from 1 in the training file; the first by default.

    Of several that are asked for those that do not train are left out. At least so many are needed where a
    layer normalizes over rows. Raises UsageError.
    """
    (file,) = (one for one in origins.files if one.key == "train")
    trains = file.rows_of("train") + 1
    if asked is None:
        return tuple(trains[:least].tolist())
    chosen = trains[(trains >= asked.start) & (trains < asked.stop)]
    if not len(chosen):
        raise UsageError.of(_none_trains(asked, file.places), hint=f"a row that trains is --row {trains[0]}")
    if len(chosen) < least:
        message = f"expected at least {least} training rows, found {len(chosen)}: batch_norm is over rows"
        raise UsageError.of(message, hint="name more of them: --rows 1..8")
    return tuple(chosen.tolist())


def _none_trains(asked: range, places: Array) -> str:
    """What the rows do instead."""
    if asked.start > len(places):
        return f"row {asked.start}: the training file has {len(places):,} rows"
    does = DOES[PLACES[int(places[asked.start - 1])]]
    several = f", and no other up to row {asked[-1]} trains" if len(asked) > 1 else ""
    return f"expected a row that trains: row {asked.start} {does}{several}"


def positions(numbers: Sequence[int], origins: RowOrigins) -> Indices:
    """Where these rows are among those that train."""
    (file,) = (one for one in origins.files if one.key == "train")
    return np.searchsorted(file.rows_of("train") + 1, numbers)

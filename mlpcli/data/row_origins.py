"""Where the rows of the parts come from: which row of which file, and what the file says about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix
from mlpcli.data.encoding import RowsOf
from mlpcli.tables.collected import Carried
from mlpcli.tables.reader import WholeFile

PARTS = ("train", "validation", "calibration", "test")
PLACES = (*PARTS, "dropped")  # what becomes of a row


@dataclass(frozen=True)
class FileRows:
    """All rows of the file at the key `data.KEY`: the number in PLACES of each, and the texts of its ids.

    A file of other rows need not have the ids of the training file.
    """

    key: str
    places: Array
    ids: Mapping[str, Carried]

    def rows_of(self, part: str) -> Indices:
        """The rows of the file that are in a part, counted from 0, ascending."""
        return np.flatnonzero(self.places == PLACES.index(part))


@dataclass(frozen=True)
class RowOrigins:
    """The files in the order of PARTS; and by part the numbers (rows, columns) to predict, exactly as read.

    Only of the rows that are held out, and only where the targets are numbers.
    """

    files: tuple[FileRows, ...] = ()
    targets: Mapping[str, Matrix] = field(default_factory=dict)


NO_ORIGINS = RowOrigins()


def origins_of(
    files: Mapping[str, WholeFile], parts: Sequence[RowsOf], numbers: Sequence[str], *, trained_ones: bool
) -> RowOrigins:
    """The origins of the rows of parts, before the owners give up their tables; `numbers` are the targets.

    Those of rows that train are kept if these will be held out too: in folds.
    """
    found = []
    for key, file in files.items():
        places = np.full(file.table.rows, PLACES.index("dropped"), np.uint8)
        for part in parts:
            if part.owner is file.owner:
                places[part.rows] = PLACES.index(part.name)
        found.append(FileRows(key, places, file.carried))
    held_out = [part for part in parts if numbers and (trained_ones or part.name != "train")]
    return RowOrigins(tuple(found), {part.name: _numbers(part, numbers) for part in held_out})


def _numbers(part: RowsOf, columns: Sequence[str]) -> Matrix:
    return np.column_stack([part.owner.table.number(name, part.rows).values for name in columns])

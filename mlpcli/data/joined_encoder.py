"""The encoders of several networks as one: their inputs side by side, what is wrong with a cell told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.data.encoder import Encoded, InputEncoder
from mlpcli.data.indicator_feature import MissingFeature
from mlpcli.tables.bad_cells import Fault, Unseen
from mlpcli.tables.table import Table


@dataclass(frozen=True)
class JoinedEncoder(InputEncoder):
    """An encoder whose features are those of several, one after the other."""

    def encode(self, table: Table, rows: Indices | None = None, out: Matrix | None = None) -> Encoded:
        """The inputs for all of them; a category is new where it is to each one that has its column."""
        encoded = super().encode(table, rows, out)
        return replace(encoded, faults=_once(encoded.faults), unseen=self._unseen_by_all(encoded.unseen))

    def _unseen_by_all(self, found: Iterable[Unseen]) -> tuple[Unseen, ...]:
        by_column: defaultdict[str, list[Unseen]] = defaultdict(list)
        for unseen in found:
            by_column[unseen.column].append(unseen)
        names = [feature.name for feature in self.features if not isinstance(feature, MissingFeature)]
        common = (
            _in_common(by_column[name]) for name in by_column if len(by_column[name]) == names.count(name)
        )
        return tuple(unseen for unseen in common if unseen.count)


def _in_common(found: Sequence[Unseen]) -> Unseen:
    fewest = min(found, key=lambda unseen: unseen.count)
    rows = reduce(np.intersect1d, (unseen.rows for unseen in found))
    return replace(fewest, rows=rows, count=len(rows))


def _once(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """One fault for each reason in a column: that of the first row, with the rows of all of them."""
    alike: defaultdict[tuple[str | None, str], list[Fault]] = defaultdict(list)
    for fault in faults:
        alike[fault.column, fault.reason].append(fault)
    return tuple(map(_of_all_rows, alike.values()))


def _of_all_rows(faults: Sequence[Fault]) -> Fault:
    first = min(faults, key=lambda fault: fault.rows[0])
    return replace(first, rows=reduce(np.union1d, (fault.rows for fault in faults)))


@dataclass(frozen=True)
class Joined:
    """One encoder for several, and which of its inputs are those of each."""

    inputs: InputEncoder
    columns: tuple[slice, ...]


def joined(encoders: Sequence[InputEncoder]) -> Joined:
    """The encoders as one; equal ones share their inputs."""
    different = [one for index, one in enumerate(encoders) if one not in encoders[:index]]
    ends = np.cumsum([one.width for one in different]).tolist()
    stretches = [slice(end - one.width, end) for end, one in zip(ends, different, strict=True)]
    columns = tuple(stretches[different.index(one)] for one in encoders)
    if len(different) == 1:
        return Joined(different[0], columns)
    features = tuple(feature for one in different for feature in one.features)
    return Joined(JoinedEncoder(features), columns)

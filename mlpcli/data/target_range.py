"""Numbers to predict that a network's precision does not hold: told before training diverges, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.tables.bad_cells import Fault
from mlpcli.tables.table import Table

HINT = "leave `target_scale` to its default"
WIDER = f"write `training.dtype: float64`, or {HINT}"


@dataclass(frozen=True, eq=False)
class ScaledTargets:
    """Columns of a regression's target in some rows of a table: `y` (n, K), as the loss sees them."""

    table: Table
    rows: Indices
    columns: tuple[str, ...]
    y: Matrix

    def beyond(self, dtype: str) -> Iterator[Fault]:
        """Those that would be infinite in a precision."""
        yield from self._above(float(np.finfo(dtype).max), f"a target beyond what {dtype} holds", dtype)

    def beyond_squares(self, dtype: str) -> Iterator[Fault]:
        """Those whose squares would be."""
        largest = float(np.sqrt(np.finfo(dtype).max))
        yield from self._above(largest, f"a target whose square is beyond what {dtype} holds", dtype)

    def below(self, dtype: str) -> Iterator[Fault]:
        """Those of a column in which all are so small that few digits are left of them, or none."""
        for name, column in zip(self.columns, self.y.T, strict=True):
            if np.abs(column).max(initial=0.0) < np.finfo(dtype).tiny:
                reason = f"a target below what {dtype} holds"
                yield from self._faults(name, np.flatnonzero(column), reason, dtype)

    def _above(self, largest: float, reason: str, dtype: str) -> Iterator[Fault]:
        for name, column in zip(self.columns, self.y.T, strict=True):
            yield from self._faults(name, np.flatnonzero(~(np.abs(column) <= largest)), reason, dtype)

    def _faults(self, name: str, rows: Indices, reason: str, dtype: str) -> Iterator[Fault]:
        if len(rows):
            found = self.table.number(name, self.rows[rows[:1]]).values[0]
            yield Fault(name, reason, rows, HINT if dtype == "float64" else WIDER, f", found {found:g}")

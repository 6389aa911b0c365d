"""An input of 0 and 1 beside a column's own: whether the cell is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlpcli.arrays import Array, Indices
from mlpcli.data.feature import Fitted, Found
from mlpcli.data.table import Table, Wanted

INDICATOR = "indicator"


@dataclass(frozen=True)
class MissingFeature:
    """The indicator of a column that is a feature itself, which says how the column is read."""

    name: str
    encode: str = INDICATOR
    fitted: tuple[Fitted, ...] = ()

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its one input is called."""
        return (f"{self.name}=missing",)

    @property
    def wanted(self) -> Wanted:
        """Nothing besides what the column's own feature wants."""
        return Wanted()

    def meta(self) -> dict[str, Any]:
        """What a model file says about it."""
        return {"name": self.name, "encode": self.encode}

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write 1 where the cell is missing."""
        absent = table.missing(self.name)
        out[:, 0] = absent if rows is None else absent[rows]
        return [], []

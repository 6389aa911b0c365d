"""An input of 0 and 1 that says whether the cell of a column is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.data.feature import Feature, Found, Numbers, Stored
from mlpcli.tables.spellings import Spelling
from mlpcli.tables.table import Table, Wanted

INDICATOR = "indicator"


@dataclass(frozen=True)
class MissingFeature:
    """The indicator of a column that is a feature itself, which says how the column is read.

    `words` are the texts that feature may hold, None where it holds numbers: whether a number among texts
    means a missing cell, in every spelling, is said by those, not by the rows that are encoded together.
    """

    name: str
    words: tuple[str, ...] | None = None
    encode: str = INDICATOR
    numbers: tuple[Numbers, ...] = ()

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its one input is called."""
        return (f"{self.name}=missing",)

    @property
    def wanted(self) -> Wanted:
        """Nothing besides what the column's own feature wants."""
        return Wanted()

    @property
    def spelling(self) -> Spelling:
        """That of the column's own feature."""
        return Spelling()

    @classmethod
    def beside(cls, feature: Feature) -> MissingFeature:
        """That of the column of another feature."""
        return cls(feature.name, None if feature.wanted.numbers else feature.spelling.words)

    @classmethod
    def from_meta(cls, entry: Mapping[str, Any], _stored: Stored) -> MissingFeature:
        """The feature that `meta` described."""
        return cls(entry["name"])

    def meta(self) -> dict[str, Any]:
        """What a model file says about it."""
        return {"name": self.name, "encode": self.encode}

    def facts(self) -> dict[str, Any]:
        """Nothing is fitted."""
        return {}

    def is_constant(self, table: Table, rows: Indices) -> bool:
        """Whether all cells of some rows are missing, or none."""
        return len(np.unique(self._absent(table)[rows])) == 1

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write 1 where the cell is missing."""
        absent = self._absent(table)
        out[:, 0] = absent if rows is None else absent[rows]
        return [], []

    def _absent(self, table: Table) -> Array:
        """Which rows of a table have no value."""
        if self.words is None:
            return table.number(self.name).missing
        return table.missing(self.name, self.words)

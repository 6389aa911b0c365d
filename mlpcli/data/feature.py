"""What every kind of input column can do once it is fitted."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from mlpcli.arrays import Array, Indices
from mlpcli.data.faults import Fault, Unseen
from mlpcli.data.table import Table, Wanted

Fitted: TypeAlias = tuple[float, float, float]  # the center, scale and fill of one scaled input
Found: TypeAlias = tuple[list[Fault], list[Unseen]]


class Feature(Protocol):
    """An input column, fitted on the training rows."""

    @property
    def name(self) -> str:
        """The column."""

    @property
    def encode(self) -> str:
        """How its cells become numbers."""

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its inputs are called: one for each column of `out` in `write`."""

    @property
    def wanted(self) -> Wanted:
        """What a table must have to be encoded."""

    @property
    def fitted(self) -> tuple[Fitted, ...]:
        """The numbers that scale its inputs, in the order of the inputs that are scaled."""

    def meta(self) -> dict[str, Any]:
        """What a model file says about it besides the arrays."""

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write some rows of a table, all of them for None, into zeros: `out`, (rows, inputs).

        What cannot be used stays 0 and is returned, with the rows counted from the first one written.
        """

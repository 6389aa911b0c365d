"""What every kind of input column can do: be fitted, applied, described, and read back from that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, Self, TypeAlias

from mlpcli.arrays import Array, Indices
from mlpcli.config.spec import EncodeSpec, MissingSpec
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.bad_cells import Fault, Unseen
from mlpcli.tables.spellings import Spelling
from mlpcli.tables.table import Table, TrainingRows, Wanted

Numbers: TypeAlias = tuple[float, float, float]  # the center, scale and fill of one scaled input
Found: TypeAlias = tuple[list[Fault], list[Unseen]]


class Stored:
    """The fitted numbers of a model file, handed out in the order of the features."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        columns = (arrays[f"inputs.{part}"].tolist() for part in ("center", "scale", "fill"))
        self._numbers: Iterator[Numbers] = zip(*columns, strict=True)
        self._quantiles = iter(arrays.get("inputs.quantiles", ()))
        pieces = (arrays.get(f"inputs.bins.{part}") for part in ("start", "scale"))
        self._bins = zip(*(() if piece is None else piece.tolist() for piece in pieces), strict=True)

    def numbers(self) -> Numbers:
        """Center, scale and fill of the next scaled input."""
        return next(self._numbers)

    def quantiles(self) -> tuple[float, ...]:
        """Those of the next feature that has some."""
        return tuple(next(self._quantiles).tolist())

    def bins(self, count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Where so many bins begin, and how wide they are: those of the next feature that has some."""
        starts, widths = zip(*islice(self._bins, count), strict=True)
        return starts, widths


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
    def spelling(self) -> Spelling:
        """How files spell it."""

    @property
    def numbers(self) -> tuple[Numbers, ...]:
        """The numbers that scale its inputs, in the order of the inputs that are scaled."""

    @classmethod
    def from_meta(cls, entry: Mapping[str, Any], stored: Stored, /) -> Self:
        """The feature that `meta` described."""

    def meta(self) -> dict[str, Any]:
        """What a model file says about it besides the arrays."""

    def facts(self) -> dict[str, Any]:
        """What `mlp inspect` adds to that: the numbers fitted for it."""

    def is_constant(self, table: Table, rows: Indices, /) -> bool:
        """Whether it is the same in some rows of a table, on which it was fitted."""

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write some rows of a table, all of them for None, into zeros: `out`, (rows, inputs).

        What cannot be used stays 0 and is returned, with the rows counted from the first one written.
        """


class Encoding(Feature, Protocol):
    """A feature of its own, as an encoding makes one of a column."""

    @classmethod
    def fit(cls, name: str, encode: EncodeSpec, policy: MissingSpec, train: TrainingRows) -> Self:
        """The feature that training rows decide. Raises DataError.

        Cells that cannot be used are left out; encoding the same rows reports them.
        """


class NothingThereError(DataError):
    """The training rows have no value in a column."""


def require_some(name: str, absent: Array, table: Table) -> None:
    """NothingThereError where the training rows have no value in a column."""
    if absent.all():
        message = f"column '{name}': every cell of the {len(absent):,} training rows is missing"
        raise NothingThereError(Problem(message, Place(table.source), f"leave it out: `exclude: [{name}]`"))

"""What a graph is given, a column of the table each, and the inputs that the networks have of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any, Final

import numpy as np

from mlpcli.config.date_format import EPOCHS
from mlpcli.exporting.columns import Absent, Code, Column, Date, Feature, OneHot, TextColumn
from mlpcli.exporting.description import Description
from mlpcli.exporting.exporter import unsayable
from mlpcli.exporting.onnx import dates, numbers, texts
from mlpcli.exporting.onnx.functions import is_nan
from mlpcli.exporting.onnx.graph import DOUBLE, TEXT, Graph, Value
from mlpcli.tables.columns import number_of

FORMAT: Final = "onnx"


@dataclass(frozen=True)
class Given:
    """How a column is given: as numbers, as texts, or as moments where it is read as a `date`."""

    column: Column
    date: Date | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Numbers in double precision, or texts."""
        return TEXT if isinstance(self.column, TextColumn) and self.date is None else DOUBLE

    @property
    def marks(self) -> tuple[float, ...]:
        """The numbers that mean that a cell is missing, besides NaN."""
        if self.date is None:
            return self.column.blank_numbers
        texts = self.column.blanks if self.date.form in EPOCHS else ()
        return tuple(number for number in map(number_of, texts) if number == number)


def given_columns(description: Description) -> tuple[Given, ...]:
    """The inputs of the graph, in the order of the columns. Raises ConfigError for what cannot be one."""
    features = list(chain.from_iterable(description.encodings))
    found = tuple(_given(column, features) for column in description.columns)
    names = {one.column.name for one in found}
    if "" in names:
        raise unsayable(FORMAT, "a column has no name, and an input needs one", "give the column a name")
    return found


def _given(column: Column, features: Sequence[Feature]) -> Given:
    mine = [one for one in features if one.column == column.name and not isinstance(one, Absent)]
    dated = [one for one in mine if isinstance(one, Date)]
    worded = [one for one in mine if isinstance(one, OneHot | Code)]
    several = len({one.form for one in dated}) > 1 or bool(dated and worded)
    if several or (isinstance(column, TextColumn) and len(dated) + len(worded) < len(mine)):
        why = "its networks read it in several ways, and an input has one type"
        raise unsayable(FORMAT, f"column '{column.name}': {why}")
    return Given(column, dated[0] if dated else None)


class Inputs:
    """The columns as values, and what features make of them."""

    def __init__(self, graph: Graph, given: Sequence[Given], decimal: str) -> None:
        self._graph, self._decimal = graph, decimal
        self._given = {one.column.name: one for one in given}
        self._values = {name: Value(graph, name, one.dtype) for name, one in self._given.items()}

    def encoded(self, features: Sequence[Feature]) -> Value:
        """The inputs (rows, inputs) of a network, in double precision; NaN where a cell cannot be used."""
        runs = [list(run) for _, run in groupby(features, _alike)]
        return self._graph.joined([self._of_run(run) for run in runs])

    def _of_run(self, run: Sequence[Any]) -> Value:
        """Of features that are alike, or of one."""
        first = run[0]
        if isinstance(first, numbers.NUMERIC):
            known = self._numbers([one.column for one in run])
            return numbers.encoded(run, numbers.filled(known, [one.fill for one in run]))
        given = self._given[first.column]
        if given.dtype == TEXT:
            meant = texts.Texts(given.column, self._decimal)
            return texts.encoded(first, self._values[first.column], meant)
        alone = self._numbers([first.column])
        return dates.encoded(first, alone) if isinstance(first, Date) else is_nan(alone).cast(DOUBLE)

    def _numbers(self, names: Sequence[str]) -> Value:
        values = [self._values[name] for name in names]
        return numbers.known_numbers(values, [self._given[name].marks for name in names])


def _alike(feature: Feature) -> tuple[object, ...]:
    """What features next to each other must have in common to be written together."""
    return numbers.alike(feature) if isinstance(feature, numbers.NUMERIC) else (id(feature),)

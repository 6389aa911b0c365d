"""Reads tables whose cells have types: what each means is what its text in a CSV would mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from types import TracebackType
from typing import Protocol, Self

from mlpcli.arrays import Vector
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.columns import Notation, NumberColumn, TextColumn
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.formats.cells import NESTED_HINT, UnusableValueError, Writing
from mlpcli.tables.header import Header
from mlpcli.tables.leading_zeros import codes_as_texts
from mlpcli.tables.own_marks import without_marks
from mlpcli.tables.table import Lines, Table, Wanted

SAMPLE_ROWS = 200


class Column(Protocol):
    """Some rows of a column."""

    def texts(self, writing: Writing) -> TextColumn:
        """The texts that they would be in a CSV; raises UnusableValueError."""

    def numbers(self, writing: Writing, missing: Vector) -> NumberColumn | None:
        """The numbers that they are where they are stored as such; `missing` ones stand for nothing."""


@dataclass(frozen=True)
class CellBlock:
    """Some rows, the columns by name, and where the rows are."""

    rows: int
    lines: Lines
    columns: Mapping[str, Column]


class TypedSource(Protocol):
    """An open file whose columns have names, and its rows, once."""

    @property
    def name(self) -> str:
        """What messages call the file."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns."""

    @property
    def warnings(self) -> Sequence[str]:
        """What may be wrong with how it is read."""

    def first(self, rows: int) -> CellBlock:
        """Some rows at the front, all columns that can be shown; they are still to come in `blocks`."""

    def skip(self, most: float) -> int:
        """Pass over rows at the front, at most so many, without a look at their cells: how many."""

    def blocks(self, names: Sequence[str]) -> Iterator[CellBlock]:
        """The rows that are left, some at a time, with these columns."""

    def close(self) -> None:
        """Close the file."""


class TypedReader:
    """An open table whose cells have types: its header is known, its rows are still to come, once."""

    def __init__(self, source: TypedSource, form: CsvFormat) -> None:
        self._source = source
        self._form = form
        try:
            _refuse_names(source)
            self.header = Header(
                source.name,
                tuple(name or f"Unnamed: {i}" for i, name in enumerate(source.names)),
                line=None,
                warnings=tuple(source.warnings),
            )
            self.sample = self._sampled()
        except BaseException:
            source.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()

    @property
    def notation(self) -> Notation:
        """How its texts say numbers and nothing."""
        return self._form.notation

    @property
    def last_notes(self) -> Sequence[str]:
        """What was left out after the last row: nothing ever is."""
        return ()

    def _sampled(self) -> list[list[str]]:
        """The first rows as texts; a column of cells that cannot be used has empty ones there."""
        block = self._source.first(SAMPLE_ROWS)
        columns = []
        for name in self._source.names:
            column = block.columns.get(name)
            try:
                texts = [] if column is None else column.texts(Writing.of(name, self._form)).texts().tolist()
            except UnusableValueError:
                texts = []
            columns.append(texts or [""] * block.rows)
        return [list(row) for row in zip(*columns, strict=True)]

    def skip(self, most: float = inf) -> int:
        """Pass over rows at the front, as many as come off without a look at their cells: how many."""
        return self._source.skip(most)

    def tables(self, wanted: Wanted, *, kept: bool = False) -> Iterator[Table]:
        """The rows as columns, block by block, whether they are kept or not."""
        del kept  # blocks are as large as they are for either
        own = {name: self._source.names[self.header.positions[name]] for name in wanted.names}
        for block in self._source.blocks(list(dict.fromkeys(own.values()))):
            yield _BlockReader(block, own, self.header.source, self._form).table(wanted)


def _refuse_names(source: TypedSource) -> None:
    place = Place(source.name)
    twice = next((name for i, name in enumerate(source.names) if name in source.names[:i]), None)
    if twice is not None:
        raise DataError.of(f"several columns are called '{twice}'", place, "rename all but one of them")
    if not source.names:
        raise DataError.of("has no columns", place)


@dataclass(frozen=True)
class _BlockReader:
    """Makes a table of a block; `own` are the names as the file has them."""

    block: CellBlock
    own: Mapping[str, str]
    source: str
    form: CsvFormat

    def table(self, wanted: Wanted) -> Table:
        """The columns wanted. Cells that are no numbers where they should be are kept as bad cells."""
        texts: dict[str, TextColumn] = {name: self._texts(name) for name in wanted.texts}
        numbers = {name: [self._numbers(name)] for name in wanted.numbers}
        numbers |= {name: [self._numbers(name, codes=True)] for name in wanted.either}
        block = self.block
        table = Table(self.source, block.rows, block.lines, self.form.notation, numbers, texts)
        return without_marks(table, self.form.own_na_values)

    def _numbers(self, name: str, *, codes: bool = False) -> NumberColumn:
        """A column as numbers; with `codes` its texts such as 08001 are none."""
        notation = self.form.notation
        parse = notation.decorations.get(name)
        if parse is None:
            column, writing = self.block.columns[self.own[name]], Writing.of(name, self.form)
            found = column.numbers(writing, notation.missing_numbers)
            if found is not None:
                return found
        texts = self._texts(name)
        numbers = texts.numbers(notation, parse)
        return codes_as_texts(numbers, texts) if codes else numbers

    def _texts(self, name: str) -> TextColumn:
        try:
            return self.block.columns[self.own[name]].texts(Writing.of(name, self.form))
        except UnusableValueError as error:
            place = Place(self.source, self.block.lines.of(error.row))
            message = f"column '{name}': expected a text or a number, found {error.found}"
            raise DataError(Problem(message, place, NESTED_HINT)) from error

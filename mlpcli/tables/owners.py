"""Who owns a table, to give it up span by span: in memory, as a matrix, or in a file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from mlpcli.tables.joined_columns import join_texts
from mlpcli.tables.matrix_columns import MatrixColumns
from mlpcli.tables.stored_columns import StoredColumns, StoredNumbers, StoredTexts
from mlpcli.tables.table import Table


@dataclass(frozen=True)
class Span:
    """Rows of a table from `start` up to `stop`, as a table of their own, whose lines are those of all."""

    start: int
    stop: int
    table: Table


class Owner(Protocol):
    """Whoever has all rows of a table, until they are handed out for the last time."""

    @property
    def table(self) -> Table:
        """The table, before it is given up."""
        ...

    def give_up(self, most: int) -> Iterator[Span]:
        """All rows, top to bottom, no more than `most` together."""
        ...

    def another(self) -> Owner:
        """An owner of the same table, who has it when this one has given it up."""
        ...


class TableOwner:
    """The owner of a table in memory.

    Whoever holds on to `table` keeps all of it as well.
    """

    def __init__(self, table: Table) -> None:
        self._table: Table | None = table

    @property
    def table(self) -> Table:
        """The table, before it is given up."""
        if self._table is None:
            raise RuntimeError("the table has been given up")
        return self._table

    def another(self) -> TableOwner:
        """Another owner, with whom the table stays in memory."""
        return TableOwner(self.table)

    def give_up(self, most: int) -> Iterator[Span]:
        """All rows, top to bottom, no more than `most` together: what has been handed out is not kept.

        No span reaches over the end of a piece of the columns of numbers: a piece goes with its last span.
        """
        table, self._table = self.table, None
        numbers = {name: deque(pieces) for name, pieces in table.numbers.items()}
        bounds, texts, lines, notation = table.bounds, table.texts, table.lines, table.notation
        source = table.source
        del table
        for first, end in pairwise(bounds):
            piece = {name: [pieces.popleft()] for name, pieces in numbers.items()}
            for start in range(first, end, most):
                stop = min(start + most, end)
                some = {
                    name: [column.between(start - first, stop - first)] for name, (column,) in piece.items()
                }
                words = {name: column.between(start, stop) for name, column in texts.items()}
                yield Span(start, stop, Table(source, stop - start, lines, notation, some, words))
            del piece


class MatrixOwner:
    """The owner of a table whose numbers are a matrix, which stays with whoever gave it."""

    def __init__(self, table: Table, columns: MatrixColumns) -> None:
        self.table, self._columns = replace(table, numbers=columns), columns

    def another(self) -> MatrixOwner:
        """An owner of the same matrix."""
        return self

    def give_up(self, most: int) -> Iterator[Span]:
        """All rows, top to bottom, no more than `most` together."""
        for start in range(0, self.table.rows, most):
            stop = min(start + most, self.table.rows)
            numbers = self._columns.between(start, stop)
            texts = {name: column.between(start, stop) for name, column in self.table.texts.items()}
            yield Span(start, stop, replace(self.table, rows=stop - start, numbers=numbers, texts=texts))


class StoredOwner:
    """The owner of a table whose columns are in a file, where they stay as long as the file does."""

    def __init__(self, rows: Table, columns: StoredColumns) -> None:
        self._rows, self._columns = rows, columns

    @property
    def table(self) -> Table:
        """The table, each of whose columns is read as it is asked for."""
        count, columns = self._rows.rows, self._columns
        return replace(self._rows, numbers=StoredNumbers(columns, count), texts=StoredTexts(columns, count))

    def another(self) -> StoredOwner:
        """An owner of the same file."""
        return StoredOwner(self._rows, self._columns)

    def give_up(self, most: int) -> Iterator[Span]:
        """All rows, top to bottom, no more than `most` together."""
        for start in range(0, self._rows.rows, most):
            stop = min(start + most, self._rows.rows)
            numbers = {name: [self._columns.number(name, start, stop)] for name in self._columns.numbers}
            texts = {
                name: join_texts(self._columns.text_pieces(name, start, stop), stop - start)
                for name in self._columns.texts
            }
            rows = replace(self._rows, rows=stop - start, numbers=numbers, texts=texts)
            yield Span(start, stop, rows)

"""Columns of numbers that are those of a matrix, dense or sparse: each is made when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol, Self, TypeAlias

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.tables.columns import NumberColumn


class SparseMatrix(Protocol):
    """A matrix of SciPy's in compressed rows (CSR), as far as it is needed here."""

    @property
    def shape(self) -> tuple[int, int]: ...
    def __getitem__(self, rows: Any, /) -> Self: ...
    def tocsc(self) -> Any: ...
    def toarray(self) -> Matrix: ...


AnyMatrix: TypeAlias = Matrix | SparseMatrix


def in_double(matrix: AnyMatrix) -> Matrix:
    """The matrix as an array in float64: itself where it is one."""
    return np.asarray(matrix if isinstance(matrix, np.ndarray) else matrix.toarray(), np.float64)


def name_of(column: int) -> str:
    """What a column of a matrix is called: x0, x1, ..."""
    return f"x{column}"


def number_of_name(name: str) -> int | None:
    """The number of the column that is called so; None where a matrix has no such name."""
    digits = name[1:]
    return int(digits) if name[:1] == "x" and digits.isdecimal() and name == name_of(int(digits)) else None


class MatrixColumns(Mapping[str, list[NumberColumn]]):
    """The columns of a `matrix` (rows, columns) by their `names`, and `others` after them, each in one piece.

    Without names they are x0, x1, ...; those that are `hidden` hold no numbers. A sparse matrix stays sparse,
    one of float32 as it is: one column of it, or some rows, are dense and in float64 while somebody looks.
    """

    def __init__(
        self,
        matrix: AnyMatrix,
        others: Mapping[str, list[NumberColumn]] | None = None,
        names: Sequence[str] | None = None,
        hidden: Collection[int] = (),
    ) -> None:
        self.matrix = matrix
        self._hidden = frozenset(hidden)
        self.others = dict(others or {})
        self._places = None if names is None else {name: place for place, name in enumerate(names)}

    @cached_property
    def _by_column(self) -> Any:
        return self.matrix if isinstance(self.matrix, np.ndarray) else self.matrix.tocsc()

    def __getitem__(self, name: str) -> list[NumberColumn]:
        number = self._number(name)
        if number is None:
            return self.others[name]
        column = self._by_column[:, number : number + 1]
        return [NumberColumn(in_double(column)[:, 0])]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (self._number(name) is not None or name in self.others)

    def __iter__(self) -> Iterator[str]:
        shown = (place for place in range(self.matrix.shape[1]) if place not in self._hidden)
        yield from map(name_of, shown) if self._places is None else self._places
        yield from self.others

    def __len__(self) -> int:
        return int(self.matrix.shape[1]) - len(self._hidden) + len(self.others)

    @property
    def is_named(self) -> bool:
        """Whether its columns have names of their own."""
        return self._places is not None

    def places(self, names: Sequence[str]) -> list[int]:
        """Where the columns of these names are."""
        return [self._number(name) or 0 for name in names]

    def _number(self, name: str) -> int | None:
        if self._places is not None:
            return self._places.get(name)
        number = number_of_name(name)
        if number is None or number in self._hidden:
            return None
        return number if number < self.matrix.shape[1] else None

    def rows(self, rows: Indices | slice) -> Matrix:
        """Some rows of the matrix (rows, columns): a view where they are a stretch of an array of float64."""
        return in_double(self.matrix[rows])

    def between(self, start: int, stop: int) -> MatrixColumns:
        """The rows from `start` up to `stop`."""
        others = {name: [column.between(start, stop)] for name, (column,) in self.others.items()}
        return MatrixColumns(
            self.matrix[start:stop], others, None if self._places is None else [*self._places]
        )

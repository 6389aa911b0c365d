"""Columns as rows of CSV: numbers as short as they read back to the same value, texts as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from mlpcli.arrays import Array

SPECIAL = re.compile('[",\r\n]')


def csv_rows(columns: Sequence[Array]) -> str:
    """The rows of columns of float64 or of objects: texts, numbers, None for an empty cell."""
    cells = [_cells(column) for column in columns]
    if len(cells) == 1:
        # a line with nothing in it would be no row
        cells = [[cell or '""' for cell in cells[0]]]
    return "\n".join([*map(",".join, zip(*cells, strict=True)), ""])


def csv_header(names: Iterable[str]) -> str:
    """The first line."""
    return ",".join(map(quoted, names)) + "\n"


def quoted(text: str) -> str:
    """A text as a field: in quotes where it holds what would end one."""
    return '"' + text.replace('"', '""') + '"' if SPECIAL.search(text) else text


def _cells(column: Array) -> list[str]:
    if column.dtype == object:
        return list(_texts(column.tolist()))
    if np.isnan(column).any():
        return ["" if cell != cell else repr(cell) for cell in column.tolist()]
    return list(map(repr, column.tolist()))


def _texts(cells: Sequence[object]) -> Iterator[str]:
    """The fields of a column of objects; each different text is looked at once."""
    fields = {cell: quoted(cell) for cell in {cell for cell in cells if isinstance(cell, str)}}
    return (fields[cell] if isinstance(cell, str) else _number(cell) for cell in cells)


def _number(cell: object) -> str:
    return "" if cell is None or cell != cell else repr(cell)

"""Columns as rows of CSV: numbers as short as they read back to the same value, texts as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from mlpcli.arrays import Array

SPECIAL = {separator: re.compile(f'["{separator}\r\n]') for separator in (",", "\t")}


def csv_rows(columns: Sequence[Array], separator: str = ",") -> str:
    """The rows of columns of float64 or of objects: texts, numbers, None for an empty cell."""
    cells = [_cells(column, separator) for column in columns]
    if len(cells) == 1:
        # a line with nothing in it would be no row
        cells = [[cell or '""' for cell in cells[0]]]
    return "\n".join([*map(separator.join, zip(*cells, strict=True)), ""])


def csv_header(names: Iterable[str], separator: str = ",") -> str:
    """The first line."""
    return separator.join(quoted(name, separator) for name in names) + "\n"


def quoted(text: str, separator: str = ",") -> str:
    """A text as a field: in quotes where it holds what would end one."""
    return '"' + text.replace('"', '""') + '"' if SPECIAL[separator].search(text) else text


def _cells(column: Array, separator: str) -> list[str]:
    if column.dtype == object:
        return list(_texts(column.tolist(), separator))
    if np.isnan(column).any():
        return ["" if cell != cell else repr(cell) for cell in column.tolist()]
    return list(map(repr, column.tolist()))


def _texts(cells: Sequence[object], separator: str) -> Iterator[str]:
    """The fields of a column of objects; each different text is looked at once."""
    fields = {cell: quoted(cell, separator) for cell in {cell for cell in cells if isinstance(cell, str)}}
    return (fields[cell] if isinstance(cell, str) else _number(cell) for cell in cells)


def _number(cell: object) -> str:
    return "" if cell is None or cell != cell else repr(cell)

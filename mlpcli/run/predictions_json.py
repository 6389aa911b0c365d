"""Tables as JSON Lines: an object a row, its keys in the order of the columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np

from mlpcli.arrays import Array
from mlpcli.run.predictions_csv import Columns, Stream


def write_json_lines(stream: Stream, names: Sequence[str], tables: Iterable[Columns]) -> None:
    """Write the columns of these names, some rows at a time; a cell without anything is null."""
    keys = [f"{_text(name)}:" for name in names]
    for columns in tables:
        cells = [_cells(key, column) for key, column in zip(keys, columns, strict=True)]
        stream.write("".join(f"{{{','.join(row)}}}\n" for row in zip(*cells, strict=True)).encode())


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _cells(key: str, column: Array) -> list[str]:
    """The members of the objects of some rows: numbers as they read back to the same value."""
    if column.dtype != object:
        absent = np.isnan(column)
        cells = map(repr, column.tolist())
        return [key + ("null" if nothing else cell) for cell, nothing in zip(cells, absent, strict=True)]
    known = {cell: key + (_text(cell) if cell else "null") for cell in set(column.tolist())}
    return list(map(known.__getitem__, column.tolist()))

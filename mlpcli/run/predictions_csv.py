"""Tables as rows of CSV."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypeAlias

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.atomic import Content

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SPECIAL = {separator: re.compile(f'["{separator}\r\n]') for separator in (",", "\t")}


@dataclass(frozen=True)
class CsvLayout:
    """What separates the fields of a row, and whether the names stand first: not where rows come before."""

    separator: str = ","
    headed: bool = True


PLAIN = CsvLayout()


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
        return _texts(column.tolist(), separator)
    if np.isnan(column).any():
        return ["" if cell != cell else repr(cell) for cell in column.tolist()]
    return list(map(repr, column.tolist()))


def _texts(cells: Sequence[object], separator: str) -> list[str]:
    """The fields of a column of objects; each different text is looked at once."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    fields = {text: quoted(text, separator) for text in set(texts)}
    if len(texts) == len(cells):
        return list(map(fields.__getitem__, texts))
    return [fields[cell] if isinstance(cell, str) else _number(cell) for cell in cells]


def _number(cell: object) -> str:
    return "" if cell is None or cell != cell else repr(cell)


class Unflushed(io.BufferedIOBase):
    """What passes everything on to a compressed stream but a flush, after which its bytes would be others."""

    def __init__(self, handle: Any) -> None:
        super().__init__()
        self._handle = handle
        self.name = ""  # which whoever writes text into a stream expects

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Pass bytes on; how many they are."""
        self._handle.write(data)
        return memoryview(data).nbytes


Columns: TypeAlias = Sequence[Array]
Stream: TypeAlias = BinaryIO | Unflushed


def table_content(names: Sequence[str], tables: Iterable[Columns]) -> Content:
    """What writes the columns of these names into a file, some rows at a time."""
    return lambda stream: write_csv(stream, names, tables)


def write_csv(
    stream: Stream, names: Sequence[str], tables: Iterable[Columns], layout: CsvLayout = PLAIN
) -> None:
    """Write the columns of these names into a file, in UTF-8."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    write_tables(text, names, tables, layout)
    text.detach()


def write_tables(stream: TextIO, names: Sequence[str], tables: Iterable[Columns], layout: CsvLayout) -> None:
    """Write the header with the first rows, then the others; numbers read back to the same value.

    Nothing is written before there are rows: where those at the front are wrong, there is no output.
    """
    header = csv_header(names, layout.separator) if layout.headed else ""
    for columns in tables:
        stream.write(header + csv_rows(columns, layout.separator))
        header = ""
    stream.write(header)
    stream.flush()

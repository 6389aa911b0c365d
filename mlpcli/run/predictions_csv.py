"""Predictions as rows of CSV, to a file or to stdout."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO, TypeAlias

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.atomic import write_atomically
from mlpcli.errors import UsageError
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.terminal.console import STDOUT, result_stream

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


Columns: TypeAlias = Sequence[Array]


def refuse_to_replace(out: Path | None, *sources: str) -> None:
    """Raise UsageError where the output is one of the files that are read for it."""
    if out is None or out == STDOUT:
        return
    for source in sources:
        same = False
        with suppress(OSError, ValueError):  # what is not there is reported when it is opened
            same = source != str(STDOUT) and out.is_file() and out.samefile(source)
        if same:
            raise UsageError.of(f"-o {out}: {source} would be lost", hint="name another file")


def write_table(out: Path | None, names: Sequence[str], tables: Iterable[Columns]) -> None:
    """Write the columns of these names, some rows at a time: to stdout, or all or nothing to a file."""
    if out is None or out == STDOUT:
        write_tables(result_stream(), names, tables, ",")
        return
    content = table_content(names, tables, CsvFormat().separator_of(out.name))

    def packed(file: BinaryIO) -> None:
        # neither a name nor the time: the same predictions are the same bytes
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as handle:
            content(handle)

    write_atomically(out, packed if out.name.lower().endswith(".gz") else content)


def table_content(
    names: Sequence[str], tables: Iterable[Columns], separator: str = ","
) -> Callable[[BinaryIO | gzip.GzipFile], None]:
    """What writes the columns of these names into a file, some rows at a time."""

    def content(file: BinaryIO | gzip.GzipFile) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        write_tables(text, names, tables, separator)
        text.detach()

    return content


def write_tables(stream: TextIO, names: Sequence[str], tables: Iterable[Columns], separator: str) -> None:
    """Write the header with the first rows, then the others; numbers read back to the same value.

    Nothing is written before there are rows: where those at the front are wrong, there is no output.
    """
    header = csv_header(names, separator)
    for columns in tables:
        stream.write(header + csv_rows(columns, separator))
        header = ""
    stream.write(header)
    stream.flush()

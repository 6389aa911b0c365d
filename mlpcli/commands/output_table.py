"""A table of results, written as the name of its file says: .csv or .tsv, packed if it ends in .gz."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO, TypeAlias

from mlpcli.arrays import Array
from mlpcli.artifacts.atomic import write_atomically
from mlpcli.commands.csv_rows import csv_header, csv_rows
from mlpcli.console import STDOUT, result_stream
from mlpcli.data.table import CsvFormat
from mlpcli.errors import UsageError

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
    separator = CsvFormat().separator_of(out.name)

    def content(file: BinaryIO | gzip.GzipFile) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        write_tables(text, names, tables, separator)
        text.detach()

    def packed(file: BinaryIO) -> None:
        # neither a name nor the time: the same predictions are the same bytes
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as handle:
            content(handle)

    write_atomically(out, packed if out.name.lower().endswith(".gz") else content)


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

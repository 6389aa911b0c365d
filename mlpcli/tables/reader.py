"""Reads data files of any format: whole for training, block by block in bounded memory for predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from types import TracebackType
from typing import Protocol, Self

from mlpcli.config.file_names import DUCKDB, SQLITE, suffix_of
from mlpcli.errors import DataError, Place, Problem
from mlpcli.storage.cache import IN_MEMORY, Cache
from mlpcli.tables.collected import Carried, Collected
from mlpcli.tables.columns import Kind, Notation, kind_of
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.csv_reader import CsvReader
from mlpcli.tables.formats.arrow_ipc import arrow_reader
from mlpcli.tables.formats.duckdb import duckdb_reader
from mlpcli.tables.formats.json_lines import json_lines_reader
from mlpcli.tables.formats.parquet import parquet_reader
from mlpcli.tables.formats.sqlite import sqlite_reader
from mlpcli.tables.header import Header
from mlpcli.tables.owners import Owner
from mlpcli.tables.row_digest import RowDigest, TableDigest
from mlpcli.tables.several_files import SeveralFiles
from mlpcli.tables.source import DataFile
from mlpcli.tables.spellings import is_code
from mlpcli.tables.table import Table, Wanted


class Reader(Protocol):
    """An open data file: its header is known, its rows are still to come, once. To be used in a `with`."""

    @property
    def header(self) -> Header:
        """The names of the columns."""

    @property
    def last_notes(self) -> Sequence[str]:
        """What was left out after the last row, to be told; known once the tables have been read."""

    @property
    def sample(self) -> list[list[str]]:
        """The cells of some rows at the front, as texts."""

    @property
    def notation(self) -> Notation:
        """How its texts say numbers and nothing."""

    def skip(self, most: float = inf) -> int:
        """Pass over rows at the front, as many as come off without a look at their cells: how many.

        At most so many; all of them where nothing is said, which counts the rows.
        """

    def tables(self, wanted: Wanted, *, kept: bool = False) -> Iterator[Table]:
        """The rows as columns, block by block; `kept` where all blocks will be in memory together."""

    def __enter__(self) -> Self:
        """The reader."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""


# by what a name ends with, that of a compression aside: who opens such a file
OPENERS: dict[str, Callable[[DataFile, CsvFormat], Reader]] = {
    ".csv": CsvReader,
    ".tsv": CsvReader,
    ".jsonl": json_lines_reader,
    ".ndjson": json_lines_reader,
    ".parquet": parquet_reader,
    ".arrow": arrow_reader,
    ".feather": arrow_reader,
    **dict.fromkeys(SQLITE, sqlite_reader),
    **dict.fromkeys(DUCKDB, duckdb_reader),
}


def is_csv(file: DataFile) -> bool:
    """Whether a file is CSV by its name, or has a name that says nothing."""
    return OPENERS.get(suffix_of(file.name), CsvReader) is CsvReader


def open_table(file: DataFile, form: CsvFormat) -> Reader:
    """The reader of a file. What has another name, or none as a pipe, is CSV, which is written in `form`."""
    if file.parts:
        return SeveralFiles([partial(open_table, part, form) for part in file.parts])
    return OPENERS.get(suffix_of(file.name), CsvReader)(file, form)


@dataclass(frozen=True)
class WholeFile:
    """All rows of a file, until their owner gives them up, and their digest.

    `carried` are columns that nothing is computed from.
    """

    header: Header
    owner: Owner
    digest: TableDigest
    carried: Mapping[str, Carried]

    @property
    def table(self) -> Table:
        """The rows."""
        return self.owner.table


def read_whole(
    file: DataFile,
    form: CsvFormat,
    choose: Callable[[Reader], Wanted],
    carried: Sequence[str] = (),
    cache: Cache = IN_MEMORY,
) -> WholeFile:
    """All rows of a file, with the columns that `choose` wants once it has seen the header.

    Those of the `carried` columns that are there come besides. The `cache` has what is too large for memory.

    A column that may be `either` becomes numbers if all its cells are, or stand where numbers should be;
    otherwise texts, for which the file is read once more if the first rows did not tell.
    """
    file, digest = file.kept(), RowDigest()
    with open_table(file, form) as reader:
        header, notation = reader.header, reader.notation
        present = tuple(name for name in carried if header.own(name) is not None)
        blocks = Collected(_with_texts_seen(reader, choose(reader)), present, cache)
        for table in reader.tables(blocks.wanted + Wanted(texts=present), kept=True):
            blocks.add(table)
            digest.add(table)
        header = replace(header, notes=(*header.notes, *reader.last_notes))
    if not blocks.rows:
        where = "" if header.line is None else " after the header"
        raise DataError(Problem(f"there are no rows{where}", Place(file.name)))
    if blocks.turned:
        digest.without_numbers(blocks.turned)
        with open_table(file, form) as reader:
            _read_again(reader, blocks, digest)
    return WholeFile(header, blocks.owner(file.name, notation), digest.digest(), blocks.carried())


def _read_again(reader: Reader, blocks: Collected, digest: RowDigest) -> None:
    """The columns that turned into texts, from the first row on."""
    rows = 0
    for table in reader.tables(Wanted(texts=tuple(blocks.turned))):
        blocks.add_texts(table)
        digest.add_texts(table)
        rows += table.rows
    if rows != blocks.rows:
        raise DataError.of("changed while it was being read", Place(reader.header.source))


def _with_texts_seen(reader: Reader, wanted: Wanted) -> Wanted:
    """The columns wanted, those that hold text in the first rows wanted as text."""
    position = reader.header.positions
    sample, notation = reader.sample, reader.notation
    seen = tuple(
        name
        for name in wanted.either
        if any(_is_text(row[position[name]], notation) for row in sample if len(row) > position[name])
    )
    texts = set(seen)
    rest = tuple(name for name in wanted.either if name not in texts)
    return replace(wanted, texts=(*wanted.texts, *seen), either=rest)


def _is_text(cell: str, notation: Notation) -> bool:
    text = is_code(cell) or kind_of(cell, notation.decimal) is Kind.TEXT
    return text and cell not in notation.missing

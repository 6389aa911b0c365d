"""Reads data files of any format: whole for training, block by block in bounded memory for predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.columns import Kind, Notation, NumberColumn, TextColumn, join_texts, kind_of
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.csv_reader import CsvReader
from mlpcli.tables.header import Header
from mlpcli.tables.packed_texts import PackedTexts, join_packed, packed
from mlpcli.tables.source import DataFile
from mlpcli.tables.spellings import is_code
from mlpcli.tables.table import Lines, Table, TableOwner, Wanted, join_lines


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

    @property
    def sha256(self) -> str:
        """The hash of the file's bytes; of all of them once the tables are read, no row skipped."""

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


# by what a name ends with, a last .gz aside: who opens such a file
OPENERS: dict[str, Callable[[DataFile, CsvFormat], Reader]] = {".csv": CsvReader, ".tsv": CsvReader}


def open_table(file: DataFile, form: CsvFormat) -> Reader:
    """The reader of a file. What has another name, or none as a pipe, is CSV, which is written in `form`."""
    suffix = Path(file.name.lower().removesuffix(".gz")).suffix
    return OPENERS.get(suffix, CsvReader)(file, form)


@dataclass(frozen=True)
class WholeFile:
    """All rows of a file, until their owner gives them up, with the hash of its bytes.

    `carried` are columns that nothing is computed from.
    """

    header: Header
    owner: TableOwner
    sha256: str
    carried: Mapping[str, PackedTexts]

    @property
    def table(self) -> Table:
        """The rows."""
        return self.owner.table


def read_whole(
    file: DataFile, form: CsvFormat, choose: Callable[[Reader], Wanted], carried: Sequence[str] = ()
) -> WholeFile:
    """All rows of a file, with the columns that `choose` wants once it has seen the header.

    Those of the `carried` columns that are there come besides.

    A column that may be `either` becomes numbers if all its cells are, or stand where numbers should be;
    otherwise texts, for which the file is read once more if the first rows did not tell.
    """
    file = file.kept()
    with open_table(file, form) as reader:
        header, notation = reader.header, reader.notation
        present = tuple(name for name in carried if header.own(name) is not None)
        blocks = _Blocks(_with_texts_seen(reader, choose(reader)), present)
        for table in reader.tables(blocks.wanted + Wanted(texts=present), kept=True):
            blocks.add(table)
        sha256 = reader.sha256
        header = replace(header, notes=(*header.notes, *reader.last_notes))
    if not blocks.rows:
        raise DataError(Problem("there are no rows after the header", Place(file.name)))
    if blocks.turned:
        with open_table(file, form) as reader:
            for table in reader.tables(Wanted(texts=tuple(blocks.turned))):
                blocks.add_texts(table)
    return WholeFile(header, TableOwner(blocks.joined(file.name, notation)), sha256, blocks.packed())


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


class _Blocks:
    """The columns of the blocks read so far."""

    def __init__(self, wanted: Wanted, carried: Sequence[str]) -> None:
        self.wanted = wanted
        self.rows = 0
        self.turned: list[str] = []
        self._numbers: dict[str, list[NumberColumn]] = {
            name: [] for name in (*wanted.numbers, *wanted.either)
        }
        self._texts: dict[str, list[TextColumn]] = {name: [] for name in wanted.texts}
        self._carried: dict[str, list[PackedTexts]] = {name: [] for name in carried}
        self._lines: list[tuple[int, Lines]] = []

    def add(self, table: Table) -> None:
        """The next block. A column that may be either turns into texts at its first text."""
        for name in self.wanted.either:
            if table.number(name).bad.hold_text:
                self.turned.append(name)
                del self._numbers[name]
        either = tuple(name for name in self.wanted.either if name in self._numbers)
        self.wanted = replace(self.wanted, either=either)
        for name, numbers in self._numbers.items():
            numbers += table.numbers[name]
        for name, texts in self._texts.items():
            texts.append(table.texts[name])
        for name, pieces in self._carried.items():
            pieces.append(packed(table.texts[name]))
        if table.lines is not None:
            self._lines.append((self.rows, table.lines))
        self.rows += table.rows

    def add_texts(self, table: Table) -> None:
        """The next block of the columns that turned into texts."""
        for name in self.turned:
            self._texts.setdefault(name, []).append(table.texts[name])

    def packed(self) -> dict[str, PackedTexts]:
        """The whole columns that are only carried."""
        return {name: join_packed(pieces) for name, pieces in self._carried.items()}

    def joined(self, source: str, notation: Notation) -> Table:
        """The whole table."""
        texts = {name: join_texts(parts) for name, parts in self._texts.items()}
        lines = join_lines(self._lines) if self._lines else None
        return Table(source, self.rows, lines, notation, self._numbers, texts)

"""Reads data files: whole for training, block by block in bounded memory for predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType

from mlpcli.data.columns import Kind, NumberColumn, TextColumn, join_texts, kind_of
from mlpcli.data.header import Header
from mlpcli.data.parse import Parser
from mlpcli.data.records import Records
from mlpcli.data.source import DataFile, Hashed, chunks
from mlpcli.data.structure import Lines, join_lines
from mlpcli.data.table import CsvFormat, Table, Wanted
from mlpcli.errors import DataError, Place, Problem
from mlpcli.parallel.ordered_map import in_order

# chunks of the file in a block of a table that is kept: the texts of a column become one list for each block
FOR_TEXTS = 2


class Reader:
    """An open data file: its header is known, its rows are still to come, once."""

    def __init__(self, file: DataFile, form: CsvFormat) -> None:
        separator = form.separator_of(file.name)
        _refuse_separator(separator, form.decimal, file.name)
        self._form = form
        self._handle = file.open()
        try:
            self._source = Hashed(self._handle)
            self._records = Records(chunks(self._source, file.name, form.encoding), file.name, separator)
        except BaseException:
            self._handle.close()
            raise

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.close()

    @property
    def header(self) -> Header:
        """The names of the columns."""
        return self._records.header

    @property
    def sample(self) -> list[list[str]]:
        """The fields of some rows at the front."""
        return self._records.sample

    @property
    def sha256(self) -> str:
        """The hash of the file's bytes; of all of them once the blocks have been read."""
        return self._source.sha256

    def tables(self, wanted: Wanted, chunks: int = 1) -> Iterator[Table]:
        """The rows as columns, block by block: about so many chunks of the file at a time."""
        parser = Parser(self.header.names, self._records.shape, self._form)
        yield from in_order(lambda block: parser.table(block, wanted), self._records.blocks(chunks))


def _refuse_separator(separator: str, decimal: str, name: str) -> None:
    if separator == decimal:
        hint = 'write `separator: ";"` or `decimal: "."` under `data`'
        raise DataError.of(f"'{separator}' is both the separator and the decimal mark", Place(name), hint)


@dataclass(frozen=True)
class WholeFile:
    """All rows of a file, with the hash of its bytes."""

    header: Header
    table: Table
    sha256: str


def read_whole(file: DataFile, form: CsvFormat, choose: Callable[[Reader], Wanted]) -> WholeFile:
    """All rows of a file, with the columns that `choose` wants once it has seen the header.

    A column that may be `either` becomes numbers if all its cells are, or stand where numbers should be;
    otherwise texts, for which the file is read once more if the first rows did not tell.
    """
    file = file.kept()
    with Reader(file, form) as reader:
        header = reader.header
        parts = _Parts(_with_texts_seen(reader, choose(reader), form))
        for table in reader.tables(parts.wanted, FOR_TEXTS if parts.wanted.texts else 1):
            parts.add(table)
        sha256 = reader.sha256
    if not parts.rows:
        raise DataError(Problem("there are no rows after the header", Place(file.name)))
    if parts.turned:
        with Reader(file, form) as reader:
            for table in reader.tables(Wanted(texts=tuple(parts.turned))):
                parts.add_texts(table)
    return WholeFile(header, parts.joined(file.name, form), sha256)


def _with_texts_seen(reader: Reader, wanted: Wanted, form: CsvFormat) -> Wanted:
    """The columns wanted, those that hold text in the first rows wanted as text."""
    position = {name: i for i, name in enumerate(reader.header.names)}
    seen = tuple(
        name
        for name in wanted.either
        if any(_is_text(row[position[name]], form) for row in reader.sample if len(row) > position[name])
    )
    texts = set(seen)
    rest = tuple(name for name in wanted.either if name not in texts)
    return replace(wanted, texts=(*wanted.texts, *seen), either=rest)


def _is_text(cell: str, form: CsvFormat) -> bool:
    return cell not in form.missing and kind_of(cell, form.decimal) is Kind.TEXT


class _Parts:
    """The columns of the blocks read so far."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.rows = 0
        self.turned: list[str] = []
        self._numbers: dict[str, list[NumberColumn]] = {
            name: [] for name in (*wanted.numbers, *wanted.either)
        }
        self._texts: dict[str, list[TextColumn]] = {name: [] for name in wanted.texts}
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
        self._lines.append((self.rows, table.lines))
        self.rows += table.rows

    def add_texts(self, table: Table) -> None:
        """The next block of the columns that turned into texts."""
        for name in self.turned:
            self._texts.setdefault(name, []).append(table.texts[name])

    def joined(self, source: str, form: CsvFormat) -> Table:
        """The whole table."""
        texts = {name: join_texts(parts) for name, parts in self._texts.items()}
        return Table(source, self.rows, join_lines(self._lines), form, self._numbers, texts)

"""Tables and queries of databases: their rows, some at a time, from a connection that can only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from mlpcli.errors import DataError, Place
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.formats.cells import PythonColumn, singles
from mlpcli.tables.formats.statements import statement_of, with_texts
from mlpcli.tables.formats.typed_reader import CellBlock, TypedReader
from mlpcli.tables.source import DataFile
from mlpcli.tables.table import Lines

CELLS, CHARACTERS = 1 << 18, 1 << 24  # of a block, about
PIECE, SAMPLED = 1 << 8, 1 << 4  # rows fetched at a time, and of how many one tells how long texts are


class Connection(Protocol):
    """An open database."""

    def execute(self, sql: str, /) -> Any:
        """Run a statement: a cursor as the DB-API (PEP 249) has it."""

    def close(self) -> None:
        """Close it."""


@dataclass(frozen=True)
class Engine:
    """How databases of one kind are opened, how their tables are listed, and what they raise.

    `single` is the type of columns of floats of 32 bits; those of types in `beyond` lose digits on the way to
    Python unless they come as texts.
    """

    open: Callable[[DataFile], Connection]
    tables: str
    error: type[Exception]
    single: str | None = None
    beyond: tuple[str, ...] = ()


def database_reader(file: DataFile, form: CsvFormat, engine: Engine) -> TypedReader:
    """The reader of the table or query that is chosen of a database."""
    return TypedReader(DatabaseRows(file, engine), form)


class DatabaseRows:
    """The rows of a table or a query, which is running."""

    def __init__(self, file: DataFile, engine: Engine) -> None:
        self.name = file.name
        self._error = engine.error
        with self._told("cannot be read"):
            self._connection = engine.open(file)
        try:
            with self._told("cannot be read"):
                tables = [str(row[0]) for row in self._connection.execute(engine.tables).fetchall()]
            statement = statement_of(file.chosen, tables, file.name)
            with self._told("the query failed" if file.chosen.query else "cannot be read"):
                self._run(statement.sql, engine)
        except BaseException:
            self._connection.close()
            raise
        self.warnings: Sequence[str] = statement.warnings
        self._size = max(1, CELLS // len(self.names))
        self._waiting: list[tuple[Any, ...]] = []
        self._before = 0  # rows that have been passed over or handed out

    def _run(self, sql: str, engine: Engine) -> None:
        self._cursor = self._connection.execute(sql)
        kinds = {column[0]: str(column[1]) for column in self._cursor.description}
        self.names: Sequence[str] = tuple(column[0] for column in self._cursor.description)
        self._single = {name for name, kind in kinds.items() if kind == engine.single}
        self._beyond = {name for name, kind in kinds.items() if kind in engine.beyond}
        if self._beyond:
            self._cursor = self._connection.execute(with_texts(sql, sorted(self._beyond)))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def first(self, rows: int) -> CellBlock:
        """Some rows at the front; they are still to come."""
        self._waiting = self._fetched(rows)
        return self._block(self._waiting, self.names)

    def skip(self, most: float) -> int:
        """Pass over so many rows at the front: how many there were."""
        passed = min(len(self._waiting), most)
        self._waiting = self._waiting[int(passed) :]
        while passed < most and (rows := self._fetched(int(min(self._size, most - passed)))):
            passed += len(rows)
        self._before += int(passed)
        return int(passed)

    def blocks(self, names: Sequence[str]) -> Iterator[CellBlock]:
        """The rows that are left, some at a time, with these columns."""
        rows = self._waiting + self._fetched(self._size - len(self._waiting))
        self._waiting = []
        while rows:
            yield self._block(rows, names)
            self._before += len(rows)
            rows = self._fetched(self._size)

    def _fetched(self, rows: int) -> list[tuple[Any, ...]]:
        """At most so many rows, fewer where their texts are long; none at the end."""
        found: list[tuple[Any, ...]] = []
        characters = 0
        with self._told("cannot be read"):
            while len(found) < rows and characters < CHARACTERS:
                some = self._cursor.fetchmany(min(PIECE, rows - len(found)))
                if not some:
                    break
                found += some
                characters += SAMPLED * sum(map(_characters, some[::SAMPLED]))
        return found

    def _block(self, rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> CellBlock:
        cells: dict[str, Sequence[Any]] = {}
        if rows:
            cells = dict(zip(self.names, zip(*rows, strict=True), strict=True))
            cells |= {name: singles(cells[name]) for name in names if name in self._single}
            cells |= {name: [*map(_of_python, cells[name])] for name in names if name in self._beyond}
        where = Lines((0,), (self._before + 1,), "row")
        return CellBlock(len(rows), where, {name: PythonColumn(cells.get(name, ())) for name in names})

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """What the database says of a failure is told with its place."""
        try:
            yield
        except self._error as error:
            said = str(error).strip().split("\n")[0]
            raise DataError.of(f"{what}: {said}", Place(self.name)) from error


def _characters(row: tuple[Any, ...]) -> int:
    return sum(len(cell) for cell in row if type(cell) is str)


def _of_python(time: str | None) -> str | None:
    """A time to the nanosecond as Python writes others: with six digits after the point, or nine, or none."""
    if time is None:
        return None
    whole, _, digits = time.partition(".")
    digits = digits.ljust(9, "0").removesuffix("000")
    if digits == "000000":
        return whole.removesuffix(" 00:00:00")
    return f"{whole}.{digits}"

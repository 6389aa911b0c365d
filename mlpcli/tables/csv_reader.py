"""Reads CSV files block by block, with pandas' C parser and none of its guesses."""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import inf
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.arrays import Array, Matrix
from mlpcli.errors import DataError, Place, Problem
from mlpcli.parallel.ordered_map import in_order
from mlpcli.tables.columns import Notation, NumberColumn, TextColumn
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.csv_rows import Block, Records
from mlpcli.tables.formats.cells import text_column
from mlpcli.tables.header import Header, Positions
from mlpcli.tables.leading_zeros import codes_as_texts, columns_of_codes
from mlpcli.tables.own_marks import without_marks
from mlpcli.tables.source import DataFile, Peeked, text_of
from mlpcli.tables.table import Table, Wanted
from mlpcli.tables.wrong_rows import Shape

# chunks of the file in a block of a table that is kept: the texts of a column become one list for each block
FOR_TEXTS = 2
# a type for any column costs pandas so much time for every other that texts are then read apart
MANY = 256
# The C library gives back to the system what is freed and larger than anything freed before, up to this size;
# what is smaller it keeps for the next block, for each thread that parses twice as much and more.
KEPT = 9 << 18
# had all at once, which takes two thirds of the time of one after the other, as each is first written to
PAGES = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_POPULATE", 0)
# what pandas would otherwise do for anyone: take words for missing values, a column for an index, skip lines
STRICT: dict[str, Any] = {
    "header": None,
    "index_col": False,
    "keep_default_na": False,
    "skip_blank_lines": False,
    "low_memory": False,
    "encoding": "utf-8",
}


class CsvReader:
    """An open CSV file: its header is known, its rows are still to come, once."""

    def __init__(self, file: DataFile, form: CsvFormat) -> None:
        self._form = form
        self._handle = file.open()
        try:
            text = text_of(Peeked(self._handle), file.name, form.encoding)
            self._records = Records(text, form)
            _refuse_separator(self._records.separator, form.decimal, file.name)
        except BaseException:
            self._handle.close()
            raise

    def __enter__(self) -> CsvReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.close()

    @property
    def notation(self) -> Notation:
        """How its texts say numbers and nothing."""
        return self._form.notation

    @property
    def header(self) -> Header:
        """The names of the columns."""
        return self._records.header

    @property
    def last_notes(self) -> Sequence[str]:
        """What was left out after the last row; known once the blocks have been read."""
        return self._records.last_notes

    @property
    def sample(self) -> list[list[str]]:
        """The fields of some rows at the front."""
        return self._records.sample

    def skip(self, most: float = inf) -> int:
        """Pass over blocks at the front, at most so many rows, without a look at their fields: how many."""
        return self._records.skip(most)

    def tables(self, wanted: Wanted, *, kept: bool = False) -> Iterator[Table]:
        """The rows as columns, block by block, in larger ones where they are kept and hold texts."""
        chunks = FOR_TEXTS if kept and wanted.texts else 1
        parser = _Parser(self.header.positions, self._records.shape, self._form)
        yield from in_order(lambda block: parser.table(block, wanted), self._records.blocks(chunks))


def _refuse_separator(separator: str, decimal: str, name: str) -> None:
    if separator == decimal:
        hint = 'write `separator: ";"` or `decimal: "."` under `data`'
        raise DataError.of(f"'{separator}' is both the separator and the decimal mark", Place(name), hint)


class _Parser:
    """Parses the blocks of one file into tables of the columns wanted; in any thread, as it keeps nothing."""

    def __init__(self, positions: Positions, shape: Shape, form: CsvFormat) -> None:
        with suppress(MemoryError):
            np.empty(KEPT, np.uint8)  # and freed
        self._position = positions
        self._shape = shape
        self._form = form
        self._notation = form.notation
        # pandas compares what Python takes for a number by value, be it one here or not
        self._missing_texts = ["", *(word for word in form.na_values if not _is_number(word))]

    def table(self, block: Block, wanted: Wanted) -> Table:
        """The columns of a block. Cells that are no numbers where they should be are kept as bad cells."""
        decorations = self._notation.decorations
        decorated = [name for name in wanted.numbers if name in decorations]
        asked = [name for name in (*wanted.numbers, *wanted.either) if name not in decorations]
        as_texts = dict.fromkeys((*wanted.texts, *decorated))
        alone = [name for name in as_texts if name not in set(asked)] if len(asked) <= MANY else []
        frame = self._frame(block, asked, alone)
        numbers = self._plain_numbers(frame, asked)
        texts = self._texts(frame, alone)
        # what pandas took for something else than a finite number, and what is wanted as both
        doubtful = [name for name in asked if name not in numbers]
        rest = list(dict.fromkeys([*doubtful, *(name for name in as_texts if name not in texts)]))
        texts |= self._texts(self._frame(block, (), rest), rest)
        notation = self._notation
        numbers |= {
            name: texts[name].numbers(notation, decorations.get(name)) for name in (*doubtful, *decorated)
        }
        numbers |= self._codes(block, wanted.either, numbers)
        pieces = {name: [numbers[name]] for name in (*asked, *decorated)}
        kept = {name: texts[name] for name in wanted.texts}
        table = Table(self._shape.source, block.rows, block.lines, notation, pieces, kept)
        return without_marks(table, self._form.own_na_values)

    def _codes(
        self, block: Block, names: Sequence[str], numbers: Mapping[str, NumberColumn]
    ) -> dict[str, NumberColumn]:
        """The columns that may be either and hold codes, which begin with 0: these are no numbers."""
        if not names:
            return {}
        positions = set(columns_of_codes(block.content, self._shape.separator).tolist())
        found = [name for name in names if name in numbers and self._position[name] in positions]
        texts = self._texts(self._frame(block, (), found), found)
        return {name: codes_as_texts(numbers[name], texts[name]) for name in found}

    def _plain_numbers(self, frame: pd.DataFrame, names: Sequence[str]) -> dict[str, NumberColumn]:
        """The columns that pandas read as finite numbers; NaN where one stands for a missing cell."""
        some = _numbers_of(frame)
        values = _own_pages(some.shape[1], len(some))
        np.copyto(values, some.to_numpy(np.float64).T)
        plain = _without_infinity(values)
        if len(self._notation.missing_numbers):
            values[np.isin(values, self._notation.missing_numbers)] = np.nan
        positions = [int(position) for position in some.columns]
        found = {positions[j]: NumberColumn(values[j]) for j in np.flatnonzero(plain).tolist()}
        by_name = {name: found.get(self._position[name]) for name in names}
        return {name: column for name, column in by_name.items() if column is not None}

    def _texts(self, frame: pd.DataFrame, names: Sequence[str]) -> dict[str, TextColumn]:
        """The columns that were read as they are."""
        return {name: text_column(frame[self._position[name]].to_numpy()) for name in names}

    def _frame(self, block: Block, numbers: Sequence[str], texts: Sequence[str]) -> pd.DataFrame:
        """The columns by their positions: what pandas makes of the numbers, and texts as they are."""
        as_number = [self._position[name] for name in numbers]
        as_text = [self._position[name] for name in texts]
        if not as_number and not as_text:
            return pd.DataFrame()
        missing = self._missing_texts
        options: dict[str, Any] = {
            "names": range(self._shape.width),
            "usecols": sorted([*as_number, *as_text]),
            "dtype": dict.fromkeys(as_text, object) or None,
            "na_values": dict.fromkeys(as_number, missing) if as_text else missing,
        }
        return self._parsed(block, options)

    def _parsed(self, block: Block, options: dict[str, Any]) -> pd.DataFrame:
        """The frame, which must have as many rows as the block."""
        options |= {"sep": self._shape.separator, "decimal": self._form.decimal}
        try:
            frame: pd.DataFrame = pd.read_csv(io.BytesIO(block.content), **STRICT, **options)
        except pd.errors.ParserError as error:
            if "out of memory" in str(error):
                raise MemoryError(str(error)) from error
            raise self._unreadable(block, str(error)) from error
        if len(frame) != block.rows:
            raise self._unreadable(block, f"{len(frame)} rows in place of {block.rows}")
        return frame

    def _unreadable(self, block: Block, why: str) -> DataError:
        first, last = block.lines.of(0), block.lines.of(block.rows - 1)
        hint = "is a line end or a quote doubled?"
        message = f"lines {first} to {last} can be read in more than one way: {why}"
        return DataError(Problem(message, Place(self._shape.source, first), hint))


def _numbers_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that are numbers of 64 bits; the frame itself, which is no copy, where all are."""
    plain = frame.dtypes.isin([np.dtype(np.int64), np.dtype(np.float64)]).to_numpy()
    return frame if plain.all() else frame.loc[:, plain]


def _own_pages(columns: int, rows: int) -> Matrix:
    """An array that the system has back at once when it is let go of; what malloc gave, it may never see."""
    if not columns:
        return np.empty((0, rows))
    return np.ndarray((columns, rows), np.float64, mmap.mmap(-1, 8 * columns * rows, PAGES))


def _without_infinity(values: Matrix) -> Array:
    """Which rows of an array hold no infinite number; only where a sum is not finite each has a look."""
    with np.errstate(over="ignore", invalid="ignore"):
        plain: Array = np.isfinite(values.sum(axis=1))
    for row in np.flatnonzero(~plain).tolist():
        plain[row] = not np.isinf(values[row]).any()
    return plain


def _is_number(word: str) -> bool:
    try:
        return not np.isnan(float(word))
    except ValueError:
        return False

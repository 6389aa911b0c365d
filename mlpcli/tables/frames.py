"""Tables from pandas DataFrames: each cell means what the same cell means in a file."""

from __future__ import annotations

import datetime
import numbers
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.arrays import Indices
from mlpcli.config.date_format import written_date
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.bad_cells import Fault, require_none
from mlpcli.tables.columns import BadCells, NumberColumn, TextColumn, number_of
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.decorated_numbers import decimal_of
from mlpcli.tables.header import Header
from mlpcli.tables.matrix_columns import MatrixColumns
from mlpcli.tables.own_marks import without_marks
from mlpcli.tables.shortest_numbers import as_written, is_short
from mlpcli.tables.spellings import Spelling
from mlpcli.tables.table import NUMBERED, Table, Wanted

SOURCE = "DataFrame"
NONE_HINT = "give None where there is no number"
TEXT_HINT = "give the column as texts, spelt as in the training data"


def table_of_frame(
    frame: pd.DataFrame, wanted: Wanted, form: CsvFormat, spellings: Mapping[str, Spelling]
) -> Table:
    """The columns wanted of a frame, found by name; the others do not matter.

    `spellings` are those of columns of texts: a number or a boolean in such a column means the category that
    it is, however that was spelt. Raises DataError for columns that are not there, and for cells that
    no file could hold or that may be several categories.
    """
    positions = _positions(frame, dict.fromkeys((*wanted.numbers, *wanted.texts)))
    faults: list[Fault] = []
    numbers: Mapping[str, list[NumberColumn]] | None = _matrix(frame, positions, wanted.numbers, form)
    if numbers is None:
        numbers = {
            name: [_numbers(name, frame.iloc[:, positions[name]], form, faults)] for name in wanted.numbers
        }
    texts = {
        name: _texts(name, frame.iloc[:, positions[name]], spellings.get(name, Spelling()), form, faults)
        for name in wanted.texts
    }
    table = Table(SOURCE, len(frame), NUMBERED, form.notation, numbers, texts)
    require_none(faults, table)
    return without_marks(table, form.own_na_values)


def _positions(frame: pd.DataFrame, wanted: Mapping[str, None]) -> dict[str, int]:
    """Where the columns are; names are compared as a file has them, as texts without spaces around them."""
    header = Header(SOURCE, tuple(str(label).strip() for label in frame.columns))
    problems = [replace(problem, place=Place(SOURCE)) for problem in header.lacks(wanted)]
    counts = Counter(header.names)
    twice = [name for name in wanted if counts[name] > 1]
    problems += [Problem(f"several columns are called '{name}'", Place(SOURCE)) for name in twice]
    if problems:
        raise DataError(*problems[:5])
    return {name: header.positions[name] for name in wanted}


def _matrix(
    frame: pd.DataFrame, positions: Mapping[str, int], names: Sequence[str], form: CsvFormat
) -> MatrixColumns | None:
    """Columns that are all numbers as NumPy has them, at once; None where one is not, or one is infinite."""
    own = frame.iloc[:, [positions[name] for name in names]]
    kinds = own.dtypes
    if not names or not all(isinstance(one, np.dtype) and one.kind in "iuf" for one in kinds):
        return None
    short = list(filter(is_short, set(kinds)))
    matrix = own.to_numpy(np.float64, copy=bool(short))
    for kind in short:
        places = np.flatnonzero(kinds == kind)
        matrix[:, places] = as_written(own.iloc[:, places].to_numpy(kind))
    missing = form.notation.missing_numbers
    if len(missing):
        matrix = np.where(np.isin(matrix, missing), np.nan, matrix)
    return None if np.isinf(matrix).any() else MatrixColumns(matrix, names=names)


def _numbers(name: str, column: pd.Series[Any], form: CsvFormat, faults: list[Fault]) -> NumberColumn:
    dtype = column.dtype
    numeric = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    if not numeric or pd.api.types.is_complex_dtype(dtype):
        parse = form.decorations.get(name)
        if parse is not None:
            # numbers among the texts are spelt with the mark that these have
            form = replace(form, decimal=decimal_of(parse, form.decimal))
        return _texts(name, column, Spelling(), form, faults).numbers(form.notation, parse)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    kind: Any = getattr(dtype, "numpy_dtype", dtype)  # of a type that has missing cells beside numbers
    if is_short(kind):
        values = as_written(values.astype(kind))
    values[np.isin(values, [number_of(word, form.decimal) for word in form.na_values])] = np.nan
    rows = np.flatnonzero(np.isinf(values))
    bad = BadCells(rows, np.array([str(value) for value in values[rows]], dtype=object))
    values[rows] = np.nan
    return NumberColumn(values, bad)


def _texts(
    name: str, column: pd.Series[Any], spelling: Spelling, form: CsvFormat, faults: list[Fault]
) -> TextColumn:
    """The column as a file would have it: each different cell is looked at once."""
    codes, cells = _different_cells(column)
    spelling = replace(spelling, words=(*spelling.words, *form.na_values))
    position: dict[str, int] = {}
    into = np.zeros(len(cells), dtype=np.intp)
    for index, cell in enumerate(cells):
        try:
            text = text_of_cell(cell, spelling, form.decimal)
        except UnusableCellError as error:
            faults.append(Fault(name, error.message, np.flatnonzero(codes == index), error.hint))
            text = ""
        into[index] = position.setdefault(text, len(position))
    return TextColumn(into[codes], tuple(position))


def _different_cells(column: pd.Series[Any]) -> tuple[Indices, list[Any]]:
    """For each row the number of its cell among the different ones, which come with their types.

    pandas' own count takes 1, 1.0 and True of a column of objects for the same, and fails for lists.
    """
    if column.dtype != object:
        codes, uniques = pd.factorize(column, use_na_sentinel=False)
        return np.asarray(codes, dtype=np.intp), _own_values(uniques, column.dtype)
    kinds: dict[tuple[Callable[..., Any], Any], int] = {}
    cells: list[Any] = []
    found = np.empty(len(column), dtype=np.intp)
    for row, cell in enumerate(column):
        key = (type(cell), cell if isinstance(cell, str | int | float) else id(cell))
        found[row] = kinds.setdefault(key, len(kinds))
        if len(kinds) > len(cells):
            cells.append(cell)
    return found, cells


def _own_values(uniques: Any, dtype: Any) -> list[Any]:
    """The different cells; numbers of 16 or 32 bits as such, though an index hands out those of 64."""
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        return list(np.asarray(uniques, dtype))
    if isinstance(uniques, pd.CategoricalIndex):
        known = [*uniques.categories.array, None]  # the last where the code is -1
        return [known[code] for code in uniques.codes]
    return list(uniques.array if isinstance(uniques, pd.Index) else uniques)


class UnusableCellError(Exception):
    """A cell that no file could hold, or that may be several things."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def text_of_cell(cell: Any, spelling: Spelling, decimal: str) -> str:
    """The text of a cell; the empty one where it is missing.

    A number or a boolean is spelt as the word that it is, if there is one: a file's `01`, `1.50` or `true`
    has lost its spelling on the way through a frame. Raises UnusableCellError.
    """
    words = spelling.words
    if isinstance(cell, str):
        return str(cell)
    if isinstance(cell, bool | np.bool_):
        return _word(str(cell), [word for word in words if word.casefold() == str(cell).casefold()])
    if isinstance(cell, datetime.date | datetime.time):
        return "" if cell is pd.NaT else written_date(cell, spelling.date_format)
    if isinstance(cell, numbers.Real | Decimal):
        value = _value(cell)
        if np.isnan(value):
            return ""
        whole = spelling.date_format is not None and value.is_integer()  # as 20240131
        plain = str(int(value)) if whole else _digits(cell, value).replace(".", decimal)
        same = [word for word in words if number_of(word, decimal) == number_of(plain, decimal)]
        # 0.1 in 32 bits is another number than 0.1, and a file may hold either
        return _word(plain, same or [word for word in words if number_of(word, decimal) == value])
    if cell is None or cell is pd.NA:
        return ""
    message = f"expected a text or a number, found something of type {type(cell).__name__}"
    raise UnusableCellError(message, TEXT_HINT)


def _value(number: numbers.Real | Decimal) -> float:
    if isinstance(number, Decimal) and number.is_nan():
        return np.nan  # float() refuses some of them
    try:
        return float(number)
    except OverflowError:
        kind, most = type(number).__name__, np.finfo(np.float64).max
        message = f"expected a number within ±{most:g}, found a larger {kind}"
        raise UnusableCellError(message, NONE_HINT) from None


def _digits(number: numbers.Real | Decimal, value: float) -> str:
    """As the number is written, or else its value: a fraction's own text is no number in a file.

    One of fewer than 64 bits is the shortest text that gives it back in as many.
    """
    if isinstance(number, np.integer | np.float64):
        number = number.item()
    return str(number) if isinstance(number, int | float | np.floating | Decimal) else repr(value)


def _word(plain: str, same: Sequence[str]) -> str:
    """The word that a cell is; its plain text where no word is."""
    if len(same) > 1:
        shown = ", ".join(f"'{word}'" for word in same[:3])
        raise UnusableCellError(f"{plain} may be any of {shown}", TEXT_HINT)
    return same[0] if same else plain

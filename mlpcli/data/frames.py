"""Tables from pandas DataFrames: each cell means what the same cell means in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.arrays import Indices
from mlpcli.data.cells import Spelling, UnusableCellError, text_of_cell
from mlpcli.data.columns import BadCells, NumberColumn, TextColumn, number_of
from mlpcli.data.faults import Fault, require_none
from mlpcli.data.header import Header
from mlpcli.data.structure import Lines
from mlpcli.data.table import CsvFormat, Table, Wanted
from mlpcli.errors import DataError, Place, Problem

SOURCE = "DataFrame"
ROWS = Lines((0,), (0,), word="row")  # counted as `.iloc` does


def table_of_frame(
    frame: pd.DataFrame, wanted: Wanted, form: CsvFormat, spellings: Mapping[str, Spelling]
) -> Table:
    """The columns wanted of a frame, found by name; the others do not matter.

    `spellings` are those of columns of texts: a number or a boolean in such a column means the category that
    it is, however that was spelt. Raises DataError for columns that are not there, and for cells that
    no file could hold or that may be several categories.
    """
    positions = _positions(frame, dict.fromkeys((*wanted.numbers, *wanted.texts)))
    table = Table(SOURCE, len(frame), ROWS, form)
    faults: list[Fault] = []
    for name in wanted.numbers:
        column = frame.iloc[:, positions[name]]
        table.numbers[name] = [_numbers(name, column, form, faults)]
    for name in wanted.texts:
        spelling = spellings.get(name, Spelling())
        table.texts[name] = _texts(name, frame.iloc[:, positions[name]], spelling, form, faults)
    require_none(faults, table)
    return table


def _positions(frame: pd.DataFrame, wanted: Mapping[str, None]) -> dict[str, int]:
    """Where the columns are; names are compared as a file has them, as texts without spaces around them."""
    header = Header(SOURCE, tuple(str(label).strip() for label in frame.columns))
    problems = [replace(problem, place=Place(SOURCE)) for problem in header.lacks(wanted)]
    twice = [name for name in wanted if header.names.count(name) > 1]
    problems += [Problem(f"several columns are called '{name}'", Place(SOURCE)) for name in twice]
    if problems:
        raise DataError(*problems[:5])
    return {name: header.names.index(name) for name in wanted}


def _numbers(name: str, column: pd.Series[Any], form: CsvFormat, faults: list[Fault]) -> NumberColumn:
    dtype = column.dtype
    numeric = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    if not numeric or pd.api.types.is_complex_dtype(dtype):
        return _texts(name, column, Spelling(), form, faults).numbers(form.missing, form.decimal)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
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
        return np.asarray(codes, dtype=np.intp), list(uniques)
    kinds: dict[tuple[Callable[..., Any], Any], int] = {}
    cells: list[Any] = []
    found = np.empty(len(column), dtype=np.intp)
    for row, cell in enumerate(column):
        key = (type(cell), cell if isinstance(cell, str | int | float) else id(cell))
        found[row] = kinds.setdefault(key, len(kinds))
        if len(kinds) > len(cells):
            cells.append(cell)
    return found, cells

"""Frames with columns of texts, as rows of numbers: the texts of such a column by their places in a list.

So rows are chosen, compared and merged as those of any matrix are, and a table of them has its texts again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.arrays import Indices, Matrix
from mlpcli.tables.columns import TextColumn
from mlpcli.tables.matrix_columns import AnyMatrix, name_of
from mlpcli.tables.other_frames import pandas_frame

NUMBERS = "biuf"  # what NumPy calls kinds of numbers, and booleans
DATES = "mM"  # and of times


@dataclass(frozen=True, eq=False)
class MixedRows:
    """A matrix (rows, columns) of numbers, and of places in the `levels` of columns of texts, by column."""

    matrix: Matrix
    levels: dict[int, tuple[str, ...]]
    names: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.matrix.shape[0], self.matrix.shape[1]

    def __getitem__(self, rows: Any) -> MixedRows:
        return replace(self, matrix=self.matrix[rows])

    def toarray(self) -> Matrix:
        """The numbers and places."""
        return self.matrix

    def tocsc(self) -> Matrix:
        """The same, of which columns are taken."""
        return self.matrix

    def said(self, text: str) -> str:
        """A text about columns called x0, x1, ... with the names that they have in the frame."""
        return re.sub(r"(?<=')x(\d+)(?=')", lambda found: self.names[int(found[1])], text)


def mixed_rows(given: object) -> MixedRows | None:
    """The rows of a frame that has a column of texts; None of any other one, and of what is no frame.

    Raises ValueError for a missing number, as it is for whoever trains to say what stands for it, for dates,
    and for cells that are no texts.
    """
    try:
        frame = pandas_frame(given)
    except TypeError:
        return None
    kinds = [_is_of_numbers(dtype) for dtype in frame.dtypes]
    if all(kinds):
        return None
    matrix, levels = np.empty(frame.shape), {}
    for place, is_number in enumerate(kinds):
        column, name = frame.iloc[:, place], frame.columns[place]
        if is_number:
            matrix[:, place] = column.to_numpy(np.float64, na_value=np.nan)
            if not np.isfinite(matrix[:, place]).all():
                raise ValueError(
                    f"column '{name}' contains NaN or infinity: fill it in, or leave the row out"
                )
        else:
            _require_texts(name, column)
            matrix[:, place], levels[place] = _coded(column)
    return MixedRows(matrix, levels, tuple(map(str, frame.columns)))


def _is_of_numbers(dtype: Any) -> bool:
    return getattr(dtype, "kind", "O") in NUMBERS and not isinstance(dtype, pd.CategoricalDtype)


def _require_texts(name: object, column: pd.Series[Any]) -> None:
    """Raise ValueError for a column whose cells are no texts, and mean nothing as such."""
    if getattr(column.dtype, "kind", "O") in DATES:
        hint = "make numbers of them, or use mlpcli.train, whose configs say how dates are encoded"
        raise ValueError(f"column '{name}' holds dates or times: {hint}")
    strange = next((one for one in column if isinstance(one, list | dict | set | np.ndarray)), None)
    if strange is not None:
        raise ValueError(f"column '{name}': expected texts or numbers, found {type(strange).__name__}")


def _coded(column: pd.Series[Any]) -> tuple[Indices, tuple[str, ...]]:
    """The place of each text, and all texts; a missing one is the empty text."""
    codes, found = pd.factorize(column.astype(object), use_na_sentinel=False)
    levels = tuple("" if pd.isna(one) else str(one) for one in found)
    order = {text: place for place, text in enumerate(dict.fromkeys(levels))}
    return np.array([order[text] for text in levels], dtype=np.intp)[codes], tuple(order)


def columns_of_texts(x: AnyMatrix) -> Iterator[tuple[str, TextColumn]]:
    """The columns of texts, by their names; a matrix has none."""
    if isinstance(x, MixedRows):
        for place, levels in x.levels.items():
            yield name_of(place), TextColumn(x.matrix[:, place].astype(np.intp), levels)

"""Frames of others as pandas has them: polars, Arrow, whatever speaks Arrow's interface, arrays by name.

None of these libraries is imported for it: a frame is asked for its columns, and a column for its values as
an array, which for numbers without missing ones is the same memory. What speaks Arrow's C interface alone
(`__arrow_c_stream__`) is read by pyarrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.arrays import Array
from mlpcli.extras import optional

WANTED = "a DataFrame of pandas or polars, or an Arrow table"


def pandas_frame(given: Any) -> pd.DataFrame:
    """The frame itself where it is pandas'; otherwise one of its columns, with rows counted from 0.

    Raises TypeError for what is no frame, UsageError where it takes pyarrow to read it, which is not there.
    """
    if isinstance(given, pd.DataFrame):
        return given
    if is_of_columns(given):
        return pd.DataFrame(given)
    if hasattr(given, "collect_schema") and not hasattr(given, "get_column"):
        raise TypeError(f"expected {WANTED}, found a lazy one: `.collect()` makes a DataFrame of it")
    arrays = _arrays(given)
    if arrays is None:
        if not hasattr(given, "__arrow_c_stream__"):
            raise TypeError(f"expected {WANTED}, found {type(given).__name__}")
        given = _arrow_table(given)
        arrays = _arrow_columns(given)
    frame = pd.DataFrame(
        {place: _values(*one) for place, one in enumerate(arrays)}, pd.RangeIndex(len(given)), copy=False
    )
    frame.columns = pd.Index(given.column_names if hasattr(given, "column_names") else given.columns)
    return frame


def is_of_columns(given: Any) -> bool:
    """Whether a mapping has a list or an array for each column; SciPy's matrices by keys are mappings too."""
    if not isinstance(given, Mapping) or hasattr(given, "shape") or not given:
        return False
    return all(
        hasattr(one, "__len__") and not isinstance(one, str | bytes | Mapping) for one in given.values()
    )


def _arrow_table(given: Any) -> Any:
    """What speaks Arrow's C interface as a table; TypeError for one column alone, which does so too."""
    pyarrow = optional("pyarrow", "a frame by Arrow's C interface")
    try:
        return pyarrow.table(given)
    except (TypeError, ValueError):
        raise TypeError(f"expected {WANTED}, found a single {type(given).__name__}") from None


def _arrays(given: Any) -> list[tuple[Any, Array]] | None:
    """The columns of a polars DataFrame or an Arrow table, each with its values; None of anything else."""
    if hasattr(given, "get_columns"):
        return [(column, column.to_numpy()) for column in given.get_columns()]
    return _arrow_columns(given) if hasattr(given, "column_names") and hasattr(given, "num_rows") else None


def _arrow_columns(table: Any) -> list[tuple[Any, Array]]:
    return [(column, _arrow_values(column)) for column in table.columns]


def _arrow_values(column: Any) -> Array:
    """The values of an Arrow column; pyarrow's own way gives a missing one of a dictionary another value."""
    if str(column.type).startswith("dictionary"):
        return np.array(column.to_pylist(), dtype=object)
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _values(column: Any, values: Array) -> pd.Series[Any]:
    """A column of pandas: whole numbers of which some are missing stay whole."""
    kind = str(getattr(column, "type", None) or column.dtype).lower()
    if values.dtype.kind == "f" and kind.startswith(("int", "uint")):
        cells = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
        return pd.Series(cells, dtype="UInt64" if kind.startswith("u") else "Int64")
    return pd.Series(values, copy=False)

"""Frames in the place of files of a config: each is the CSV that `to_csv(index=False)` would write.

So a frame trains what its file would, the same bytes; what the run says of the file, such as `train.csv`, is
the name that it would have in the working directory, and messages count the lines that it would have.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.data.row_origins import PARTS
from mlpcli.errors import ConfigError, DataError, Place
from mlpcli.tables.other_frames import is_of_columns, pandas_frame

NO_CELLS = (list, tuple, dict, set, bytes, np.ndarray, pd.Interval)


def without_frames(settings: Mapping[Any, Any]) -> tuple[Mapping[Any, Any], dict[str, bytes]]:
    """The settings with names in place of frames, and the bytes of the files that have them, by part.

    Raises ConfigError for a frame that no CSV can hold, DataError for names and cells that no column has.
    """
    data = settings.get("data")
    if not isinstance(data, Mapping):
        return settings, {}
    frames = {part: data[part] for part in PARTS if part in data and not _is_written(data[part])}
    if not frames:
        return settings, {}
    contents = {part: _csv(frame, data, part) for part, frame in frames.items()}
    return {**settings, "data": {**data, **{part: f"{part}.csv" for part in frames}}}, contents


def _is_written(value: Any) -> bool:
    """Whether a value is one that a config file may have, or is refused as one."""
    if is_of_columns(value):
        return False
    return value is None or isinstance(value, str | bytes | os.PathLike | Mapping | Real | list | tuple)


def _require_names(frame: pd.DataFrame, part: str) -> None:
    """Raise DataError where columns have names in several levels, or the same one."""
    place, levels = Place(f"data.{part}"), frame.columns.nlevels
    if levels > 1:
        hint = "make one of them: `frame.columns = frame.columns.map('_'.join)`"
        raise DataError.of(f"the names of the frame's columns have {levels} levels", place, hint)
    names = Counter(str(name).strip() for name in frame.columns)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        hint = "give each its own by `frame.columns = [...]`"
        raise DataError.of(f"several columns of the frame are called '{twice[0]}'", place, hint)


def _require_cells(frame: pd.DataFrame, part: str) -> None:
    """Raise DataError for cells that are no texts, numbers or dates, which predictions refuse too."""
    for place, dtype in enumerate(frame.dtypes):
        if getattr(dtype, "kind", "O") != "O":
            continue
        column = frame.iloc[:, place]
        cells: Any = column.cat.categories if isinstance(dtype, pd.CategoricalDtype) else column
        strange = next((cell for cell in cells if isinstance(cell, NO_CELLS)), None)
        if strange is not None:
            found = f"found something of type {type(strange).__name__}"
            message = f"column '{frame.columns[place]}': expected texts, numbers or dates, {found}"
            raise DataError.of(message, Place(f"data.{part}"), "make texts of them, or leave the column out")


def _csv(frame: Any, data: Mapping[Any, Any], part: str) -> bytes:
    """The frame as a file that is written as the settings say of all files."""
    found, separator, decimal = pandas_frame(frame), data.get("separator", ","), data.get("decimal", ".")
    _require_names(found, part)
    _require_cells(found, part)
    buffer = io.StringIO()
    try:
        found.to_csv(buffer, index=False, sep=str(separator), decimal=str(decimal), lineterminator="\n")
        return buffer.getvalue().encode(str(data.get("encoding", "utf-8")))
    except (TypeError, ValueError, LookupError) as error:
        message = f"the frame cannot be written as a file: {error}"
        raise ConfigError.of(f"data.{part}: {message}", Place("config")) from error

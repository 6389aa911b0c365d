"""Frames of polars and Arrow are predicted as the same frames of pandas are, without copies of numbers."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import mlpcli
from mlpcli.errors import UsageError
from mlpcli.tables.other_frames import pandas_frame

CELLS: dict[str, list[Any]] = {
    "whole": [3, 1, 2, 7],
    "some": [2**60 + 1, None, 3, 4],
    "amount": [1.5, None, 2.5, -1.0],
    "text": ["elm", None, "ash", "elm"],
    "truth": [True, None, False, True],
    "flag": [True, False, True, True],
    "day": [datetime.date(2024, 1, 2), None, datetime.date(2024, 3, 1), datetime.date(2025, 1, 1)],
}


def frames() -> dict[str, Any]:
    """The cells as each library has them that is here."""
    found: dict[str, Any] = {}
    for name in ("polars", "pyarrow"):
        try:
            library = __import__(name)
        except ImportError:
            continue
        found[name] = library.DataFrame(CELLS) if name == "polars" else library.table(CELLS)
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> mlpcli.TrainedModel:
    directory = tmp_path_factory.mktemp("model")
    rng = np.random.default_rng(0)
    cells = {name: [values[i] for i in rng.integers(4, size=40)] for name, values in CELLS.items()}
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in cells.items()})
    frame["y"] = rng.normal(size=40)
    frame.to_csv(directory / "t.csv", index=False)
    coded = {"encode": "one_hot", "missing": "category"}
    features: dict[str, Any] = dict.fromkeys(("some", "text", "truth", "flag"), coded)
    features |= {"whole": "standardize", "amount": {"missing": "mean"}}
    features["day"] = {"encode": "datetime", "missing": "most_frequent"}
    data = {"train": directory / "t.csv", "target": "y", "features": features}
    config = {"data": data, "optimizer": {"name": "lbfgs", "iterations": 9}}
    return mlpcli.train(config, output=directory / "run").model


def test_the_same_cells_have_the_same_predictions(model: mlpcli.TrainedModel) -> None:
    expected = model.predict(
        pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in CELLS.items()})
    )
    for frame in frames().values():
        pd.testing.assert_series_equal(model.predict(frame), expected)


def test_batches_and_categories_of_arrow_and_polars(model: mlpcli.TrainedModel) -> None:
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    expected = model.predict(pl.DataFrame(CELLS))
    table = pa.table(CELLS)
    coded = table.set_column(3, "text", table["text"].combine_chunks().dictionary_encode())
    categories = pl.DataFrame(CELLS).with_columns(pl.col("text").cast(pl.Categorical))
    for frame in (
        table.to_batches()[0],
        coded,
        categories,
        pa.concat_tables([table.slice(0, 1), table.slice(1)]),
    ):
        pd.testing.assert_series_equal(model.predict(frame), expected)
    empty = model.predict(pl.DataFrame(CELLS).head(0))
    assert len(empty) == 0


def test_numbers_are_not_copied() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": np.arange(5.0), "b": np.arange(5)})
    for name in ("a", "b"):
        assert np.shares_memory(pandas_frame(frame)[name].to_numpy(), frame[name].to_numpy())


class Streamed:
    """A frame that nobody knows, which hands out its columns by Arrow's C interface."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)


def test_whatever_speaks_arrow_is_a_frame(model: mlpcli.TrainedModel) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(CELLS)
    pd.testing.assert_series_equal(model.predict(Streamed(table)), model.predict(table))
    with patch.dict(sys.modules, {"pyarrow": None}), pytest.raises(UsageError, match=r"mlpcli\[arrow\]"):
        model.predict(Streamed(table))


def test_arrays_by_their_columns_are_a_frame(model: mlpcli.TrainedModel) -> None:
    cells = {name: pd.Series(given, dtype=object) for name, given in CELLS.items()}
    expected = model.predict(pd.DataFrame(cells))
    for columns in (CELLS, cells, {name: one.to_numpy() for name, one in cells.items()}):
        pd.testing.assert_series_equal(model.predict(columns), expected)


def test_what_is_no_frame_is_refused(model: mlpcli.TrainedModel, tmp_path: Path) -> None:
    for wrong in ([[1, 2]], np.eye(3), "t.csv", tmp_path, {}, {"whole": 1}):
        with pytest.raises(TypeError, match="a DataFrame of pandas or polars, or an Arrow table, found"):
            model.predict(wrong)
    whole = pd.Series([1.0, 2.0])
    with pytest.raises(TypeError, match="or an Arrow table, found a single Series"):
        model.predict(whole)
    pl = pytest.importorskip("polars")
    with pytest.raises(TypeError, match=r"found a lazy one: `.collect\(\)` makes a DataFrame of it"):
        model.predict(pl.LazyFrame(CELLS))

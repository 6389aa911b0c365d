"""Whatever the blocks, the parts are the same, and so is what is said of cells that cannot be used."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpcli.config.load import Config
from mlpcli.data import encoding
from mlpcli.data.dataset import Prepared
from mlpcli.errors import DataError
from mlpcli.tables import csv_reader, source
from tests.support.tables import config_for, prepare

LINES = ["target: y", "validation: 0.2", "test: 0.2"]
FEATURES = """\
  features:
    n: {encode: standardize, missing: median, indicator: true}
    m: one_hot
    c: {encode: ordinal, categories: [red, green, blue]}
    d: datetime
"""


def rows_of(count: int) -> list[list[str]]:
    """Rows of numbers, a category, a date, a target; some numbers are missing."""
    rng = np.random.default_rng(1)
    return [
        ["" if rng.random() < 0.1 else repr(rng.normal()), str(rng.integers(9)),
         ["red", "green", "blue"][rng.integers(3)], f"2024-0{rng.integers(1, 10)}-11", repr(rng.normal())]
        for _ in range(count)
    ]  # fmt: skip


def config_of(directory: Path, rows: list[list[str]]) -> Config:
    """A config of these rows."""
    csv = "\n".join(["n,m,c,d,y", *map(",".join, rows)]) + "\n"
    return config_for(directory, csv, LINES, FEATURES)


def in_blocks(config: Config, chunk: int, span: int, dtype: str = "float64") -> Prepared | str:
    """The data as blocks of these sizes give it, or what is said of it."""
    with patch.object(source, "CHUNK", chunk), patch.object(encoding, "SPAN", span):
        try:
            return prepare(config, dtype)
        except DataError as error:
            return str(error)


def content(prepared: Prepared | str) -> object:
    """All that may differ."""
    if isinstance(prepared, str):
        return prepared
    parts = (prepared.train, prepared.validation, prepared.test)
    arrays = [array for part in parts if part is not None for array in (part.x, part.y)]
    fitted = [*prepared.inputs.arrays().values(), *prepared.target.arrays().values(), prepared.head]
    return [array.tobytes() for array in (*arrays, *fitted)], prepared.inputs.meta(), prepared.notes


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    chunk=st.sampled_from([100, 400, 2000]),
    span=st.sampled_from([1, 7, 64]),
    wrong=st.lists(
        st.tuples(st.integers(0, 79), st.integers(0, 4), st.sampled_from(["", "abc", "grey", "1e400"])),
        max_size=3,
    ),
)
def test_blocks_of_any_size_give_the_same(
    tmp_path: Path, chunk: int, span: int, wrong: list[tuple[int, int, str]]
) -> None:
    """Matrices, what is fitted, notes, and errors with their lines."""
    rows = rows_of(80)
    for row, column, cell in wrong:
        rows[row][column] = cell
    config = config_of(tmp_path, rows)
    assert content(in_blocks(config, chunk, span)) == content(in_blocks(config, 1 << 20, 1 << 20))


def test_a_precision_is_that_of_float64_rounded_at_the_end(tmp_path: Path) -> None:
    """And the rows at the head are kept as they were before."""
    config = config_of(tmp_path, rows_of(80))
    wide, narrow = in_blocks(config, 400, 7), in_blocks(config, 400, 7, "float32")
    assert not isinstance(wide, str)
    assert not isinstance(narrow, str)
    assert narrow.train.x.dtype == np.float32
    assert narrow.train.x.tobytes() == wide.train.x.astype(np.float32).tobytes()
    assert narrow.head.tobytes() == wide.head.tobytes() == wide.train.x[: encoding.HEAD].tobytes()


def test_what_is_beyond_the_precision_cannot_be_used(tmp_path: Path) -> None:
    """An infinite input would make predictions of nothing."""
    csv = "x,y\n" + "".join(f"{value},{value % 3}\n" for value in (1, 2, -(10**300), 4, 5))
    config = config_for(tmp_path, csv, ["target: y", "features: {x: none}"])
    assert np.isfinite(prepare(config, "float64").train.x).all()
    with pytest.raises(DataError, match=r"t\.csv:4: column 'x': expected a number that can be scaled"):
        prepare(config, "float32")


def test_no_matrix_is_held_twice(tmp_path: Path) -> None:
    """What is allocated to encode is the matrix and a few blocks; blocks read are in pages of their own."""
    rows = np.random.default_rng(0).normal(size=(10_000, 41)).round(3).tolist()
    header = ",".join([*(f"x{index}" for index in range(40)), "y"])
    csv = "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"
    config = config_for(tmp_path, csv, ["target: y"])
    with patch.object(source, "CHUNK", 1 << 16), patch.object(csv_reader, "KEPT", 0):
        prepare(config, "float32")  # what is loaded once
        tracemalloc.start()
        prepared = prepare(config, "float32")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2.5 * prepared.train.x.nbytes

"""A matrix encoded at once holds, to the last bit, what its columns hold one by one, and as good messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.fitting import fit_inputs
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.scaling import NOTHING
from mlpcli.tables.columns import Notation, NumberColumn
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.frames import table_of_frame
from mlpcli.tables.matrix_columns import MatrixColumns
from mlpcli.tables.owners import MatrixOwner
from mlpcli.tables.table import NUMBERED, Table

ENCODES = ("standardize", "log1p", "robust_clip", "none", "robust_clip", "minmax")
ROWS = 700


def encoder(places: range, names: str = "x") -> InputEncoder:
    rng = np.random.default_rng(1)
    features = [
        NumberFeature(
            f"{names}{place}",
            ENCODES[place % len(ENCODES)],
            "error",
            float(rng.normal()),
            NOTHING if place % len(ENCODES) == 4 else float(rng.uniform(0.5, 3)),
            None,
        )
        for place in places
    ]
    return InputEncoder(tuple(features))


def rows(columns: int, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    return np.abs(np.random.default_rng(2).normal(size=(ROWS, columns))).astype(dtype)


def table(numbers: Any, count: int = ROWS) -> Table:
    return Table("X", count, NUMBERED, Notation(), numbers)


def one_by_one(x: npt.NDArray[Any]) -> Table:
    return table({f"x{i}": [NumberColumn(column)] for i, column in enumerate(x.T)}, len(x))


@pytest.mark.parametrize("policy", ["error", "drop", "median"])
@pytest.mark.parametrize("encode", ["standardize", "minmax", "maxabs", "none", "log1p", "robust", None])
def test_columns_fitted_together_are_those_fitted_alone(encode: str | None, policy: str) -> None:
    """Of every magnitude, constant ones, and beside one with a missing cell."""
    rng = np.random.default_rng(3)
    sizes = [1e-320, 1e-200, 1e-3, 1.0, 1e150, 8e307, 1e-310, 1.0]
    for count, missing in ((1, 0), (2, 0), (7, 0), (60, 0), (129, 0), (60, 1)):
        x = rng.uniform(0, 1, size=(count, 8)) * sizes
        x[:, 3], x[: count // 3, 7] = 0.1, 0.0
        x[:missing, 5] = np.nan
        spec, default = FeatureSpec.model_validate({"encode": encode}), MissingSpec(name=policy)
        given, every = one_by_one(x), np.arange(count)
        names = [f"x{place}" for place in range(8)]
        found = fit_inputs(dict.fromkeys(names, spec), default, given, every)
        alone = [fit_inputs({name: spec}, default, given, every) for name in names]
        assert [one.encoder.features[0] for one in alone] == list(found.encoder.features)
        constant = [one.notes[0].split(": ")[1] for one in alone if one.notes and "constant" in one.notes[0]]
        listed = [note.split(": ")[1] for note in found.notes if "constant" in note]
        assert ", ".join(constant) == ", ".join(listed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("places", [range(12), range(5, 9), range(11, -1, -1)], ids=str)
def test_all_at_once_is_one_by_one(places: range, dtype: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    x, inputs = rows(12), encoder(places)
    for chosen in (None, np.arange(3, 600), np.array([5, 1, 699])):
        count = ROWS if chosen is None else len(chosen)
        expected = inputs.encode(one_by_one(x), chosen, inputs.zeros(count, dtype))
        for matrix in (x, np.asfortranarray(x), sparse.csr_array(x)):
            found = inputs.encode(table(MatrixColumns(matrix)), chosen, inputs.zeros(count, dtype))
            np.testing.assert_array_equal(found.x, expected.x)
            assert found.x.dtype == dtype
            assert (found.faults, found.unseen) == ((), ())


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300, -2.0])
def test_a_number_that_cannot_be_used_is_told_as_ever(bad: float) -> None:
    """Missing, infinite, beyond single precision, and none that log1p takes."""
    x, inputs = rows(12), encoder(range(12))
    x[650, 7] = x[3, 1] = x[9, 0] = bad
    expected, found = (
        inputs.encode(given, None, inputs.zeros(ROWS, "float32"))
        for given in (one_by_one(x), table(MatrixColumns(x)))
    )
    np.testing.assert_array_equal(found.x, expected.x)
    told = [(fault.column, fault.message, fault.rows.tolist()) for fault in found.faults]
    assert told == [(fault.column, fault.message, fault.rows.tolist()) for fault in expected.faults]
    assert told


def test_a_frame_of_numbers_is_one_matrix() -> None:
    """By names, in another order, beside other columns, in any type of number, and with marks of its own."""
    x, inputs = rows(4, np.float32), encoder(range(4), names="c")
    order = ["c3", "more", "c0", "c2", "c1"]
    frame = pd.DataFrame({name: [*x[:, int(name[1])]] if name[0] == "c" else "-" for name in order})
    frame["c1"] = (frame["c1"] * 10).astype(int)
    frame.loc[4, "c2"] = -999.0
    form = CsvFormat(na_values=("", "-999"))
    found = table_of_frame(frame, inputs.wanted, form, {})
    assert isinstance(found.numbers, MatrixColumns)
    assert list(found.numbers) == ["c0", "c1", "c2", "c3"]
    assert np.isnan(found.number("c2").values[4])
    expected = table({name: [found.number(name)] for name in found.numbers})
    for given in (found, expected):
        encoded = inputs.encode(given, np.arange(4))
        np.testing.assert_array_equal(encoded.x, inputs.encode(expected, np.arange(4)).x)
    assert [fault.column for fault in inputs.encode(found).faults] == ["c2"]
    assert frame.loc[4, "c2"] == -999.0
    texts = table_of_frame(frame.astype({"c0": str}), inputs.wanted, form, {})
    assert isinstance(texts.numbers, dict)


@pytest.mark.parametrize("kind", ["float32", "float16", "Float32", "float64"])
@pytest.mark.parametrize("others", ["of the same type", "of float64", "texts"])
def test_numbers_of_fewer_bits_are_those_of_a_file(kind: str, others: str, tmp_path: Path) -> None:
    """0.1 and not 0.100000001490116: what a CSV of the frame holds, and a mark for a missing cell too."""
    x = np.random.default_rng(0).normal(size=(50, 4)) * [1e-3, 1.0, 10.0, 1e3]
    x[7, 1] = -9.9
    frame = pd.DataFrame(x.round(4), columns=["c0", "c1", "c2", "c3"]).astype({"c0": kind, "c1": kind})
    if others != "of float64":
        frame = frame.astype(str if others == "texts" else kind).astype({"c0": kind, "c1": kind})
    frame.to_csv(tmp_path / "t.csv", index=False)
    read = pd.read_csv(tmp_path / "t.csv", dtype=str)
    form, inputs = CsvFormat(na_values=("", "-9.9")), encoder(range(4), names="c")
    found, expected = (table_of_frame(one, inputs.wanted, form, {}) for one in (frame, read))
    for name in frame:
        np.testing.assert_array_equal(found.number(name).values, expected.number(name).values)
    assert np.isnan(found.number("c1").values[7])


def test_rows_of_a_matrix_are_given_up_in_spans() -> None:
    x = rows(3)
    owner = MatrixOwner(table({}), MatrixColumns(x, {"w": [NumberColumn(x[:, 0])]})).another()
    spans = list(owner.give_up(300))
    assert [(span.start, span.stop) for span in spans] == [(0, 300), (300, 600), (600, 700)]
    assert [list(span.table.numbers) for span in spans] == [["x0", "x1", "x2", "w"]] * 3
    np.testing.assert_array_equal(np.concatenate([one.table.number("w").values for one in spans]), x[:, 0])
    assert "x3" not in spans[0].table.numbers
    assert "x02" not in spans[0].table.numbers
    assert len(spans[0].table.numbers) == 4
    with pytest.raises(KeyError):
        spans[0].table.number("x3")

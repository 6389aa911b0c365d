"""The parts of exported files of Python read cells as mlp does, and say what is wrong with them."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.date_format import read_date as read_by_mlp
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.data.number_feature import QuantileCurve
from mlpcli.data.target import TargetEncoder
from mlpcli.exporting.python.parts import part
from mlpcli.exporting.python.runtime import activations, arithmetic, cells, digits, filtering, layers
from mlpcli.exporting.python.runtime.categories import Code, OneHot
from mlpcli.exporting.python.runtime.cells import NumberColumn, TextColumn, UnusableError
from mlpcli.exporting.python.runtime.classes import Classes
from mlpcli.exporting.python.runtime.dates import Date, read_date
from mlpcli.exporting.python.runtime.decorated import DecoratedColumn
from mlpcli.exporting.python.runtime.levels import Levels
from mlpcli.exporting.python.runtime.numbers import Number
from mlpcli.exporting.python.runtime.predicting import Model, Network
from mlpcli.exporting.python.runtime.ranks import Rank, normal_of
from mlpcli.exporting.python.runtime.units import Units
from mlpcli.exporting.python.vectorized.cells import Bad, read
from mlpcli.exporting.python.vectorized.units import Units as UnitsOfAll
from mlpcli.nn.activations import ActivationChoice
from mlpcli.tables.columns import number_of
from mlpcli.tables.decorated_numbers import decorated_numbers
from mlpcli.tables.spellings import manner_of, places_by_meaning
from mlpcli.training.few_digits import as_float32_tells

NUMBERISH = st.text("0123456789+-.eE, \t_nafix", max_size=8)
AMOUNTISH = st.text("0123456789$€()+-\u2212,. '%kg", max_size=10)
DATEISH = st.text("0123456789-T :.,Z+", max_size=26)


@given(text=NUMBERISH, decimal=st.sampled_from(".,"))
def test_numbers_are_those_of_mlp(text: str, decimal: str) -> None:
    mine, theirs = cells.number_of(text, decimal), number_of(text, decimal)
    assert mine == theirs or (isnan(mine) and isnan(theirs))


@given(text=AMOUNTISH, decimal=st.sampled_from(".,"), thousands=st.sampled_from([None, ",", ".", " ", "'"]))
def test_decorated_numbers_are_those_of_mlp(text: str, decimal: str, thousands: Any) -> None:
    parse = ParseSpec(prefix="$", suffix=" kg", thousands=thousands)
    column = DecoratedColumn("x", decimal, [""], [], ("$", " kg", thousands or ""))
    mine, theirs = column.parse(text), decorated_numbers([text], parse, decimal)[0]
    assert mine == theirs or (isnan(mine) and isnan(theirs))


@given(text=DATEISH | st.dates().map(str) | st.datetimes().map(str))
def test_dates_are_those_of_mlp(text: str) -> None:
    assert read_date(text, None) == read_by_mlp(text, None)


@given(number=st.floats(-1e14, 1e14), form=st.sampled_from(["epoch", "epoch_ms"]))
def test_seconds_since_1970_are_those_of_mlp(number: float, form: str) -> None:
    assert read_date(repr(number), form) == read_by_mlp(repr(number), form)
    assert read_date("1e400", form) is None


@given(
    known=st.lists(
        st.sampled_from(["1", "1.0", "01", "true", "TRUE", "é", "e\u0301", "a b", "9" * 17, "0.5"]),
        max_size=4,
        unique=True,
    ),
    text=st.sampled_from(
        ["1", "+1", "1e0", "01", "True", "é", "e\u0301", "a\u00a0b", "9" * 17, ".5", "x", ""]
    ),
)
def test_levels_mean_what_they_mean_in_mlp(known: list[str], text: str) -> None:
    levels = Levels(known, list(range(len(known))), manner_of(known), ".", -2, -1)
    expected = known.index(text) if text in known else places_by_meaning([text], tuple(known))[0]
    assert levels.of(text, "x") == expected


@given(share=st.floats(1e-9, 1 - 1e-9))
def test_the_normal_distribution_is_inverted(share: float) -> None:
    assert normal_of(share) == pytest.approx(NormalDist().inv_cdf(share), rel=1e-14, abs=1e-15)


@given(
    quantiles=st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=9).map(sorted),
    x=st.floats(-4, 4) | st.integers(-4, 4).map(float),
    normal=st.booleans(),
)
def test_ranks_are_those_of_mlp(quantiles: list[float], x: float, normal: bool) -> None:
    curve = QuantileCurve(tuple(quantiles), "normal" if normal else "uniform")
    expected = float(curve(np.array([x]))[0])
    assert Rank("x", None, quantiles, normal).inputs(x) == [pytest.approx(expected, rel=1e-12, abs=1e-15)]


@given(z=st.floats(-800, 800), name=st.sampled_from(["sigmoid", "silu", "mish"]))
def test_activations_with_a_bound_have_that_of_mlp(z: float, name: str) -> None:
    kernel = ActivationChoice(name, {}).formula(np.dtype(np.float64))
    with np.errstate(all="ignore"):
        expected = float(kernel(np.array([z]))[0][0])
    assert getattr(activations, name)(708.0)(z) == pytest.approx(expected, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("function", ["exp", "expm1"])
@pytest.mark.parametrize("x", [0.5, 708.9, 709.7, 710.0, 1e308, float("inf"), -1e308])
def test_exponentials_never_fail(function: str, x: float) -> None:
    with np.errstate(over="ignore"):
        expected = float(getattr(np, function)(x))
    assert getattr(arithmetic, function)(x) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("x", [2.0, 0.0, -1.0, -2.0])
def test_logarithms_never_fail(x: float) -> None:
    with np.errstate(all="ignore"):
        for function in ("log", "log1p"):
            found, expected = getattr(arithmetic, function)(x), float(getattr(np, function)(x))
            assert found == pytest.approx(expected, rel=1e-15, nan_ok=True)


@given(
    z=st.floats(-1e3, 1e3, width=32),
    center=st.sampled_from([0.0, 12.5, 1e9]),
    scale=st.sampled_from([1e-6, 1.0, 40.0]),
)
def test_numbers_have_the_digits_that_mlp_writes(z: float, center: float, scale: float) -> None:
    number = scale * z + center
    each = np.array([center]), np.array([scale])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arithmetic, "PRECISION", "f")
        assert (
            digits.as_single_tells(number, center, scale)
            == as_float32_tells(np.array([[number]]), *each)[0, 0]
        )


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (lambda: NumberColumn("x", ".", [""]).read("abc"), "column 'x': expected a number, found 'abc'"),
        (lambda: NumberColumn("x", ".", [""]).read(float("inf")), "expected a number, found 'inf'"),
        (lambda: Number("x", None, 0.0, 1.0).inputs(None), "a missing value, and no policy for it"),
        (lambda: Code("x", Levels(["a"], [0], "text", ".", None, None)).inputs(None), "a missing value"),
        (lambda: Code("x", Levels(["a"], [0], "text", ".", 0, None)).inputs("b"), "none of its categories"),
        (lambda: Date("x", None, None, [("year", 0.0, 1.0)]).inputs(None), "a missing value"),
        (lambda: Date("x", None, None, [("year", 0.0, 1.0)]).inputs("now"), "a date such as 2024-01-31"),
        (lambda: Date("x", None, "%d.%m.%Y", [("year", 0.0, 1.0)]).inputs("now"), "written as %d.%m.%Y"),
        (lambda: arithmetic.require_finite([1.0, float("nan")]), "is not a finite number"),
        (lambda: arithmetic.require_scaled([float("inf")], "x"), "a number that can be scaled"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told(read: Any, told: str) -> None:
    with pytest.raises(UnusableError, match=re.escape(told)):
        read()


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        *[(None, None), ("", None), ("NA", None), (float("nan"), None), (7, 7.0), ("-9", None), (True, 1.0)],
        *[(np.float32(0.1), 0.1), (np.float16(0.1), 0.1), (np.int8(3), 3.0), (np.True_, 1.0)],
    ],
)
def test_cells_of_a_program_are_numbers_or_missing(cell: Any, number: float | None) -> None:
    assert NumberColumn("x", ".", ["", "NA"], [-9.0]).read(cell) == number


NOTHING = [np.float32("nan"), np.datetime64("NaT"), pd.NA, pd.NaT]


@pytest.mark.parametrize("cell", NOTHING, ids=repr)
def test_what_other_programs_have_for_a_missing_cell_is_one(cell: Any) -> None:
    assert NumberColumn("x", ".", [""]).read(cell) is None
    assert TextColumn("x", ".", [""]).read(cell) is None


@pytest.mark.parametrize("kind", ["float64", "Float64", "Int64", "category", "object"])
def test_a_column_of_a_frame_is_read_with_its_missing_cells(kind: str) -> None:
    """Each time that it is gone through, pandas makes another NaN."""
    frame = pd.DataFrame({"x": pd.Series([1.0, None, None, 2.0]).astype(kind)})
    bad = Bad(4)
    assert np.isnan(read(NumberColumn("x", ".", [""]), frame["x"], bad)).tolist() == [
        False,
        True,
        True,
        False,
    ]
    texts = read(TextColumn("x", ".", [""]), frame["x"], bad)
    assert [text is None for text in texts] == [False, True, True, False]
    assert not bad.rows.any()


ENDS = (-np.inf, -900.0, 0.5, 3.0, 900.0, np.inf, np.nan)


@pytest.mark.parametrize("transform", [None, "log1p"])
@pytest.mark.parametrize("bounds", [None, ([0.25], [4.0])])
def test_numbers_in_the_targets_units_are_those_of_the_target(
    transform: str | None, bounds: tuple[list[float], list[float]] | None
) -> None:
    """Those of outputs that are not finite too."""
    own = None if bounds is None else np.array(bounds)
    ends = np.array([0.5]), np.array([2.0])
    target = TargetEncoder("regression", ("y",), (), 1, *ends, {}, transform=transform, bounds=own)
    with np.errstate(all="ignore"):
        expected = target.predicted(np.array(ENDS)[:, np.newaxis])[:, 0]
        found = UnitsOfAll([0.5], [2.0], transform is not None, bounds).numbers(np.array(ENDS)[:, np.newaxis])
    units = Units([0.5], [2.0], transform is not None, bounds)
    np.testing.assert_allclose([units.numbers([end])[0] for end in ENDS], expected, rtol=1e-15)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("cell", "text"), [(None, None), (float("nan"), None), ("NA", None), (7, "7"), ("-9.0", None), ("a", "a")]
)
def test_cells_of_a_program_are_texts_or_missing(cell: Any, text: str | None) -> None:
    assert TextColumn("x", ".", ["", "NA"], [-9.0]).read(cell) == text


def small_model() -> Model:
    """Two classes by the sign of a number."""
    network = Network(0, [lambda x: [x[0]]])
    reading = Classes(["no", "yes"], activations.sigmoid(708.0), probabilities=False)
    return Model(
        [NumberColumn("größe", ".", [""])], [[Number("größe", None, 0.0, 1.0)]], [network], None, reading
    )


def filtered(table: str, empty_bad_rows: bool = False, ids: tuple[str, ...] = ()) -> list[str]:
    """The lines that come of a table."""
    rows: Iterator[list[str]] = iter([line.split(",") if line else [] for line in table.split("\n")])
    return list(filtering.predicted(small_model(), ids, rows, empty_bad_rows))


def test_columns_are_found_by_names_that_look_the_same() -> None:
    assert filtered('\ufeffid,gro\u0308ße\nA,2\n\n"B,-1', ids=("id",)) == [
        "id,prediction\n",
        "A,yes\n",
        '"""B",no\n',
    ]


def test_a_bad_row_is_told_or_left_empty() -> None:
    assert filtered("größe\n\n1", empty_bad_rows=True) == ["prediction\n", '""\n', "yes\n"]
    with pytest.raises(UnusableError, match=r"row 1: column .größe.: a missing value"):
        filtered("größe\n\n1")
    with pytest.raises(UnusableError, match=r"there is no column .größe."):
        filtered("other\n1")
    with pytest.raises(UnusableError, match="row 2: expected 1 fields, found 2"):
        filtered("größe\n1\n1,2")


BAD_CELL = "column 'größe': expected a number, found 'abc'"


@pytest.mark.parametrize(
    ("table", "arguments", "code", "out", "told"),
    [
        ("größe\n3\nabc\n", [], 4, "prediction\nyes\n", f"error: row 2: {BAD_CELL}\n"),
        ("größe\n3\nabc\n", ["--on-bad-row", "empty"], 0, 'prediction\nyes\n""\n', ""),
        ("größe\nabc\n", [], 4, "", f"error: row 1: {BAD_CELL}\n"),
        ("größe\n", [], 0, "prediction\n", ""),
        ("", [], 4, "", "error: there is no column 'größe'\n"),
    ],
)
def test_the_filter_ends_as_predict_does(
    table: str, arguments: list[str], code: int, out: str, told: str
) -> None:
    """The third table has no good row in front of the bad one: then nothing is written."""
    written, said = io.BytesIO(), io.StringIO()
    stream = io.TextIOWrapper(written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["score.py", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(table.encode())))
        patch.setattr(sys, "stdout", stream)
        patch.setattr(sys, "stderr", said)
        assert filtering.main(small_model(), [], ",", "utf-8") == code
    assert (written.getvalue().decode(), said.getvalue()) == (out, told)


def test_parts_are_what_stands_in_an_exported_file() -> None:
    assert "def number_of" in part("runtime.cells").text
    assert "import" not in part("runtime.layers").text
    assert layers.Affine is not None
    assert OneHot is not None
    assert Path(cells.__file__).read_text("utf-8").endswith(part("runtime.cells").text + "\n")


def test_all_rows_at_once_are_bad_where_one_is() -> None:
    bad = Bad(3, before=10)
    column = NumberColumn("x", ".", [""], [-9.0])
    found = read(column, ["1", "", "abc"], bad)
    assert found.tolist()[0] == 1.0
    assert bad.rows.tolist() == [False, False, True]
    bad.add(np.array([False, True, False]), "nothing there")
    with pytest.raises(UnusableError, match="row 12: nothing there"):
        bad.require_none()


def test_arrays_of_numbers_are_read_as_they_are() -> None:
    bad = Bad(4)
    column = NumberColumn("x", ".", [""], [-9.0])
    found = read(column, np.array([1.0, np.nan, -9.0, np.inf]), bad)
    assert np.isnan(found).tolist() == [False, True, True, False]
    assert bad.rows.tolist() == [False, False, False, True]
    single = np.array([0.1, np.nan, -9.0], np.float32)
    assert read(column, single, Bad(3)).tolist()[0] == 0.1

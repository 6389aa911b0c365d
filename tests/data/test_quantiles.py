"""Robust scaling and ranks are scikit-learn's, at any magnitude, and come back from a file the same."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, RobustScaler

from mlpcli.arrays import Array
from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.fitting import fit_inputs
from mlpcli.data.number_feature import MAX_QUANTILES, fit_curve
from mlpcli.data.scaling import SCALINGS, robust, robust_clip
from mlpcli.tables.table import Table
from tests.support.tables import all_rows, table_of

OUTPUTS = ["uniform", "normal"]
NUMBERS = st.integers(-900, 10**6).map(lambda n: n / 1000)


def number_table(cells: Sequence[object]) -> Table:
    """A table with one column of numbers, x."""
    return table_of({"x": cells, "y": [0] * len(cells)}, numbers=("x",))


def fit(table: Table, **options: object) -> InputEncoder:
    """x encoded as the options say, fitted on all rows."""
    spec = FeatureSpec.model_validate(options)
    return fit_inputs({"x": spec}, MissingSpec(name="error"), table, all_rows(table)).encoder


def scikit(cells: Sequence[float], output: str) -> QuantileTransformer:
    """scikit-learn's transformer of all rows, with as many quantiles as rows up to 1,000."""
    count = min(MAX_QUANTILES, len(cells))
    transformer = QuantileTransformer(n_quantiles=count, output_distribution=output, subsample=None)
    return transformer.fit(column_of(cells))


def column_of(cells: Sequence[float]) -> Array:
    """The cells as a matrix of one column."""
    return np.array(cells)[:, np.newaxis]


@pytest.mark.parametrize("output", OUTPUTS)
@given(cells=st.lists(NUMBERS, min_size=2, max_size=15), others=st.lists(NUMBERS, min_size=1, max_size=15))
def test_ranks_are_those_of_scikit_learn(output: str, cells: list[float], others: list[float]) -> None:
    """Bit for bit, also for values between and beyond the training rows, and for equal ones."""
    encoder, oracle = fit(number_table(cells), encode="quantile", output=output), scikit(cells, output)
    for values in (cells, others):
        x = encoder.encode(number_table(values)).x
        np.testing.assert_array_equal(x, oracle.transform(column_of(values)))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("rows", [999, 1000, 1001, 12_345])
def test_there_are_at_most_a_thousand_quantiles(output: str, rows: int) -> None:
    """As many as rows before; every row has its part in them."""
    rng = np.random.default_rng(rows)
    values = np.round(rng.lognormal(size=rows), 2)
    curve = fit_curve(values, output)
    assert len(curve.quantiles) == min(rows, 1000)
    others = np.concatenate([values, rng.lognormal(size=rows), [-1.0, 0.0, 1e9]])
    expected = scikit(values.tolist(), output).transform(column_of(others.tolist()))
    np.testing.assert_array_equal(curve(others), expected[:, 0])


@given(cells=st.lists(NUMBERS, min_size=2, max_size=15))
def test_robust_scaling_is_that_of_scikit_learn(cells: list[float]) -> None:
    """By median and quartiles; by the range where the quartiles are the same; a constant becomes 0."""
    x = fit(number_table(cells), encode="robust").encode(number_table(cells)).x
    column = column_of(cells)
    low, middle, high = np.percentile(column, [25, 50, 75])
    expected = RobustScaler().fit_transform(column)
    if low == high:
        expected = (column - middle) / (np.ptp(column) or 1.0)
    np.testing.assert_allclose(x, expected, rtol=1e-12, atol=1e-12)


def realmlp(cells: Sequence[float], others: Sequence[float]) -> Array:
    """What RealMLP's preprocessing makes of other cells, as its authors write it."""
    train, x = np.array(cells), np.array(others)
    width = np.quantile(train, 0.75) - np.quantile(train, 0.25)
    if width == 0:
        width = 0.5 * (train.max() - train.min())
    factor = 0.0 if width == 0 else 1 / width
    v = factor * (x - np.median(train))
    return np.asarray(v / np.sqrt(1 + (v / 3) ** 2))


@given(cells=st.lists(NUMBERS, min_size=2, max_size=15), others=st.lists(NUMBERS, min_size=1, max_size=15))
def test_robust_clip_is_the_preprocessing_of_realmlp(cells: list[float], others: list[float]) -> None:
    """By median and quartiles, by half the range, or nothing at all: also for what training did not have."""
    encoder = fit(number_table(cells), encode="robust_clip")
    for values in (cells, others):
        x = encoder.encode(number_table(values)).x[:, 0]
        np.testing.assert_allclose(x, realmlp(cells, values), rtol=1e-12, atol=1e-12)
        assert (np.abs(x) <= 3).all()
    restored = InputEncoder.from_meta(json.loads(json.dumps(encoder.meta())), encoder.arrays())
    assert restored == encoder


@pytest.mark.parametrize(
    ("cells", "others", "expected"),
    [
        ([-1, 0, 1, 2, 3], [1, 3, 5, -5], [0, 1 / (1 + 1 / 9) ** 0.5, 2 / (13 / 9) ** 0.5, -3 / 2**0.5]),
        # a rare 1
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [0, 1], [0, 2 / (1 + 4 / 9) ** 0.5]),
        # a constant stays 0 for ever
        ([7, 7, 7], [7, 8, -1e6], [0, 0, 0]),
        # far out
        ([-1, 0, 1, 2, 3], [1e200, -1e300], [3, -3]),
    ],
)
def test_robust_clip_worked_by_hand(cells: list[float], others: list[float], expected: list[float]) -> None:
    x = fit(number_table(cells), encode="robust_clip").encode(number_table(others)).x
    np.testing.assert_allclose(x[:, 0], expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize("weights", [[1, 3, 2, 1, 5, 1], [1, 1, 1, 9, 1, 1]])
def test_robust_clip_counts_rows_as_often_as_they_weigh(weights: list[int]) -> None:
    values = np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.5])
    repeated = SCALINGS["robust_clip"](np.repeat(values, weights))
    assert SCALINGS["robust_clip"](values, np.array(weights, dtype=float)) == pytest.approx(
        repeated, rel=1e-12
    )


def test_a_scale_that_is_none_of_quartiles_is_told_of() -> None:
    """Most rows are 0: others would reach the network as they are."""
    spec, policy = {"x": FeatureSpec.model_validate("robust")}, MissingSpec(name="error")
    table = number_table([0] * 17 + [5000, 99_999, 20_000])
    assert fit_inputs(spec, policy, table, all_rows(table)).notes == (
        "column 'x': most rows hold 0, so that its quartiles are the same: scaled by its range, 99999",
    )
    half = number_table([0] * 9 + [1] * 11)
    assert fit_inputs(spec, policy, half, all_rows(half)).notes == ()


@pytest.mark.parametrize("encode", ["robust", "robust_clip", "quantile"])
def test_a_constant_column_becomes_0(encode: str) -> None:
    """Exactly."""
    table = number_table([0.1, 0.1, 0.1])
    assert fit(table, encode=encode).encode(table).x.tolist() == [[0], [0], [0]]


@pytest.mark.parametrize("unit", [1e-300, 1e-20, 1.0, 1e20, 1e307])
def test_no_magnitude_is_too_large_or_too_small(unit: float) -> None:
    """The same numbers in other units."""
    values = np.array([-9.0, -1.0, 0.5, 3.0, 9.0])
    assert robust(values * unit) == pytest.approx((0.5 * unit, 4.0 * unit), rel=1e-12)
    assert robust_clip(values * unit) == pytest.approx((0.5 * unit, 4.0 * unit), rel=1e-12)
    curve = fit_curve(values * unit, "uniform")
    np.testing.assert_allclose(curve(values * unit), [0, 0.25, 0.5, 0.75, 1], rtol=1e-12)


@pytest.mark.parametrize(("encode", "scaler"), [("robust", RobustScaler()), ("quantile", None)])
def test_missing_cells_are_filled_before(encode: str, scaler: RobustScaler | None) -> None:
    """As a pipeline of scikit-learn's imputer and scaler does it."""
    cells = [3, None, 1, 1, 8, None, 2.5]
    table = number_table(cells)
    column = np.array([np.nan if cell is None else cell for cell in cells])[:, np.newaxis]
    steps = make_pipeline(
        SimpleImputer(strategy="median"), scaler or QuantileTransformer(n_quantiles=7, subsample=None)
    )
    x = fit(table, encode=encode, missing="median").encode(table).x
    np.testing.assert_allclose(x, steps.fit_transform(column), rtol=1e-12, atol=1e-12)


def test_wrong_cells_are_faults() -> None:
    """The others are not touched."""
    found = fit(number_table([1, 2, 4]), encode="quantile").encode(number_table(["3", "abc", "", "4"]))
    assert [(fault.message, fault.rows.tolist()) for fault in found.faults] == [
        ("expected a number, found 'abc'", [1]),
        ("a missing value, and no policy for it", [2]),
    ]
    assert found.x[:, 0].tolist() == [0.75, 0, 0, 1]


def test_what_is_stored_encodes_the_same() -> None:
    """The quantiles of several columns are one array; other columns have none."""
    columns = {"a": [5, 1, 3, None], "b": [1, 2, 4, 8], "c": [0.1, 0.2, 0.4, 0.9]}
    table = table_of(columns, numbers=("a", "b", "c"))
    specs = {
        "a": {"encode": "quantile", "output": "normal", "missing": "mean"},
        "b": {"encode": "robust"},
        "c": {"encode": "quantile"},
    }
    features = {name: FeatureSpec.model_validate(options) for name, options in specs.items()}
    encoder = fit_inputs(features, MissingSpec(name="error"), table, all_rows(table)).encoder
    np.testing.assert_allclose(
        encoder.arrays()["inputs.quantiles"], [[1, 3, 3, 5], [0.1, 0.2, 0.4, 0.9]], rtol=1e-12
    )
    assert [entry.get("output") for entry in encoder.meta()] == ["normal", None, "uniform"]
    restored = InputEncoder.from_meta(json.loads(json.dumps(encoder.meta())), encoder.arrays())
    assert restored == encoder
    np.testing.assert_array_equal(restored.encode(table).x, encoder.encode(table).x)


def test_without_ranks_nothing_more_is_stored() -> None:
    """Models have the arrays that they always had."""
    assert list(fit(number_table([1, 2]), encode="robust").arrays()) == [
        "inputs.center",
        "inputs.scale",
        "inputs.fill",
    ]

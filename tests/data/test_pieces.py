"""Pieces of a number: each a ramp between two quantiles, together a curve that only goes up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.arrays import Array
from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.fitting import fit_inputs
from mlpcli.data.piecewise_feature import bin_edges
from mlpcli.tables.table import Table
from tests.support.tables import all_rows, table_of

NUMBERS = st.integers(-50, 50).map(lambda n: n / 8)
CELLS = st.lists(NUMBERS, min_size=2, max_size=20)


def number_table(cells: Sequence[object]) -> Table:
    return table_of({"x": cells, "y": [0] * len(cells)}, numbers=("x",))


def fit(table: Table, **options: object) -> InputEncoder:
    """x in pieces, fitted on all rows."""
    spec = FeatureSpec.model_validate({"encode": "piecewise_linear", **options})
    return fit_inputs({"x": spec}, MissingSpec(name="error"), table, all_rows(table)).encoder


def pieces(cells: Sequence[object], others: Sequence[object], **options: object) -> list[list[float]]:
    found = fit(number_table(cells), **options).encode(number_table(others))
    assert not found.faults
    return found.x.tolist()


@pytest.mark.parametrize(
    ("cells", "bins", "others", "expected"),
    [
        # edges 0, 2, 4: the first has no 0 below, the last no 1 above
        ([0, 1, 2, 3, 4], 2, [-1, 0, 1, 2, 3, 5],
         [[-0.5, 0], [0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1.5]]),
        # of edges 0, 0, 0, 3, 8 three are left
        ([0, 0, 0, 3, 8], 4, [0, 1, 3, 5.5, 13], [[0, 0], [1 / 3, 0], [1, 0], [1, 0.5], [1, 2]]),
        # one bin is the range, with no end
        ([2, 3, 6], 1, [1, 2, 5, 10], [[-0.25], [0], [0.75], [2]]),
        # no more bins than steps between rows
        ([0, 1, 4], 48, [-1, 0.5, 2.5, 7], [[-1, 0], [0.5, 0], [1, 0.5], [1, 2]]),
        # a constant is 0 for ever
        ([7, 7, 7], 48, [7, 8, -9], [[0], [0], [0]]),
        # in the middle there are both ends
        ([0, 1, 2, 3], 3, [-9, 0.5, 1.5, 9], [[-9, 0, 0], [0.5, 0, 0], [1, 0.5, 0], [1, 1, 7]]),
    ],
)  # fmt: skip
def test_pieces_worked_by_hand(
    cells: list[float], bins: int, others: list[float], expected: list[list[float]]
) -> None:
    np.testing.assert_allclose(pieces(cells, others, bins=bins), expected, rtol=1e-12)


def exact_edges(cells: list[float], bins: int) -> Array:
    """The different quantiles, linear between two rows, in fractions: no rounding makes one more of them."""
    rows, count = [Fraction(cell) for cell in sorted(cells)], max(1, min(bins, len(cells) - 1))
    places = [Fraction(k * (len(rows) - 1), count) for k in range(count + 1)]
    low = [min(int(place), len(rows) - 2) for place in places]
    found = {rows[i] + (at - i) * (rows[i + 1] - rows[i]) for at, i in zip(places, low, strict=True)}
    return np.array(sorted(map(float, found)))


@given(CELLS, st.integers(1, 12), CELLS)
def test_pieces_are_ramps_that_sum_to_the_curve_through_the_edges(
    cells: list[float], bins: int, others: list[float]
) -> None:
    """Each is NumPy's interpolation within its bin; the sum is that of all edges, and linear beyond them."""
    edges = exact_edges(cells, bins)
    values = np.sort(np.array(others))
    x = np.array(pieces(cells, values.tolist(), bins=bins))
    if len(edges) == 1:
        assert (x == 0).all() and x.shape[1] == 1
        return
    assert x.shape[1] == len(edges) - 1
    inside = (values >= edges[0]) & (values <= edges[-1])
    for piece, low, high in zip(x[inside].T, edges[:-1], edges[1:], strict=True):
        np.testing.assert_allclose(piece, np.interp(values[inside], [low, high], [0, 1]), atol=1e-12)
    curve = np.interp(values, edges, np.arange(len(edges)))
    curve += np.minimum(0, values - edges[0]) / (edges[1] - edges[0])
    curve += np.maximum(0, values - edges[-1]) / (edges[-1] - edges[-2])
    np.testing.assert_allclose(x.sum(axis=1), curve, atol=1e-9)
    assert (np.diff(x, axis=0) >= 0).all()


@given(CELLS, st.integers(1, 60))
def test_no_bin_is_as_narrow_as_rounding(cells: list[float], bins: int) -> None:
    """Fifty rows at 0 and fifty at 1: a quantile just beside 1 would make a step of a ramp."""
    expected = exact_edges(cells, bins)
    np.testing.assert_allclose(bin_edges(np.array(cells), bins), expected, rtol=1e-12, atol=1e-12)


def test_bins_hold_about_as_many_rows_each() -> None:
    values = np.random.default_rng(0).lognormal(size=4_801)
    edges = bin_edges(values, 48)
    assert set(np.histogram(values, edges)[0].tolist()) <= {99, 100, 101}


@given(st.lists(st.tuples(NUMBERS, st.integers(1, 4)), min_size=1, max_size=12), st.integers(1, 9))
def test_weights_are_repetitions(rows: list[tuple[float, int]], bins: int) -> None:
    values, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    repeated = bin_edges(np.repeat(values, weights.astype(int)), bins)
    np.testing.assert_allclose(bin_edges(values, bins, weights), repeated, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300, 1.7e307])
def test_no_magnitude_is_too_large_or_too_small(unit: float) -> None:
    cells = [-10 * unit, 0.0, 10 * unit]
    assert pieces(cells, [*cells, 5 * unit], bins=2) == [[0, 0], [1, 0], [1, 1], [1, 0.5]]


def test_missing_cells_are_filled_before() -> None:
    cells = [0, None, 1, None, 2]
    assert pieces(cells, [None, 0.5], missing={"constant": 4}, bins=2) == [[1, 1], [0.25, 0]]
    assert pieces(cells, [None], missing="median", bins=2) == [[1, 0]]


def test_wrong_cells_are_faults_and_zeros() -> None:
    found = fit(number_table([1, 2, 4]), bins=2).encode(number_table(["3", "abc", "", "4"]))
    assert [(fault.message, fault.rows.tolist()) for fault in found.faults] == [
        ("expected a number, found 'abc'", [1]),
        ("a missing value, and no policy for it", [2]),
    ]
    assert found.x.tolist() == [[1, 0.5], [0, 0], [0, 0], [1, 1]]


def test_a_number_too_far_out_for_the_network_is_told() -> None:
    table = number_table([1, 1e300])
    found = fit(number_table([1, 2, 4])).encode(table, out=np.zeros((2, 2), np.float32))
    assert [(fault.message, fault.rows.tolist()) for fault in found.faults] == [
        ("expected a number that can be scaled, found 1e+300", [1])
    ]
    assert found.x[1].tolist() == [0, 0]


def test_what_is_stored_encodes_the_same() -> None:
    """Bins of several columns, one of them constant, are two arrays; decorations and fills come back."""
    columns = {"a": [5, 1, 3, None], "b": [1, 2, 4, 8], "c": [6, 6, 6, 6], "d": [0.5, 1, 3, 9]}
    table = table_of(columns, numbers=tuple("abcd"))
    options = {
        "a": {"encode": "piecewise_linear", "missing": "mean"},
        "b": {"encode": "robust_clip"},
        "c": {"encode": "piecewise_linear"},
        "d": {"encode": "piecewise_linear", "bins": 2},
    }
    specs = {name: FeatureSpec.model_validate(given) for name, given in options.items()}
    fitted = fit_inputs(specs, MissingSpec(name="error"), table, all_rows(table))
    encoder = fitted.encoder
    assert fitted.notes == ("constant columns, which tell the network nothing: c",)
    assert encoder.names == ("a.bin1", "a.bin2", "b", "c.bin1", "d.bin1", "d.bin2")
    assert encoder.arrays()["inputs.bins.start"].tolist() == [1, 3, 6, 0.5, 2]
    assert encoder.arrays()["inputs.bins.scale"].tolist()[:2] == [2, 2]
    assert [entry.get("bins") for entry in encoder.meta()] == [2, None, 1, 2]
    assert encoder.features[0].facts() == {"fill": 3.0, "edges": [1.0, 3.0, 5.0]}
    assert encoder.features[2].facts() == {"edges": [6.0]}
    restored = InputEncoder.from_meta(json.loads(json.dumps(encoder.meta())), encoder.arrays())
    assert restored == encoder
    np.testing.assert_array_equal(restored.encode(table).x, encoder.encode(table).x)

"""An indicator says which cells were missing, beside whatever stands in for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer

from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.fitting import FittedInputs, fit_inputs
from mlpcli.tables.columns import Notation
from mlpcli.tables.table import Table
from tests.support.tables import all_rows, table_of

SPECS = {
    "n": {"encode": "none", "missing": "median", "indicator": True},
    "t": {"encode": "one_hot", "missing": "most_frequent", "indicator": True},
    "d": {"encode": "datetime", "parts": "year", "missing": "most_frequent", "indicator": True},
}
CELLS = {
    "n": st.one_of(st.none(), st.integers(0, 9)),
    "t": st.one_of(st.none(), st.sampled_from("abc")),
    "d": st.one_of(st.none(), st.sampled_from(["2023-01-01", "2024-01-01"])),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=9)


def mixed(rows: Sequence[dict[str, object]]) -> Table:
    """A table of numbers, texts and dates."""
    columns = {name: [row[name] for row in rows] for name in CELLS}
    return table_of(columns, numbers=("n",), texts=("t", "d"))


def number_table(cells: Sequence[object]) -> Table:
    """A table with one column of numbers, n."""
    return table_of({"n": cells, "y": [0] * len(cells)}, numbers=("n",))


def fit(table: Table, **specs: object) -> FittedInputs:
    """Features fitted on all rows."""
    features = {name: FeatureSpec.model_validate(options) for name, options in (specs or SPECS).items()}
    return fit_inputs(features, MissingSpec(name="error"), table, all_rows(table))


def test_the_indicator_comes_after_the_columns_own_inputs() -> None:
    """For numbers, categories and dates alike."""
    full = {"n": 1, "t": "a", "d": "2024-01-01"}
    table = mixed([full, full | {"n": None}, full | {"t": None}, full | {"d": None, "t": "b"}])
    encoder = fit(table).encoder
    assert encoder.names == ("n", "n=missing", "t=a", "t=b", "t=missing", "d.year", "d=missing")
    assert encoder.encode(table).x.tolist() == [
        [1, 0, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [1, 0, 1, 0, 1, 0, 0],
        [1, 0, 0, 1, 0, 0, 1],
    ]


def test_it_is_what_scikit_learn_adds() -> None:
    """SimpleImputer(add_indicator=True)."""
    cells = [3, None, 1, 1, 8, None, 2.5]
    table = number_table(cells)
    x = fit(table, n=SPECS["n"]).encoder.encode(table).x
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    column = np.array([np.nan if cell is None else cell for cell in cells])[:, np.newaxis]
    np.testing.assert_array_equal(x, imputer.fit_transform(column))


def test_words_for_missing_count_and_wrong_cells_do_not() -> None:
    """A text in a column of numbers is a fault, not missing."""
    encoder = fit(number_table([1, None, 3]), n=SPECS["n"]).encoder
    found = encoder.encode(number_table(["", "abc", "5"]))
    assert found.x[:, 1].tolist() == [1, 0, 0]
    assert [fault.rows.tolist() for fault in found.faults] == [[1]]


def test_an_indicator_that_says_nothing_is_noted() -> None:
    """It is there all the same: the inputs do not depend on the data."""
    table = number_table([1, 2, 3])
    fitted = fit(table, n=SPECS["n"])
    assert fitted.encoder.width == 2
    assert fitted.notes == ("constant columns, which tell the network nothing: n=missing",)


def test_nothing_more_has_to_be_read() -> None:
    """The column is read once, as what it is."""
    table = mixed([{"n": 1, "t": "a", "d": "2024-01-01"}, {"n": None, "t": None, "d": None}])
    wanted = fit(table).encoder.wanted
    assert (wanted.numbers, wanted.texts) == (("n",), ("t", "d"))


@given(ROWS.filter(lambda rows: all(any(row[name] is not None for row in rows) for name in CELLS)), ROWS)
def test_what_is_stored_encodes_the_same_row_by_row(
    rows: list[dict[str, object]], others: list[dict[str, object]]
) -> None:
    """Metadata goes through JSON; blocks of rows do not change what a row becomes."""
    encoder = fit(mixed(rows)).encoder
    stored = json.loads(json.dumps(encoder.meta()))
    assert stored[1] == {"name": "n", "encode": "indicator"}
    restored = InputEncoder.from_meta(stored, encoder.arrays())
    assert restored == encoder
    whole = encoder.encode(mixed(others)).x
    np.testing.assert_array_equal(whole, [restored.encode(mixed([row])).x[0] for row in others])
    upwards = np.arange(len(others))[::-1]
    np.testing.assert_array_equal(encoder.encode(mixed(others), upwards).x, whole[upwards])


def test_what_a_number_among_texts_means_is_no_matter_of_the_rows_beside_it() -> None:
    """-999.0 is the -999 of `na_values` where the categories are numbers, beside whatever new text."""
    spec = {"encode": "one_hot", "missing": "most_frequent", "indicator": True}
    notation = Notation(missing=frozenset({"", "-999"}))
    known = replace(table_of({"t": ["1", "1", "2", "-999"]}, texts=("t",)), notation=notation)
    encoder = fit(known, t=spec).encoder
    encoder = InputEncoder.from_meta(encoder.meta(), encoder.arrays())
    assert encoder.names == ("t=1", "t=2", "t=missing")
    for beside in ("2", "new"):
        table = replace(table_of({"t": ["-999.0", "-999", beside]}, texts=("t",)), notation=notation)
        assert encoder.encode(table).x[:2].tolist() == [[1, 0, 1]] * 2

"""Categories that too few training rows have share one input, as scikit-learn's infrequent ones do."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder

from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.fitting import FittedInputs, fit_inputs
from mlpcli.errors import DataError
from mlpcli.tables.table import Table
from tests.support.tables import all_rows, table_of


def text_table(cells: Sequence[object]) -> Table:
    """A table with one column of texts, x."""
    return table_of({"x": cells, "y": [0] * len(cells)}, texts=("x",))


def fit(table: Table, **options: object) -> FittedInputs:
    """x as one_hot, fitted on all rows."""
    features = {"x": FeatureSpec.model_validate({"encode": "one_hot", **options})}
    return fit_inputs(features, MissingSpec(name="error"), table, all_rows(table))


@given(
    cells=st.lists(st.sampled_from("abcd"), min_size=8, max_size=20),
    others=st.lists(st.sampled_from("abcdef"), min_size=1),
    count=st.integers(2, 8),
)
def test_rare_ones_are_pooled_as_scikit_learn_does(cells: list[str], others: list[str], count: int) -> None:
    """Into the last input; unseen ones go there too where there is one, and are zeros where there is none."""
    scikit = OneHotEncoder(min_frequency=count, handle_unknown="infrequent_if_exist", sparse_output=False)
    scikit.fit(np.array(cells)[:, np.newaxis])
    if max(map(cells.count, cells)) < count:
        with pytest.raises(DataError):
            fit(text_table(cells), min_count=count)
        return
    encoder = fit(text_table(cells), min_count=count).encoder
    infrequent = scikit.infrequent_categories_[0]
    assert encoder.meta()[0].get("other", []) == ([] if infrequent is None else infrequent.tolist())
    x = encoder.encode(text_table(others)).x
    np.testing.assert_array_equal(x, scikit.transform(np.array(others)[:, np.newaxis]))
    np.testing.assert_array_equal(x, [encoder.encode(text_table([cell])).x[0] for cell in others])
    stored = json.loads(json.dumps(encoder.meta()))
    assert InputEncoder.from_meta(stored, encoder.arrays()) == encoder


def test_rare_ones_are_known_and_unseen_ones_reported() -> None:
    """Though both become the same."""
    encoder = fit(text_table(list("aaabbbcd")), min_count=3).encoder
    assert encoder.names == ("x=a", "x=b", "x=other")
    found = encoder.encode(text_table(["a", "c", "z", "d", "z", "y"]))
    assert found.x.tolist() == [[1, 0, 0], *[[0, 0, 1]] * 5]
    (unseen,) = found.unseen
    assert (unseen.count, unseen.examples, unseen.rows.tolist()) == (3, ("z", "y"), [2, 4, 5])
    assert unseen.encoded == "other, as the rare ones"


def test_where_none_is_rare_there_is_no_input_for_it() -> None:
    """Nothing could be learnt about it: unseen ones are zeros as ever."""
    plain, counted = (fit(text_table(list("aabb")), **options) for options in ({}, {"min_count": 2}))
    assert counted == plain
    (unseen,) = counted.encoder.encode(text_table(["z"])).unseen
    assert unseen.encoded == "zeros"


def test_missing_cells_count_for_what_stands_in_for_them() -> None:
    """A level of their own may be rare, too."""
    cells = ["a", "a", "a", "b", "", ""]
    assert fit(text_table(cells), min_count=3, missing={"constant": "b"}).encoder.names == ("x=a", "x=b")
    own = fit(text_table(cells), min_count=3, missing="category").encoder
    assert own.names == ("x=a", "x=other")
    assert own.meta()[0]["other"] == ["", "b"]
    assert own.encode(text_table(["", "a"])).x.tolist() == [[0, 1], [1, 0]]
    faulty = fit(text_table(list("aaab")), min_count=2).encoder.encode(text_table([""]))
    assert faulty.x.tolist() == [[0, 0]]
    assert (len(faulty.faults), len(faulty.unseen)) == (1, 0)


def test_all_of_them_rare_is_an_error() -> None:
    """There would be no category."""
    with pytest.raises(DataError) as caught:
        fit(text_table(list("abcdefgh")), min_count=2)
    assert str(caught.value) == (
        "mlp: error: t.csv: column 'x': no category is in `min_count`, 2, training rows\n"
        "hint: ask for fewer, or leave the column out: `exclude: [x]`"
    )


def test_only_other_rows_are_not_counted() -> None:
    """What is rare is decided by the training rows."""
    table = text_table(list("aaabb") + list("bbbbcc"))
    features = {"x": FeatureSpec.model_validate({"encode": "one_hot", "min_count": 3})}
    encoder = fit_inputs(features, MissingSpec(name="error"), table, np.arange(5)).encoder
    assert encoder.names == ("x=a", "x=other")
    (unseen,) = encoder.encode(table, np.arange(5, 11)).unseen
    assert unseen.rows.tolist() == [4, 5]

"""Encoded columns are scikit-learn's; missing, unseen and wrong cells are found; what is stored is enough."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.fitting import FittedInputs, fit_inputs
from mlpcli.data.joined_encoder import joined
from mlpcli.errors import DataError
from mlpcli.tables.table import Table
from tests.support.tables import all_rows, table_of

ERROR = MissingSpec(name="error")
SCALERS = {
    "standardize": StandardScaler(),
    "minmax": MinMaxScaler(),
    "maxabs": MaxAbsScaler(),
    "none": FunctionTransformer(),
    "log1p": make_pipeline(FunctionTransformer(np.log1p), StandardScaler()),
}


def spec(encode: object = None, missing: object = None) -> FeatureSpec:
    """A feature's settings."""
    return FeatureSpec.model_validate({"encode": encode, "missing": missing})


def fit(table: Table, rows: Sequence[int] | None = None, **features: FeatureSpec) -> FittedInputs:
    """Features fitted on some rows of a table, on all of them unless said."""
    chosen = all_rows(table) if rows is None else np.array(rows, dtype=np.intp)
    return fit_inputs(features, ERROR, table, chosen)


@given(
    cells=st.lists(st.sampled_from("abcd"), min_size=2, max_size=25),
    others=st.lists(st.sampled_from("abcde"), min_size=1, max_size=9),
    scaling=st.sampled_from(["standardize", "minmax", "maxabs", "robust", "robust_clip"]),
)
def test_columns_of_0_and_1_are_scaled_as_numbers_are(
    cells: list[str], others: list[str], scaling: str
) -> None:
    """Each by itself, as scikit-learn's one-hot columns would be if they were columns of numbers."""
    options = FeatureSpec.model_validate({"encode": "one_hot", "scaling": scaling})
    encoder = fit(text_table(cells), x=options).encoder
    one_hot = OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit([[cell] for cell in cells])
    for texts in (cells, others):
        found = encoder.encode(text_table(texts)).x
        for column, index in zip(found.T, range(found.shape[1]), strict=True):
            known = one_hot.transform([[cell] for cell in cells])[:, index]
            new = one_hot.transform([[cell] for cell in texts])[:, index]
            number = fit(number_table(known.tolist()), x=spec(scaling)).encoder
            expected = number.encode(number_table(new.tolist())).x[:, 0]
            np.testing.assert_allclose(column, expected, rtol=1e-12, atol=1e-12)
    restored = InputEncoder.from_meta(json.loads(json.dumps(encoder.meta())), encoder.arrays())
    assert restored == encoder
    assert len(encoder.arrays()["inputs.center"]) == encoder.width


def test_scaled_levels_worked_by_hand() -> None:
    """A level that is rare becomes 2 before it is clipped; rare ones together are one more column."""
    cells = ["a"] * 9 + ["b", "c", "d", None]
    options = {"encode": "one_hot", "scaling": "robust_clip", "min_count": 2, "missing": "most_frequent"}
    table = text_table(cells)
    encoder = fit(table, x=FeatureSpec.model_validate(options)).encoder
    rare = 2 / (1 + 4 / 9) ** 0.5
    np.testing.assert_allclose(
        encoder.encode(text_table(["a", "c", "new", None])).x,
        # a: median 1, and the quartiles are the same
        [[0, 0], [-rare, rare], [-rare, rare], [0, 0]],
        rtol=1e-12,
    )
    assert encoder.features[0].facts() == {
        "scaled": [{"center": 1, "scale": 0.5}, {"center": 0, "scale": 0.5}]
    }
    lacking = fit(
        text_table(["a", "b"]),
        x=FeatureSpec.model_validate({**options, "min_count": None, "missing": "error"}),
    )
    found = lacking.encoder.encode(text_table([None, "a"]))
    assert [fault.rows.tolist() for fault in found.faults] == [[0]]
    assert found.x[0].tolist() == [0, 0]


@pytest.mark.parametrize("weights", [[1, 3, 2, 1, 5, 1], [2, 2, 2, 9, 1, 1]])
def test_levels_are_scaled_by_rows_as_often_as_they_weigh(weights: list[int]) -> None:
    cells = np.array(["a", "b", "a", "c", "b", "a"])
    options = FeatureSpec.model_validate({"encode": "one_hot", "scaling": "standardize"})
    repeated = text_table(np.repeat(cells, weights).tolist())
    table = text_table(cells.tolist())
    weighted = fit_inputs({"x": options}, ERROR, table, all_rows(table), np.array(weights, dtype=float))
    np.testing.assert_allclose(
        weighted.encoder.features[0].numbers, fit(repeated, x=options).encoder.features[0].numbers, rtol=1e-12
    )


def number_table(cells: Sequence[object]) -> Table:
    """A table with one column of numbers, x."""
    return table_of({"x": cells, "y": [0] * len(cells)}, numbers=("x",))


def text_table(cells: Sequence[object]) -> Table:
    """A table with one column of texts, x."""
    return table_of({"x": cells, "y": [0] * len(cells)}, texts=("x",))


@pytest.mark.parametrize("name", SCALERS)
@given(cells=st.lists(st.integers(-900, 10**6).map(lambda n: n / 1000), min_size=2, max_size=12))
def test_numbers_are_scaled_as_scikit_learn_does(name: str, cells: list[float]) -> None:
    """One column after the other."""
    table = number_table(cells)
    x = fit(table, x=spec(name)).encoder.encode(table).x
    expected = SCALERS[name].fit_transform(np.array(cells)[:, np.newaxis])
    np.testing.assert_allclose(x, expected, rtol=1e-8, atol=1e-8)


@given(
    cells=st.lists(st.sampled_from("abcd"), min_size=8, max_size=20),
    other=st.lists(st.sampled_from("abcdef"), min_size=1),
)
def test_categories_are_encoded_as_scikit_learn_does(cells: list[str], other: list[str]) -> None:
    """One column for each category in sorted order; an unseen one is zeros."""
    table, new = text_table(cells), text_table(other)
    encoder = fit(table, x=spec("one_hot")).encoder
    scikit = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(np.array(cells)[:, np.newaxis])
    assert encoder.names == tuple(f"x={category}" for category in scikit.categories_[0])
    np.testing.assert_array_equal(encoder.encode(new).x, scikit.transform(np.array(other)[:, np.newaxis]))


@given(cells=st.lists(st.sampled_from(["low", "middle", "high"]), min_size=1))
def test_ordinals_are_positions_as_scikit_learn_has_them(cells: list[str]) -> None:
    """In the order given."""
    order = ["low", "middle", "high"]
    table = text_table(cells)
    x = fit(table, x=spec({"name": "ordinal", "categories": order})).encoder.encode(table).x
    expected = OrdinalEncoder(categories=[order]).fit_transform(np.array(cells)[:, np.newaxis])
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("policy", ["mean", "median", "most_frequent"])
@pytest.mark.parametrize("name", ["standardize", "minmax", "none"])
def test_missing_numbers_are_filled_before_scaling(policy: str, name: str) -> None:
    """As a pipeline of scikit-learn's imputer and scaler does it."""
    cells = [3, None, 1, 1, 8, None, 2.5]
    table = number_table(cells)
    x = fit(table, x=spec(name, policy)).encoder.encode(table).x
    column = np.array([np.nan if cell is None else cell for cell in cells])[:, np.newaxis]
    pipeline = make_pipeline(SimpleImputer(strategy=policy), SCALERS[name])
    np.testing.assert_allclose(x, pipeline.fit_transform(column), rtol=1e-12, atol=1e-12)


def test_a_constant_fills_numbers() -> None:
    """It is a number as the config writes it."""
    table = number_table([1, None, 3])
    x = fit(table, x=spec("none", {"constant": "-7.5"})).encoder.encode(table).x
    assert x[:, 0].tolist() == [1, -7.5, 3]


@pytest.mark.parametrize("policy", ["mean", "median", "most_frequent"])
def test_a_missing_category_is_the_most_frequent_one(policy: str) -> None:
    """Of two as frequent, the first in order."""
    table = text_table(["b", "a", None, "b", "a", "c"])
    encoder = fit(table, x=spec("one_hot", policy)).encoder
    assert encoder.encode(table).x[2].tolist() == [1, 0, 0]
    assert encoder.meta()[0]["fill"] == "a"


def test_missing_can_be_a_category_of_its_own() -> None:
    """The empty text, first in order."""
    table = text_table(["b", "a", None, "b", "a"])
    encoder = fit(table, x=spec("one_hot", "category")).encoder
    assert encoder.names == ("x=", "x=a", "x=b")
    assert encoder.encode(table).x[2].tolist() == [1, 0, 0]


def test_missing_where_training_had_none_is_an_unseen_category() -> None:
    """There is no column for it that could have learnt anything."""
    encoder = fit(text_table(["b", "a", "a", "b"]), x=spec("one_hot", "category")).encoder
    found = encoder.encode(text_table(["a", None]))
    assert found.x.tolist() == [[1, 0], [0, 0]]
    assert [(unseen.column, unseen.count) for unseen in found.unseen] == [("x", 1)]
    assert not found.faults


def test_a_constant_fills_categories_as_one_of_them() -> None:
    """With its own column where training needed it."""
    table = text_table(["b", None, "b", "c"])
    encoder = fit(table, x=spec("one_hot", {"constant": "other"})).encoder
    assert encoder.names == ("x=b", "x=c", "x=other")
    assert encoder.encode(table).x[1].tolist() == [0, 0, 1]


def test_unseen_categories_are_counted_with_examples() -> None:
    """In the order of the file."""
    encoder = fit(text_table(["a", "b", "a", "b"]), x=spec("one_hot")).encoder
    (unseen,) = encoder.encode(text_table(["z", "a", "y", "z", "x", "w"])).unseen
    assert (unseen.count, unseen.examples, unseen.rows.tolist()) == (5, ("z", "y", "x"), [0, 2, 3, 4, 5])
    assert unseen.note("in the input") == (
        "column 'x': 5 cells hold categories in the input that training did not have ('z', 'y', 'x')"
    )


@pytest.mark.parametrize(
    ("cells", "encode"), [(["1", "", "2", ""], "standardize"), (["a", "", "b", ""], "one_hot")]
)
@pytest.mark.parametrize("policy", ["error", "drop"])
def test_a_missing_cell_without_a_fill_is_a_fault(cells: list[str], encode: str, policy: str) -> None:
    """The rows can be told from the others."""
    table = number_table(cells) if encode == "standardize" else text_table(cells)
    found = fit(table, x=spec(encode, policy)).encoder.encode(table)
    (fault,) = found.faults
    assert fault.rows.tolist() == [1, 3]
    assert not found.unseen
    assert (found.x[[1, 3]] == 0).all()
    assert fault.problem(table).lines()[0] == (
        "mlp: error: t.csv:3: column 'x': a missing value, and no policy for it (and 1 more: line 5)"
    )


def test_wrong_cells_are_faults_and_leave_the_others_alone() -> None:
    """Text, a number below the domain of the logarithm, one that overflows."""
    encoder = fit(number_table([1, 2, 4]), x=spec("log1p")).encoder
    found = encoder.encode(number_table(["3", "abc", "-1", "-5", "1e400"]))
    assert [(fault.message, fault.rows.tolist()) for fault in found.faults] == [
        ("expected a number, found 'abc'", [1, 4]),
        ("expected a number above -1 for log1p, found -1.0", [2, 3]),
    ]
    assert np.isfinite(found.x).all()
    tiny = fit(number_table([0, 1e-300]), x=spec("standardize")).encoder
    (fault,) = tiny.encode(number_table([1e20])).faults
    assert fault.message == "expected a number that can be scaled, found 1e+20"


def test_encodings_are_inferred() -> None:
    """Text is one_hot, numbers are standardized; True is a word, and 01 is a code, which keeps its 0."""
    columns = {
        "a": [1, 2, 3, 4],
        "b": ["x", "y", "x", "y"],
        "c": ["True", "False"] * 2,
        "d": ["01", "12", "", "01"],
        "e": ["0.1", "0", "-0.5", "00.5"],
    }
    table = table_of(columns, either=tuple(columns))
    meta = fit_inputs(
        {name: FeatureSpec() for name in columns}, MissingSpec(name="median"), table, all_rows(table)
    )
    assert [entry["encode"] for entry in meta.encoder.meta()] == [
        "standardize",
        "one_hot",
        "one_hot",
        "one_hot",
        "standardize",
    ]


def test_only_training_rows_decide_whether_a_column_is_numeric() -> None:
    """A text in another row is then a fault of that row."""
    table = table_of({"x": [1, 2, 3, "abc"], "y": [1, 2, 3, 4]}, either=("x", "y"))
    encoder = fit(table, rows=[0, 1, 2], x=FeatureSpec()).encoder
    assert encoder.meta()[0]["encode"] == "standardize"
    (fault,) = encoder.encode(table, np.array([3])).faults
    assert fault.message == "expected a number, found 'abc'"


def test_every_column_that_cannot_be_fitted_is_named() -> None:
    """With what to do about it."""
    columns = {
        "gone": [None] * 6,
        "name": list("abcdef"),
        "age": [1, 2, 3, "x", 5, 6],
        "n": [1, None, 2, 3, 4, 5],
    }
    table = table_of(columns, either=tuple(columns))
    specs = {name: FeatureSpec() for name in columns} | {"n": spec(missing="category")}
    with pytest.raises(DataError) as caught:
        fit(table, **specs)
    assert str(caught.value).split("\n") == [
        "mlp: error: t.csv: column 'gone': every cell of the 6 training rows is missing",
        "hint: leave it out: `exclude: [gone]`",
        "mlp: error: t.csv: column 'name': 6 different texts in 6 training rows, too many for one_hot",
        "hint: leave it out (`exclude: [name]`), or state its encoding (`features: {name: one_hot}`)",
        "mlp: error: t.csv: column 'age': 6 different texts in 6 training rows, too many for one_hot",
        "hint: most of its cells are numbers, but not 'x' in line 5; or leave it out (`exclude: [age]`), "
        "or state its encoding (`features: {age: one_hot}`)",
        "mlp: error: t.csv:3: column 'n': a missing value in a column of numbers, "
        "which the policy `category` cannot fill",
        "hint: give the feature a policy of its own: `n: {missing: median}`",
    ]


def test_columns_without_a_value_are_left_out_where_a_policy_says_what_that_means() -> None:
    """With a note; where none is left there is nothing to learn from."""
    table = table_of({"gone": [None] * 6, "x": [1, 2, 3, 4, 5, 6]}, either=("gone", "x"))
    policy, rows = MissingSpec(name="median"), all_rows(table)
    fitted = fit_inputs({name: FeatureSpec() for name in ("gone", "x")}, policy, table, rows)
    message = (
        "column 'gone': every cell of the 6 training rows is missing: left out, as it tells the network "
    )
    message += "nothing"
    assert (fitted.encoder.names, fitted.notes) == (("x",), (message,))
    with pytest.raises(DataError) as caught:
        fit_inputs({"gone": FeatureSpec()}, policy, table, rows)
    assert str(caught.value).split("\n") == [
        "mlp: error: t.csv: no column is left to learn from",
        f"hint: {message}",
    ]


def test_texts_of_many_levels_that_come_again_have_a_line_to_write() -> None:
    """An embedding, with one level for the rare ones."""
    table = table_of({"model": [f"m{i % 120}" for i in range(720)]}, texts=("model",))
    with pytest.raises(DataError) as caught:
        fit(table, model=FeatureSpec())
    assert str(caught.value).split("\n") == [
        "mlp: error: t.csv: column 'model': 120 different texts in 720 training rows, too many for one_hot",
        "hint: write `model: {encode: embed, min_count: 5}` under `features` (`mlp init` lists the others "
        "too), or `exclude: [model]`",
    ]


@pytest.mark.parametrize(
    ("levels", "rows", "allowed"), [(100, 400, True), (101, 400, False), (4, 8, True), (5, 8, False)]
)
def test_how_many_levels_are_inferred(levels: int, rows: int, allowed: bool) -> None:
    """At most 100 and at most half as many as rows, unless one_hot is asked for."""
    table = text_table([f"t{i % levels}" for i in range(rows)])
    assert fit(table, x=spec("one_hot")).encoder.width == levels
    if allowed:
        assert fit(table, x=FeatureSpec()).encoder.width == levels
    else:
        with pytest.raises(DataError, match="too many for one_hot"):
            fit(table, x=FeatureSpec())


def test_how_many_levels_there_can_be() -> None:
    """Rare ones count too: a model file lists them."""
    table = text_table(["a", "b"] * 10 + [f"t{i}" for i in range(9_999)])
    with pytest.raises(DataError) as caught:
        fit(table, x=spec({"name": "embed", "min_count": 2}))
    assert str(caught.value).split("\n") == [
        "mlp: error: t.csv: column 'x': 10,001 different texts in 10,019 training rows, too many for embed",
        "hint: leave it out (`exclude: [x]`): at most 10,000 can be told apart",
    ]


def test_constant_columns_are_noted() -> None:
    """Numbers that become 0, and a text that never changes."""
    table = table_of({"a": [7, 7, 7], "b": ["x", "x", "x"], "c": [1, 2, 3]}, either=("a", "b", "c"))
    fitted = fit(table, a=FeatureSpec(), b=spec("one_hot"), c=FeatureSpec())
    assert fitted.notes == ("constant columns, which tell the network nothing: a, b",)
    assert fitted.encoder.encode(table).x[:, 0].tolist() == [0, 0, 0]


def test_many_constant_columns_are_not_all_listed() -> None:
    """Pictures have hundreds of them."""
    columns = {f"c{i}": [1, 1] for i in range(12)}
    notes = fit(table_of(columns, numbers=tuple(columns)), **{name: spec("none") for name in columns}).notes
    assert notes[0].endswith("nothing: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 2 more")


CELLS = {
    "n": st.one_of(st.none(), st.integers(-5, 5)),
    "m": st.integers(0, 9),
    "t": st.one_of(st.none(), st.sampled_from(["a", "b", "1", "01"])),
    "o": st.sampled_from(["low", "high"]),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=2, max_size=12).filter(
    lambda rows: any(row["n"] is not None for row in rows) and any(row["t"] is not None for row in rows)
)
SPECS = {
    "n": spec("standardize", "median"),
    "m": spec("log1p"),
    "t": spec("one_hot", "category"),
    "o": spec({"name": "ordinal", "categories": ["low", "high"]}),
}


def mixed(rows: list[dict[str, object]]) -> Table:
    """A table of all kinds of columns."""
    columns = {name: [row[name] for row in rows] for name in CELLS}
    return table_of(columns, numbers=("n", "m"), texts=("t", "o"))


@given(ROWS, ROWS)
def test_what_is_stored_encodes_the_same(
    rows: list[dict[str, object]], others: list[dict[str, object]]
) -> None:
    """Metadata goes through JSON, numbers through arrays."""
    encoder = fit(mixed(rows), **SPECS).encoder
    stored = json.loads(json.dumps(encoder.meta()))
    restored = InputEncoder.from_meta(stored, encoder.arrays())
    assert restored == encoder
    np.testing.assert_array_equal(restored.encode(mixed(others)).x, encoder.encode(mixed(others)).x)


@given(ROWS, ROWS)
def test_other_rows_change_nothing_that_is_fitted(
    rows: list[dict[str, object]], others: list[dict[str, object]]
) -> None:
    """Only the training rows are looked at."""
    alone = fit(mixed(rows), **SPECS).encoder
    assert fit(mixed(rows + others), rows=range(len(rows)), **SPECS).encoder == alone


def test_the_matrix_is_contiguous_and_in_the_order_of_the_features() -> None:
    """More columns than one group holds."""
    columns = {f"c{i}": [i, i + 1, i + 5] for i in range(150)}
    table = table_of(columns, numbers=tuple(columns))
    encoded = fit(table, **{name: spec("none") for name in columns}).encoder.encode(table, np.array([2, 0]))
    assert encoded.x.flags.c_contiguous
    assert encoded.x.tolist() == [[i + 5 for i in range(150)], list(range(150))]


@pytest.mark.parametrize("order", [(0.5, 1.0), (1.0, 0.5)])
def test_a_row_that_one_of_several_encoders_cannot_use_has_a_fault(order: Sequence[float]) -> None:
    """Whichever of them comes first, and whatever the others cannot use."""
    tables = (table_of({"n": [0, most]}, numbers=("n",)) for most in order)
    encoders = [fit_inputs({"n": spec("minmax")}, ERROR, table, all_rows(table)).encoder for table in tables]
    table = table_of({"n": ["1", "2e38", "1e39"]}, numbers=("n",))
    found = joined(encoders).inputs.encode(table, out=np.zeros((3, 2), np.float32))
    (fault,) = found.faults
    assert fault.rows.tolist() == [1, 2]
    assert fault.message.endswith("found 2e+38")

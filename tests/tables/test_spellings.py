"""Texts that mean the same are one category, one class, one missing mark: however they are written."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlpcli
from mlpcli.tables import spellings
from mlpcli.tables.columns import Notation
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.spellings import amount_of, merge, places_by_meaning, spelt_alike
from mlpcli.tables.table import Wanted
from tests.support.running import ok
from tests.support.tables import config_for, prepare, read

NFC, NFD = "caf\u00e9", "cafe\u0301"
X = "features: [x]"


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        (["0", "1", "0.0", "1.0"], {"0": 2, "1": 2}),
        (["1.50", "1.5", "+1.5", "15e-1"], {"1.5": 4}),
        (["1e3", "1000.0", "1000"], {"1000": 3}),
        (["-0", "0"], {"0": 2}),
        (["9007199254740993", "9007199254740992"], {"9007199254740993": 1, "9007199254740992": 1}),
        (["08001", "8001"], {"08001": 1, "8001": 1}),
        (["01", "1", "1.0"], {"01": 1, "1": 2}),
        (["01", "02", "10", "10.", "00"], {"01": 1, "02": 1, "10": 2, "00": 1}),
        (["01", "1", "1.0", "a"], {"01": 1, "1": 1, "1.0": 1, "a": 1}),
        (["1", "1.0", "a"], {"1": 1, "1.0": 1, "a": 1}),
        (["1", "1.0", "1e400"], {"1": 1, "1.0": 1, "1e400": 1}),
        (["nan", "NaN", "1"], {"nan": 1, "NaN": 1, "1": 1}),
        (["True", "true", "FALSE", "False"], {"True": 2, "FALSE": 2}),
        (["True", "true", "maybe"], {"True": 1, "true": 1, "maybe": 1}),
        ([NFD, NFC, "tea"], {NFD: 2, "tea": 1}),
        (["5\u00a0kg", "5 kg"], {"5\u00a0kg": 2}),
        (["a", "A", "a "], {"a": 1, "A": 1, "a ": 1}),
        (["", "1", "1.0"], {"": 1, "1": 2}),
        ([], {}),
    ],
)
def test_one_of_those_that_mean_the_same_is_kept(texts: list[str], kept: dict[str, int]) -> None:
    """The plain integer, the shortest number, else the first; codes and words are what they are."""
    merged = merge(dict.fromkeys(texts, 1))
    assert merged.counts == kept
    assert set(merged.others) == set(texts) - set(kept)
    assert all(merged.others[text] in kept for text in merged.others)


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1, max_size=8), st.data())
def test_whole_numbers_are_told_apart_exactly(numbers: list[int], data: st.DataObject) -> None:
    """In whatever spelling, beyond what a float holds too; a comma is as good a mark as a point."""
    mark = data.draw(st.sampled_from([".", ","]))
    forms = st.sampled_from(["{}", "{}.", "{}.0", " {}", "{}e0", "{}.00"])
    order = tuple(dict.fromkeys(str(number) for number in numbers))
    for number in numbers:
        text = data.draw(forms).format(number).replace(".", mark)
        assert order[places_by_meaning([text], order, mark)[0]] == str(number)


def test_several_that_mean_the_same_are_none() -> None:
    """What an older model has as two categories stays two, and a third spelling is neither."""
    assert places_by_meaning(["1.00", "2.0", "x", "02"], ("1", "1.0", "2")) == [-1, 2, -1, -1]
    assert amount_of("01") is None
    assert amount_of("1.5", ",") is None


def test_another_writer_of_a_column_of_texts_means_the_same() -> None:
    """pandas writes True and 2007.0 where polars and DuckDB write true and 2007; a version is a text."""
    order = ("True", "False", "2007", "-3", "1.1", "unknown")
    assert places_by_meaning(["true", "FALSE", "2007.0", "-3.", "unknown"], order) == [0, 1, 2, 3, 5]
    assert places_by_meaning(["1.10", "2007.5", "2007,0", "02007", "Unknown", "1"], order) == [-1] * 6
    assert places_by_meaning(["2007,0", "2007.0"], order, ",") == [2, -1]
    # where both stand in one file, a third spelling is neither
    assert places_by_meaning(["TRUE", "2.00"], ("True", "true", "2", "2.0", "maybe")) == [-1, -1]


@pytest.mark.parametrize("rest", ["", "task: classification"])
def test_zeros_and_ones_of_two_writers_are_two_classes(rest: str, tmp_path: Path) -> None:
    """0 and 1, after a while 0.0 and 1.0: exactly two values, and a note that says so."""
    rows = [f"{i},{i % 2}" for i in range(20)] + [f"{i},{i % 2}.0" for i in range(20)]
    prepared = prepare(config_for(tmp_path, "x,y\n" + "\n".join(rows), ["target: y", X, rest]))
    assert prepared.target.classes == ("0", "1")
    assert prepared.train.y[:, 0].tolist() == [0, 1] * 20
    note = "column 'y': '0.0' means the same as '0': one class, '0' (and 1 more such)"
    assert prepared.notes == (note,)


def test_codes_beside_numbers_stay_codes_and_this_is_said(tmp_path: Path) -> None:
    """01 is another class than 1, of which 1.0 is only another spelling; new rows are found likewise."""
    rows = "".join(f"{i},{('01', '1', '1.0', '02')[i % 4]}\n" for i in range(24))
    prepared = prepare(config_for(tmp_path, "x,y\n" + rows, ["target: y", X]))
    assert prepared.target.classes == ("01", "1", "02")
    assert prepared.notes[-2:] == (
        "column 'y': '1.0' means the same as '1': one class, '1'",
        "column 'y': '01' begins with 0: it is another class than '1'",
    )
    assert places_by_meaning(["1.00", "01", "1", "001", "2"], ("01", "1", "02")) == [1, 0, 1, -1, -1]


def test_labels_of_two_writers_are_the_same_words(tmp_path: Path) -> None:
    """One column with True and False, the other with true and false."""
    rows = "".join(f"{i},{'True' if i % 2 else 'False'},{'true' if i % 3 else 'false'}\n" for i in range(12))
    prepared = prepare(config_for(tmp_path, "x,p,q\n" + rows, ["target: [p, q]", X]))
    assert (prepared.task, prepared.target.classes) == ("multilabel", ("False", "True"))
    assert prepared.train.y[:, 1].tolist() == [float(i % 3 > 0) for i in range(12)]


def test_categories_of_two_writers_are_the_same(tmp_path: Path) -> None:
    """Numbers, true and false, and two codings of a letter; a note for each column."""
    cells = [("1", "true", NFC), ("1.0", "True", NFD), ("2", "false", "tea"), ("2.0", "False", "tea")] * 3
    rows = "".join(f"{a},{b},{c},{i % 5}\n" for i, (a, b, c) in enumerate(cells))
    features = "features: {a: one_hot, b: one_hot, c: {encode: embed, width: 1}}"
    prepared = prepare(config_for(tmp_path, "a,b,c,y\n" + rows, ["target: y", "task: regression", features]))
    assert prepared.inputs.names == ("a=1", "a=2", "b=false", "b=true", "c")
    expected = [[1, 0, 0, 1, 0], [1, 0, 0, 1, 0], [0, 1, 1, 0, 1], [0, 1, 1, 0, 1]]
    assert prepared.train.x.tolist() == expected * 3
    assert [note[:10] for note in prepared.notes] == ["column 'a'", "column 'b'", "column 'c'"]
    assert "'cafe\\u0301' means the same" in prepared.notes[2]


def test_a_filled_and_a_listed_category_may_be_spelt_otherwise(tmp_path: Path) -> None:
    """A constant of 2.0 is the category 2, and a list of 1, 2 has the cells 1.0, 2.0."""
    features = (
        "features: {a: {encode: one_hot, missing: {constant: 2.0}}, b: {encode: ordinal, categories: [1, 2]}}"
    )
    rows = "1,1.0,0\n,2.0,1\n2,1.0,2\n1,2.0,4\n"
    prepared = prepare(config_for(tmp_path, "a,b,y\n" + rows, ["target: y", "task: regression", features]))
    assert prepared.inputs.names == ("a=1", "a=2", "b")
    assert prepared.train.x.tolist() == [[1, 0, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of categories that other writers spell otherwise."""
    directory = tmp_path_factory.mktemp("spellings")
    cells = [("2007", "true", NFC, "0.1"), ("2008", "false", "tea", "0.25"), ("2009", "true", "tea", "1.5")]
    rows = "".join(f"{','.join(cell)},{'ab'[i % 2]}\n" for i, cell in enumerate(cells * 6))
    data = ["target: y", "features: {year: one_hot, b: one_hot, c: one_hot, p: one_hot}", "na_values: [-1]"]
    rest = "optimizer: {name: lbfgs, iterations: 20}\nclass_weight: {a: 2}"
    config_for(directory, "year,b,c,p,y\n" + rows, [*data, "missing: most_frequent"], rest)
    ok("train", directory / "c.yaml", "-o", directory / "run", "--no-plots", "-q")
    return directory / "run" / "model.npz"


@pytest.mark.parametrize("row", ["2007.0,TRUE,cafe\u0301,0.10", "2007.,True,caf\u00e9,1e-1"])
def test_predictions_do_not_depend_on_the_writer(row: str, model: Path) -> None:
    """2007.0 is 2007, TRUE is true, either é is é; nothing is unseen."""
    head = "year,b,c,p\n"
    expected = ok("predict", model, "-", stdin=f"{head}2007,true,{NFC},0.1\n".encode())
    found = ok("predict", model, "-", stdin=f"{head}{row}\n".encode())
    assert (found.out, found.err) == (expected.out, "")


def test_a_missing_mark_among_categories_of_numbers_goes_by_value(model: Path) -> None:
    """-1.0 is the -1 of `na_values`; among words it would be a word."""
    head = "year,b,c,p\n"
    expected = ok("predict", model, "-", stdin=f"{head}-1,true,tea,0.1\n".encode())
    found = ok("predict", model, "-", stdin=f"{head}-1.0,true,tea,0.1\n".encode())
    assert (found.out, found.err) == (expected.out, expected.err)
    words = ok("predict", model, "-", stdin=f"{head}2007,true,-1.0,0.1\n".encode())
    assert "-1.0" in words.err


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "Float32", "Float64", "category", "object"]
)
def test_a_number_of_few_bits_is_the_category_that_it_is_written_as(dtype: str, model: Path) -> None:
    """0.1 of 16 or 32 bits is the category 0.1, as NumPy prints it."""
    trained = mlpcli.load(model)
    some = pd.DataFrame({"year": [2007, 2008], "b": [True, False], "c": ["tea", "tea"]})
    expected = trained.predict_proba(some.assign(p=["0.1", "1.5"]))
    numbers = np.array([0.1, 1.5], np.float32 if dtype in {"category", "object"} else np.float64)
    cells = list(numbers) if dtype == "object" else numbers
    found = trained.predict_proba(some.assign(p=pd.Series(cells, dtype=dtype)))
    np.testing.assert_array_equal(found, expected)


def test_a_category_that_was_32_bits_in_a_file_of_64(tmp_path: Path) -> None:
    """What a float32 becomes as a float64 is found by the float32 as well."""
    wide = repr(float(np.float32(0.1)))
    config_for(
        tmp_path,
        "p,y\n" + f"{wide},1\n0.25,2\n" * 6,
        ["target: y", "task: regression", "features: {p: one_hot}"],
        "optimizer: lbfgs",
    )
    ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "--no-plots", "-q")
    trained = mlpcli.load(tmp_path / "run" / "model.npz")
    found = trained.predict(pd.DataFrame({"p": np.array([0.1, 0.25], np.float32)}))
    np.testing.assert_allclose(found, [1, 2], atol=1e-2)


@pytest.mark.parametrize("mark", ["-200", "-200.0", "-2e2", "-200."])
def test_a_missing_number_is_missing_however_it_is_written(mark: str) -> None:
    """In columns that pandas reads as whole numbers, as others, and as texts; a text column has its texts."""
    content = "a,b,c,d\n-200,-200.0,-2e2,-200.0\n1,1.5,x,x\n-200,2,-200.00,-200\n"
    wanted = Wanted(numbers=("a", "b", "c"), texts=("d",))
    table = read(content, wanted, CsvFormat(na_values=(mark,))).table
    assert [table.number(name).missing.tolist() for name in "ab"] == [
        [True, False, True],
        [True, False, False],
    ]
    assert table.number("c").missing.tolist() == [True, False, True]
    assert table.number("c").bad.texts.tolist() == ["x"]
    assert table.missing("d").tolist() == [mark == "-200.0", False, mark == "-200"]


def test_the_decimal_mark_decides_which_missing_marks_are_numbers() -> None:
    """With a comma -200.0 is a text, and that text alone."""
    form = CsvFormat(separator=";", decimal=",", na_values=("-200.0", "-9,0"))
    table = read("a;b\n-200,0;-200.0\n-9;1,5\n", Wanted(numbers=("a", "b")), form).table
    assert table.number("a").missing.tolist() == [False, True]
    assert table.number("b").missing.tolist() == [True, False]
    assert Notation(",", frozenset(("", "-9,0", "?"))).missing_numbers.tolist() == [-9.0]


def test_a_target_and_weights_with_a_missing_number_in_two_spellings(tmp_path: Path) -> None:
    """Rows without a target are dropped; what is known is learnt from."""
    rows = "".join(f"{i},{['-200', '-200.0', i][i % 3]}\n" for i in range(30))
    lines = ["target: y", X, "na_values: [-200]", "missing: drop"]
    prepared = prepare(config_for(tmp_path, "x,y\n" + rows, lines))
    assert (prepared.task, len(prepared.train.y)) == ("regression", 10)
    rows = "".join(f"{i},{['-1', '-1.0', '2', '3'][i % 4]}\n" for i in range(40))
    lines = ["target: y", X, "na_values: [-1]", "missing: drop"]
    prepared = prepare(config_for(tmp_path, "x,y\n" + rows, lines))
    assert (prepared.target.classes, len(prepared.train.y)) == (("2", "3"), 20)


def test_words_of_other_rows_do_not_decide_what_training_rows_mean(tmp_path: Path) -> None:
    """Training rows are numbers, of which -1.0 is none; a word that validates is an unseen category."""
    cells = ["1", "2", "-1.0", "1.0", "2"] * 4
    rows = "".join(f"{cell},{i},t\n" for i, cell in enumerate(cells)) + "word,3,v\n1.00,3,v\n"
    lines = ["target: y", "features: {a: {encode: one_hot, missing: most_frequent}}", "na_values: [-1]"]
    split = "validation: {column: part, value: v}"
    prepared = prepare(config_for(tmp_path, "a,y,part\n" + rows, [*lines, split]))
    assert prepared.inputs.names == ("a=1", "a=2")
    assert prepared.validation is not None
    assert prepared.validation.x.tolist() == [[0, 0], [1, 0]]


def test_ascii_texts_are_not_looked_at_twice() -> None:
    """Normalizing is for what is not ASCII."""
    with patch.object(spellings, "unicodedata") as normalizing:
        assert merge({"a": 1, "b": 2}).counts == {"a": 1, "b": 2}
        assert places_by_meaning(["c", "a b"], ("a", "b")) == [-1, -1]
    normalizing.normalize.assert_not_called()


@pytest.mark.parametrize(
    ("texts", "pair"),
    [
        (["Yes", "No", "yes"], ("Yes", "yes")),
        (["No", "NO ", "yes"], ("No", "NO ")),
        (["new york", "New  York"], ("new york", "New  York")),
        (["Y", "Y "], ("Y", "Y ")),
        (["y", "Y"], None),
        (["yes", "no"], None),
        ([], None),
    ],
)
def test_texts_that_look_alike(texts: list[str], pair: tuple[str, str] | None) -> None:
    found = None if pair is None else f"'{pair[0]}' and '{pair[1]}' differ in capitals or spaces alone"
    assert spelt_alike(texts) == found


def test_training_says_which_classes_and_categories_look_alike(tmp_path: Path) -> None:
    """They stay different ones."""
    rows = [f"{i},{('male', 'Male', 'female')[i % 3]},{('yes', 'no', 'Yes')[i % 3]}" for i in range(30)]
    (tmp_path / "t.csv").write_text("\n".join(["x,sex,y", *rows]) + "\n")
    (tmp_path / "c.yaml").write_text("data: {train: t.csv, target: y, exclude: [x]}\n")
    lines = ok("train", tmp_path / "c.yaml", "--dry-run").err.splitlines()
    alike = "differ in capitals or spaces alone: they are different"
    assert f"column 'sex': 'male' and 'Male' {alike} categories" in lines
    assert f"column 'y': 'yes' and 'Yes' {alike} classes" in lines

"""What is a number and what is text, and columns joined and cut."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.tables.columns import (
    BadCells,
    Kind,
    Notation,
    NumberColumn,
    TextColumn,
    kind_of,
    number_of,
    sorted_texts,
)
from mlpcli.tables.joined_columns import join_numbers, join_texts

KINDS = [
    ("1", Kind.NUMBER), ("-1.5e-3", Kind.NUMBER), (" 7\t", Kind.NUMBER), (".5", Kind.NUMBER),
    ("5.", Kind.NUMBER), ("nan", Kind.NOT_FINITE), ("-INF", Kind.NOT_FINITE), ("infinity", Kind.NOT_FINITE),
    ("1e400", Kind.NOT_FINITE), ("", Kind.TEXT), (" ", Kind.TEXT), ("True", Kind.TEXT), ("1_0", Kind.TEXT),
    ("0x1", Kind.TEXT), ("1,5", Kind.TEXT), ("٣", Kind.TEXT), ("1e", Kind.TEXT), ("12:30", Kind.TEXT),
    ("- 1", Kind.TEXT),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_kinds(text: str, kind: Kind) -> None:
    """A number is what it looks like; nothing that only Python takes for one."""
    assert kind_of(text) is kind


@pytest.mark.parametrize(
    ("text", "value"), [("1,5", 1.5), ("-2", -2.0), (",5e1", 5.0), ("1.5", None), ("1.000,5", None)]
)
def test_decimal_comma(text: str, value: float | None) -> None:
    """With a decimal comma a point is no part of a number."""
    number = number_of(text, ",")
    assert math.isnan(number) if value is None else number == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_printed_numbers_read_back(value: float) -> None:
    """With a point or a comma."""
    assert number_of(repr(value)) == value
    assert number_of(repr(value).replace(".", ","), ",") == value


def column(texts: list[str]) -> TextColumn:
    """A column of texts, its levels in the order of their first cell."""
    levels = list(dict.fromkeys(texts))
    return TextColumn(np.array([levels.index(text) for text in texts], dtype=np.intp), tuple(levels))


@given(st.lists(st.lists(st.sampled_from(["a", "b", "01", "1", ""]), min_size=1), min_size=1, max_size=4))
def test_joined_texts_are_the_texts_one_after_the_other(parts: list[list[str]]) -> None:
    """Whatever the levels of the parts."""
    joined = join_texts([column(part) for part in parts], sum(map(len, parts)))
    assert joined.texts().tolist() == [text for part in parts for text in part]


@given(
    st.lists(st.lists(st.sampled_from(["1", "x", "", "nan"]), min_size=1), min_size=1, max_size=4), st.data()
)
def test_joined_numbers_keep_their_bad_cells(parts: list[list[str]], data: st.DataObject) -> None:
    """Also where only some rows are taken."""
    joined = join_numbers([column(part).numbers(Notation()) for part in parts])
    cells = [text for part in parts for text in part]
    rows = data.draw(st.lists(st.sampled_from(range(len(cells)))))
    taken = joined.take(np.array(rows, dtype=np.intp))
    chosen = [cells[row] for row in rows]
    assert taken.missing.tolist() == [text == "" for text in chosen]
    assert taken.bad.rows.tolist() == [i for i, text in enumerate(chosen) if text in {"x", "nan"}]
    assert taken.bad.texts.tolist() == [text for text in chosen if text in {"x", "nan"}]


def test_only_text_makes_a_column_one_of_texts() -> None:
    """`nan` stands where a number should be."""
    assert not column(["1", "nan"]).numbers(Notation()).bad.hold_text
    assert column(["1", "x"]).numbers(Notation()).bad.hold_text


def test_missing_is_neither_a_number_nor_bad() -> None:
    """An empty cell is NaN among the values."""
    numbers = NumberColumn(np.array([1.0, np.nan, np.nan]), BadCells(np.array([2]), np.array(["x"], object)))
    assert numbers.missing.tolist() == [False, True, False]


def test_recoded_is_minus_one_where_there_is_no_such_text() -> None:
    """The position in another order."""
    assert column(["a", "b", "c", "a"]).recoded(["c", "a"]).tolist() == [1, -1, 0, 1]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["10", "9", "2.5"], ("2.5", "9", "10")),
        (["10", "9", "x"], ("10", "9", "x")),
        (["1", "01", "1.0"], ("01", "1", "1.0")),
        (["b", "B", "a"], ("B", "a", "b")),
        (["nan", "2", "10"], ("10", "2", "nan")),
        ([], ()),
    ],
)
def test_order(texts: list[str], expected: tuple[str, ...]) -> None:
    """As numbers if all are numbers, else as text."""
    assert sorted_texts(texts) == expected

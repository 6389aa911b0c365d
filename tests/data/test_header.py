"""The names of columns: cleaned with a note, refused where ambiguous, suggested where one is close."""

from __future__ import annotations

import pytest

from mlpcli.data.csv_rows import read_header
from mlpcli.errors import DataError


def test_spaces_around_names_are_left_out_with_a_note() -> None:
    """They are never meant."""
    header = read_header([" age", "sex "], "t.csv", ",")
    assert header.names == ("age", "sex")
    assert header.notes == ("t.csv:1: spaces around the names of columns are left out",)


def test_numbers_as_names_are_no_header_perhaps() -> None:
    """A file without a header would lose its first row to it."""
    note = "t.csv:1: all the names of columns are numbers: is the first line no header?"
    assert read_header(["1.5", "2"], "t.csv", ",").notes == (note,)
    assert read_header(["a", "2"], "t.csv", ",").notes == ()


@pytest.mark.parametrize(
    ("fields", "separator", "hint"),
    [
        (
            ["a;b"],
            ",",
            'the columns seem to be separated by a semicolon: write `separator: ";"` under `data`',
        ),
        (["a\tb"], ",", 'the columns seem to be separated by a tab: write `separator: "\\t"` under `data`'),
        (["a,b"], "\t", 'the columns seem to be separated by a comma: write `separator: ","` under `data`'),
        (["a;b", "c"], ",", None),
        (["ab"], ",", None),
    ],
)
def test_another_separator_is_only_hinted_at(fields: list[str], separator: str, hint: str | None) -> None:
    """It is never switched."""
    header = read_header(fields, "t.csv", separator)
    assert header.names == tuple(fields)
    assert header.hint == hint


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("Age", "did you mean 'age'?"),
        ("incme", "did you mean 'income'?"),
        ("zzz", "the columns are: age, income, sex"),
        ("sez", "the columns are: age, income, sex"),  # sex is wanted besides
    ],
)
def test_a_name_that_is_not_there(wanted: str, hint: str) -> None:
    """All of them are named, with what may have been meant."""
    header = read_header(["age", "income", "sex"], "t.csv", ",")
    with pytest.raises(DataError) as caught:
        header.require([wanted, "sex", "other"])
    assert [problem.message for problem in caught.value.problems] == [
        f"there is no column '{wanted}'",
        "there is no column 'other'",
    ]
    assert caught.value.problems[0].hint == hint


def test_every_bad_name_is_told_at_once() -> None:
    """Empty and double ones."""
    with pytest.raises(DataError) as caught:
        read_header(["a", "", "b", "a", " b"], "t.csv", ",")
    assert [problem.message for problem in caught.value.problems] == [
        "column 2 has no name",
        "several columns are called 'a': 1, 4",
        "several columns are called 'b': 3, 5",
    ]

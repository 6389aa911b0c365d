"""The names of columns: cleaned with a note, refused where ambiguous, suggested where one is close."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from mlpcli.errors import DataError
from mlpcli.tables.column_names import header_of
from mlpcli.tables.csv_format import other_separator
from mlpcli.tables.first_row import FirstRow
from mlpcli.tables.header import Header
from mlpcli.tables.shell_commands import Mending


def read_header(fields: list[str], name: str, separator: str, *sample: list[str]) -> Header:
    """The header of a first row, and some rows after it."""
    row = FirstRow(fields, sample, name, 1, separator, Mending(name))
    return header_of(row, other_separator(row))


def test_spaces_around_names_are_left_out_with_a_note() -> None:
    """They are never meant."""
    header = read_header([" age", "sex "], "t.csv", ",")
    assert header.names == ("age", "sex")
    assert header.notes == ("t.csv:1: spaces around the names of columns are left out",)


HINT = "hint: put a line with names first: { echo a,b; cat t.csv; } > named.csv"


def test_numbers_as_names_are_no_header_perhaps() -> None:
    """A file without a header would lose its first row to it."""
    note = "t.csv:1: all the names of columns are numbers: is the first line no header?"
    assert read_header(["1.5", "2"], "t.csv", ",").notes == (note, HINT)
    assert read_header(["a", "2"], "t.csv", ",").notes == ()


@pytest.mark.parametrize(
    ("names", "note"),
    [
        ("M,0.4,0.3,0.1,15", "4 of the 5 names of columns are numbers"),
        ("5.1,3.5,1.4,0.2,setosa", "4 of the 5 names of columns are numbers"),
        ("p,x,s,n,t", "5 of the 5 names of columns are as the cells below them"),
        ("9,State-gov,Male,Bachelors,13", "5 of the 5 names of columns are as the cells below them"),
    ],
)
def test_names_as_the_cells_below_them_are_no_header_perhaps(names: str, note: str) -> None:
    """Most of them numbers, or texts that are common in their own columns."""
    fields = names.split(",")
    rows = [[cell if (i + j) % 3 else f"{cell}{i}" for j, cell in enumerate(fields)] for i in range(30)]
    found = read_header(fields, "t.csv", ",", *rows)
    command = "hint: put a line with names first: { echo a,b,c,d,e; cat t.csv; } > named.csv"
    assert found.notes == (f"t.csv:1: {note}: is the first line no header?", command)
    with pytest.raises(DataError, match="put a line with names first"):
        found.require(["price"])


@pytest.mark.parametrize(
    "names",
    [
        "Country,Code,1960,1970,1980,1990,2000",
        "0,1,2,3",
        "label,0,1,2,3,4,5",
        "1,2,3,4,5,6",
        "400,410.5,420,431,440,450,460,470,y",
        "x,y",
        "Male,Female,Other",
        "a,a1,a2",
    ],
)
def test_names_that_look_like_data_and_are_none(names: str) -> None:
    """Years, positions, wavelengths; a name that is a cell, where the others are not."""
    fields = names.split(",")
    rows = [
        [str((7 * i + 3 * j) % 500) if name != "x" else "x" for j, name in enumerate(fields)]
        for i in range(60)
    ]
    rows = [["Male", *row[1:]] if fields[0] == "Male" else row for row in rows]
    assert read_header(fields, "t.csv", ",", *rows).notes == ()
    assert read_header(fields, "t.csv", ",", *rows, fields, fields).notes == ()  # the header again, and again


@pytest.mark.parametrize(
    ("fields", "names", "note"),
    [
        (["", "a"], ("Unnamed: 0", "a"), "column 1 has no name: it is called 'Unnamed: 0' here"),
        ([" ", "a"], ("Unnamed: 0", "a"), "column 1 has no name: it is called 'Unnamed: 0' here"),
        (
            ["", "Unnamed: 0"],
            ("Unnamed: 0.1", "Unnamed: 0"),
            "column 1 has no name: it is called 'Unnamed: 0.1' here",
        ),
        (
            ["a", "", "", "b", ""],
            ("a", "Unnamed: 1", "Unnamed: 2", "b", "Unnamed: 4"),
            "columns 2-3 and 5 have no name: they are called 'Unnamed: 1', 'Unnamed: 2', 'Unnamed: 4' here",
        ),
        (
            ["", "a", *[""] * 4, "b"],
            ("Unnamed: 0", "a", "Unnamed: 2", "Unnamed: 3", "Unnamed: 4", "Unnamed: 5", "b"),
            "columns 1 and 3-6 have no name: "
            "they are called 'Unnamed: 0', 'Unnamed: 2', 'Unnamed: 3', … here",
        ),
    ],
)
def test_columns_without_a_name_have_one_of_pandas(
    fields: list[str], names: tuple[str, ...], note: str
) -> None:
    """As pandas has it, with one note for all of them."""
    header = read_header(fields, "t.csv", ",", ["1"] * len(fields))
    assert header.names == names
    assert f"t.csv:1: {note}" in header.notes
    content = ",".join(fields) + "\n" + ",".join("1" * len(fields)) + "\n"
    assert [name.strip() or names[0] for name in pd.read_csv(io.StringIO(content)).columns] == list(names)


def test_very_many_columns_without_a_name_are_said_in_a_few_words() -> None:
    fields = ["a", ""] * 40
    assert read_header(
        [f"{name}{i}" if name else "" for i, name in enumerate(fields)], "t.csv", ",", ["1"] * 80
    ).notes == (
        "t.csv:1: columns 2, 4, 6, 8, 10, 12, 14, 16, 18, 20 and 30 more have no name: "
        "they are called 'Unnamed: 1', 'Unnamed: 3', 'Unnamed: 5', … here",
    )


def test_a_header_that_alone_ends_with_a_separator_is_cut_by_it() -> None:
    header = read_header(["a;b;"], "t.csv", ",", ["1;2"], ["3;4"])
    assert header.hint is not None and "seem to be separated by a semicolon" in header.hint


@pytest.mark.parametrize(
    ("fields", "separator", "hint"),
    [
        (
            ["a;b"],
            ",",
            'the columns seem to be separated by a semicolon: write `separator: ";"` under `data`, '
            "or: tr ';' ',' < t.csv > table.csv",
        ),
        (
            ["a\tb"],
            ",",
            'the columns seem to be separated by a tab: write `separator: "\\t"` under `data`, '
            "or: tr '\\t' ',' < t.csv > table.csv",
        ),
        (
            ["a,b"],
            "\t",
            'the columns seem to be separated by a comma: write `separator: ","` under `data`, '
            "or: tr ',' '\\t' < t.csv > table.csv",
        ),
        (
            ['a;"b'],
            ",",
            'the columns seem to be separated by a semicolon: write `separator: ";"` under `data`',
        ),
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
    assert caught.value.problems[0].hint == (
        "give each its own: { echo 'a,Unnamed: 1,b,a.1,b.1'; tail -n +2 t.csv; } > named.csv"
    )
    assert [problem.message for problem in caught.value.problems] == [
        "several columns are called 'a': 1, 4",
        "several columns are called 'b': 3, 5",
    ]


@pytest.mark.parametrize(
    ("asked", "own", "said"),
    [
        ("größe", "gro\u0308ße", "'o' + U+0308 for U+00F6"),
        ("gro\u0308ße", "größe", "U+00F6 for 'o' + U+0308"),
        ("x kg", "x\xa0kg", "U+00A0 for U+0020"),
        ("price ", "price", "nothing for U+0020"),
        ("price", "pri\u200bce", "U+200B for nothing"),
        ("a  b", "a b", "nothing for U+0020"),
        ("a b", "a\nb", "U+000A for U+0020"),
    ],
)
def test_a_name_that_looks_the_same_is_the_same(asked: str, own: str, said: str) -> None:
    """With a note that says what differs; its spelling is that of the file."""
    header = read_header(["n", own], "t.csv", ",")
    header.require([asked])
    assert (header.own(asked), header.positions[asked]) == (own, 1)
    assert list(header.respelt(["n", asked, own])) == [
        f"t.csv:1: column '{asked}' is written with {said} here"
    ]


def test_of_two_names_that_look_the_same_the_exact_one_is_meant() -> None:
    """Where none is exact, nobody knows."""
    header = read_header(["x\xa0kg", "x\u2009kg"], "t.csv", ",")
    assert header.own("x\u2009kg") == "x\u2009kg"
    with pytest.raises(DataError) as caught:
        header.require(["x kg"])
    (problem,) = caught.value.problems
    assert problem.message == "there is no column 'x kg'"
    assert problem.hint == (
        "several columns look like it: 'x\xa0kg' (U+00A0 for U+0020) and 'x\u2009kg' (U+2009 for U+0020); "
        "write one as the file does"
    )
    with pytest.raises(KeyError):
        _ = header.positions["x kg"]


def test_letters_of_another_alphabet_are_told_apart() -> None:
    """They are other letters, and look the same."""
    header = read_header(["рrice", "size"], "t.csv", ",")
    assert header.own("price") is None
    assert header.suggestion("price", []) == "did you mean 'рrice'? the file writes it with U+0440 for 'p'"


def test_names_in_a_long_header_of_repeated_names_are_mended_by_pandas() -> None:
    fields = [f"column {i % 60}" for i in range(120)]
    with pytest.raises(DataError) as caught:
        read_header(fields, "t.csv", ",")
    hint = caught.value.problems[0].hint
    assert hint is not None and "import pandas as p; " in hint

"""What stands after the last row, or between rows: left out with a note, or refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.errors import DataError
from mlpcli.tables.csv_format import CsvFormat
from tests.support.tables import read

ROWS = "a,b,c\n" + "1,x,2\n" * 8
CHUNKS = st.sampled_from([16, 100, 1 << 20])


def refused(content: str | bytes, chunk: int = 1 << 20) -> list[str]:
    """What is said about a content."""
    with pytest.raises(DataError) as caught:
        read(content, chunk=chunk)
    return str(caught.value).split("\n")


@given(
    tail=st.lists(st.sampled_from([",,", "", "  ", " , ,", "\t", ",", ",,,,,,"]), max_size=30),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\x1a"]),
    chunk=CHUNKS,
)
def test_lines_that_hold_nothing_end_a_file(tail: list[str], end: str, mark: str, chunk: int) -> None:
    """Whatever they are made of, wherever a piece of the file ends, before the mark of old systems."""
    content = ROWS.replace("\n", end) + end.join(tail) + mark
    file = read(content, chunk=chunk)
    assert file.table.texts["c"].texts().tolist() == ["2"] * 8
    count = sum(line != "" for line in tail)
    lines = "1 line is" if count == 1 else f"{count} lines are"
    notes = [f"t.csv: {lines} left out at the end, with nothing between the separators"] * (count > 0)
    assert list(file.header.notes) == notes + ["t.csv: a ^Z at the end is left out"] * bool(mark)


def test_a_mark_may_end_the_last_row() -> None:
    """Without a line of its own."""
    file = read(ROWS[:-1] + "\x1a")
    assert file.table.texts["c"].texts().tolist() == ["2"] * 8
    assert file.header.notes == ("t.csv: a ^Z at the end is left out",)


def test_lines_of_separators_between_rows_are_rows() -> None:
    """All their cells are missing."""
    assert read("a,b\n1,2\n,\n3,4\n", chunk=16).table.texts["a"].texts().tolist() == ["1", "", "3"]


def test_lines_of_separators_are_rows_where_that_is_asked_for() -> None:
    """They may have a prediction."""
    assert read("a,b\n1,2\n,\n,\n", form=CsvFormat(empty_rows=True)).table.rows == 3


def test_in_a_single_column_a_space_is_a_cell() -> None:
    """There is no separator that could tell."""
    assert read("a\n1\n \n").table.texts["a"].texts().tolist() == ["1", " "]


@pytest.mark.parametrize("chunk", [64, 1 << 20])
@pytest.mark.parametrize(
    ("after", "line", "found", "hint"),
    [
        ("Source: here\n", 10, "expected 3 fields, found 1", "the last line is not part of the table"),
        (
            "\n\nSource: here\n",
            10,
            "an empty line between rows (and 2 more: lines 11, 12)",
            "the lines from there on",
        ),
        ("Total,9\n", 10, "expected 3 fields, found 2", None),
        ("1,2,3,4\n", 10, "expected 3 fields, found 4", None),
        ("Source: here\n1,x,2\n", 10, "expected 3 fields, found 1", None),
    ],
)
def test_remarks_below_a_table_are_cut_off(
    chunk: int, after: str, line: int, found: str, hint: str | None
) -> None:
    """Where they are the last lines, few, and hold less than half of a row."""
    message, *hints = refused(ROWS + after, chunk)
    assert message == f"mlp: error: t.csv:{line}: {found}"
    cut = f"{hint} are not part of the table" if hint and "lines" in hint else hint
    assert (hints == [f"hint: if {cut}: head -n 9 t.csv > table.csv"]) == (hint is not None)


def test_remarks_after_many_pieces_of_a_file_are_told_the_same() -> None:
    """Though the rows above are long gone."""
    content = "a,b,c\n" + "1,x,2\n" * 1000
    assert refused(content + "Source: here\n", chunk=256) == [
        "mlp: error: t.csv:1002: expected 3 fields, found 1",
        "hint: if the last line is not part of the table: head -n 1001 t.csv > table.csv",
    ]


@pytest.mark.parametrize("chunk", [16, 1 << 20])
@pytest.mark.parametrize("name", ["Total", '"Total"', "SUM", "Grand Total"])
def test_a_last_row_that_begins_as_a_sum_does_is_told(name: str, chunk: int) -> None:
    """Where no other row does."""
    word = name.strip('"')
    assert read(f"{ROWS}{name},x,16\n", chunk=chunk).header.notes == (
        f"t.csv:10: the last row begins with '{word}'",
        "hint: if it is no row like the others: head -n 9 t.csv > table.csv",
    )
    assert read(f"a,b,c\n{name},x,1\n1,x,2\n{name},x,16\n", chunk=chunk).header.notes == ()
    assert read(f"{name},b,c\n1,x,2\n", chunk=chunk).header.notes == ()


def test_the_header_again_is_found_wherever_it_is() -> None:
    """In a later piece, in a line of its own; not as a part of another line, and not where it may be data."""
    content = "a,b,c\n" + "1,x,2\n" * 100
    assert refused(content * 2, chunk=64) == [
        "mlp: error: t.csv:102: the names of the columns again",
        "hint: take it out: awk 'NR <= 1 {h = $0; print; next} $0 != h' t.csv > table.csv",
    ]
    assert read("b,c\n" + "1,x\n" * 9 + '"a\nb",c\n').table.rows == 10
    assert read("b,c\n" + "1,x\n" * 9 + "ab,c\n").table.rows == 10
    assert read("1,x\n" * 9).table.rows == 8


QUOTES = [
    ('1,"x,2\n' + "1,x,2\n" * 3, 10, "close it, or take it away: sed '10s/\"//' t.csv > table.csv"),
    ('1,"p\nq","2\n1,x,2\n', 11, "a quote within a quoted text is doubled, and each text has one at its end"),
    ('1,"x\ny,2\n1,x,2\n', 10, "close it, or take it away: sed '10s/\"//' t.csv > table.csv"),
    ('1,"x""y"",2\n', 10, "a quote within a quoted text is doubled, and each text has one at its end"),
    (
        '1,"' + "x" * (1 << 20) + "\n" + "1,x,2\n" * 3,
        10,
        "close it, or take it away: sed '10s/\"//' t.csv > table.csv",
    ),
]


@pytest.mark.parametrize(("after", "line", "hint"), QUOTES, ids=range(len(QUOTES)))
def test_an_open_quote_is_told_with_the_line_in_which_it_opens(after: str, line: int, hint: str) -> None:
    """Not the one in which its row begins, or the file ends."""
    message, told = refused(ROWS + after)
    assert message.startswith(f"mlp: error: t.csv:{line}: ")
    assert told == f"hint: {hint}"


def test_a_very_long_stretch_without_cells_is_refused_in_little_memory() -> None:
    """It is not held back for ever to see whether a row follows."""
    stretch = ",,\n" * 400_000
    assert refused("a,b,c\n1,x,2\n" + stretch, chunk=1 << 16) == [
        "mlp: error: t.csv:3: a very long stretch of lines that hold nothing",
        "hint: take them out: grep -v '^[,[:space:]]*$' t.csv > table.csv",
    ]
    assert refused(stretch + "a,b,c\n1,x,2\n", chunk=1 << 16) == [
        "mlp: error: t.csv: begins with a very long stretch of blank lines",
        "hint: take them out: grep -v '^[,[:space:]]*$' t.csv > table.csv",
    ]


def test_a_line_feed_far_down_in_a_file_of_carriage_returns_is_refused_with_its_line() -> None:
    """What has been read by then was read as it should be, so that only a command can tell."""
    content = "a,b\r" + "1,2\r" * 300_000 + "3,4\n5,6\r"
    assert refused(content, chunk=1 << 16) == [
        "mlp: error: t.csv:300002: a line feed, where all lines before end in a carriage return",
        r"hint: make them alike: tr -s '\r' '\n' < t.csv > unix.csv",
    ]


def test_an_undecodable_byte_is_found_in_lines_that_end_in_a_carriage_return() -> None:
    """They are counted as they are."""
    message, hint = refused(b"a,b\r" + b"1,2\r" * 300_000 + b"\xe9,4\r", chunk=1 << 16)
    assert message.startswith("mlp: error: t.csv:300002: expected text in utf-8, found the byte 0xe9")
    assert (
        hint == "hint: write `encoding: cp1252` under `data`, or: iconv -f CP1252 -t UTF-8 t.csv > utf8.csv"
    )

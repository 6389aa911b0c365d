"""How a file is written is found out from its content, for the files that people really have."""

from __future__ import annotations

import gzip
import io
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.errors import DataError
from mlpcli.tables.csv_format import MISSING_MARKS, CsvFormat, detect_format
from tests.support.tables import content_file


def found(content: str | bytes, name: str = "t.csv") -> CsvFormat:
    return detect_format(content_file(content, name))


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ("a,b\n1,2\n", "t.csv", CsvFormat()),
        ("a;b\n1,5;2\n", "t.csv", CsvFormat(separator=";", decimal=",")),
        ("a;b\n1.5;x,y\n", "t.csv", CsvFormat(separator=";")),
        ("a\tb\n1,5\t2\n", "t.csv", CsvFormat(separator="\t", decimal=",")),
        ("a;b\n2.481;0,5\n30.580;12,25\n", "t.csv", CsvFormat(separator=";", decimal=",")),
        ("a;b\n2,481;0.5\n30,580;12.25\n", "t.csv", CsvFormat(separator=";")),
        ("a;b\n2,481;0.500\n30,580;0.125\n", "t.csv", CsvFormat(separator=";")),
        ("a;b;c\n2.481;3.125;0,5\n30.580;1.250;1,75\n", "t.csv", CsvFormat(separator=";", decimal=",")),
        ("a;b\n2.481;x\n30.580;y\n", "t.csv", CsvFormat(separator=";")),
        ("a;b\n2,481;x\n30,580;y\n", "t.csv", CsvFormat(separator=";", decimal=",")),
        ("a\tb\n1\t2\n", "t.tsv", CsvFormat()),
        ("a,b\n1,2\n", "t.tsv", CsvFormat(separator=",")),
        ("a|b\n1|2\n", "t.csv", CsvFormat(separator="|")),
        ('"a;b",c\n"1;2",3\n', "t.csv", CsvFormat()),
        ("a,b,\n1,2,\n", "t.csv", CsvFormat()),
        ("\ufeffa;b\n1;2\n", "t.csv", CsvFormat(separator=";")),
        ("a;b\nNA;1,5\n2,5;?\n", "t.csv", CsvFormat(separator=";", decimal=",")),
        ("größe,b\n1,2\n", "t.csv", CsvFormat()),
        ("größe,b\n1,2\n".encode("cp1252"), "t.csv", CsvFormat(encoding="cp1252")),
        (b"a,b\n\x81,2\n", "t.csv", CsvFormat(encoding="latin-1")),
        ("a;b\n1;2\n".encode("utf-16"), "t.csv", CsvFormat(separator=";", encoding="utf-16")),
        (gzip.compress(b"a;b\n1;2\n", mtime=0), "t.csv.gz", CsvFormat(separator=";")),
        ("a\n1\n", "t.csv", CsvFormat()),
        ("a,b\n", "t.csv", CsvFormat()),
    ],
)
def test_what_a_file_looks_like(content: str | bytes, name: str, expected: CsvFormat) -> None:
    assert found(content, name) == expected


def test_a_byte_far_from_the_start_decides_about_the_encoding() -> None:
    content = b"a,b\n" + b"1,2\n" * 200_000 + b"\xe9,2\n"
    assert found(content).encoding == "cp1252"


def test_a_long_file_is_judged_by_whole_lines() -> None:
    line = "1;2;" + "x" * 300 + "\n"
    assert found("a;b;c\n" + line * 2000) == CsvFormat(separator=";")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ""),
        (b"\x89PNG\r\n", "is a PNG picture, not a CSV file"),
        (b"a,b\n1,\x00\n", "found a NUL character"),
    ],
)
def test_what_is_no_table_is_wrong_data(content: bytes, message: str) -> None:
    if not content:
        assert found(content) == CsvFormat()  # the reader says that it is empty
        return
    with pytest.raises(DataError, match=message):
        found(content)


@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.integers(-99, 99), st.sampled_from(["x", "y z", ""])), min_size=2
    )
)
def test_the_format_that_a_table_was_written_with_is_found(rows: list[tuple[float, int, str]]) -> None:
    for separator, decimal in product(",;\t|", ".,"):
        if separator == decimal:
            continue
        text = io.StringIO()
        text.write(separator.join("abc") + "\n")
        for number, whole, word in rows:
            cells = (f"{number:.3f}".replace(".", decimal), str(whole), word)
            text.write(separator.join(cells) + "\n")
        form = found(text.getvalue())
        assert (form.separator or ",", form.decimal) == (separator, decimal)


def test_marks_hold_no_text_that_is_a_number_or_nothing() -> None:
    assert not {mark for mark in MISSING_MARKS if mark != mark.strip() or not mark or mark[-1].isdigit()}

"""Rows with quoted fields, told apart at the speed of bytes: as the csv module does, or not at all."""

from __future__ import annotations

import csv
import io
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlpcli.errors import DataError
from mlpcli.tables import row_width
from mlpcli.tables.quoted_rows import quoted_rows
from mlpcli.tables.row_width import Checked, check, passed_over
from mlpcli.tables.shell_commands import Mending
from mlpcli.tables.wrong_rows import Shape

CELLS = st.text('ab",;\n é', max_size=6)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8)
)


def shape_of(width: int, separator: str = ",") -> Shape:
    return Shape(Mending("t.csv"), separator, width, 0)


def walked(content: bytes, shape: Shape) -> Checked:
    """What the csv module makes of them."""
    return row_width._Walk(shape, 2).over(content)


@given(
    TABLES,
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(",;"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_well_is_read_at_once(
    rows: list[list[str]], quoting: int, separator: str, end: str
) -> None:
    """Rows, size, and the line of each."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=end).writerows(rows)
    content, shape = text.getvalue().encode(), shape_of(len(rows[0]), separator)
    expected = walked(content, shape)
    assert expected.rows == len(rows)
    assert check(content, shape, 2) == expected
    found = quoted_rows(content, separator)
    assert found
    assert (found.rows, found.size) == (expected.rows, expected.size)


def test_a_carriage_return_that_ends_no_line_is_left_to_the_csv_module() -> None:
    content = b'"a\rb",c\r\n"d",e\r\n'
    assert quoted_rows(content, ",") is None
    assert check(content, shape_of(2), 2).rows == 2


@given(st.text('a",\n', max_size=20).map(lambda text: text + "\n"), st.integers(2, 3))
@example('"a\n', 2)
@example('""a,\n', 2)
@example('"a" ,b\n', 2)
@example('a"b"\n",b\n', 2)
@example('"",""\n', 2)
@example('"""",""\n"x', 2)
def test_whatever_is_told_apart_the_csv_module_tells_apart_alike(text: str, width: int) -> None:
    """Rows that are cut off, ragged or malformed included: then they are the csv module's to judge."""
    content, shape = text.encode(), shape_of(width)
    try:
        expected = walked(content, shape)
    except DataError as error:
        with pytest.raises(DataError) as raised:
            check(content, shape, 2)
        assert str(raised.value) == str(error)
        return
    assert check(content, shape, 2) == expected
    passed = passed_over(content, shape, 2)
    assert (passed.rows, passed.size, passed.next_line) == (
        expected.rows,
        expected.size,
        expected.next_line,
    )


@pytest.mark.parametrize("cell", ['"' + "x" * 50 + '"', '"' + 'x""' * 30 + '"'])
def test_a_field_beyond_the_limit_is_refused_as_ever(cell: str) -> None:
    """Also where doubled quotes part it."""
    content = f"a,{cell}\n".encode()
    with patch.object(row_width, "FIELD_LIMIT", 40), pytest.raises(DataError, match="longer than"):
        check(content, shape_of(2), 2)


def test_a_quote_within_a_field_is_left_to_the_csv_module() -> None:
    content = b'5" pipe,1\n6" pipe,2\n'
    assert quoted_rows(content, ",") is None
    assert passed_over(content, shape_of(2), 2) == check(content, shape_of(2), 2)
    assert check(content, shape_of(2), 2).rows == 2

"""Rows are counted in several ways: all of them agree with the csv module, and name the same row."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.tables import row_width
from mlpcli.tables.row_width import check, fields_of
from mlpcli.tables.shell_commands import Mending
from mlpcli.tables.wrong_rows import Shape

LENGTHS = st.sampled_from([0, 1, 20, 63, 64, 65, 130])
WIDTHS = st.sampled_from([1, 2, 3, 9])


@given(WIDTHS.flatmap(lambda width: st.lists(st.tuples(*[LENGTHS] * width), min_size=1, max_size=12)))
def test_long_rows_are_counted_as_short_ones_are(rows: list[tuple[int, ...]]) -> None:
    """By words of bits where no row is shorter than a word, else that takes another way."""
    shape = Shape(Mending("t.csv"), ",", len(rows[0]), 0)
    content = "".join(",".join("x" * length for length in row) + "\n" for row in rows).encode()
    found = row_width._count_long(content, shape)
    assert row_width._count_any(content, shape) == len(rows)
    assert found in ((len(rows),) if min(map(len, content.splitlines())) >= 64 else (len(rows), None))


def test_the_limit_of_the_csv_module_is_left_as_it_was() -> None:
    """A program that has larger fields may read tables with ours as well."""
    before = csv.field_size_limit(123)
    try:
        assert [fields for fields, _ in fields_of(b'"' + b"x" * 200 + b'"\n', ",")] == [["x" * 200]]
        assert csv.field_size_limit() == 123
        next(fields_of(b"a\nb\n", ","))
        assert csv.field_size_limit() == 123
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize("short", [0, 3, 8])
@pytest.mark.parametrize("long", [1, 5, 9])
def test_a_field_that_moved_to_another_row_is_missed(short: int, long: int) -> None:
    """Though there are as many separators and as many lines as there should be."""
    rows = [["x" * 40] * 3 for _ in range(10)]
    rows[long].append(rows[short].pop())
    content = "".join(",".join(row) + "\n" for row in rows).encode()
    shape = Shape(Mending("t.csv"), ",", 3, 0)
    ragged = check(content, shape, 2).ragged
    assert ragged
    found = 2 if short < long else 4
    message = f"t.csv:{min(short, long) + 2}: expected 3 fields, found {found}"
    assert message in str(ragged.error(shape, ended=True))

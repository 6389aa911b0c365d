"""The digest of rows depends on what they hold, and on nothing else."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.tables import row_digest
from mlpcli.tables.columns import Notation, NumberColumn, TextColumn
from mlpcli.tables.row_digest import RowDigest, TableDigest
from mlpcli.tables.table import Table

CELLS = st.one_of(
    st.sampled_from(["", "a", "b", "\0", "\1", "\0\1", "\1e", "\1" + "0", "é"]), st.text(max_size=3)
)
NUMBERS = st.one_of(st.just(np.nan), st.floats(allow_nan=False, allow_infinity=False))
ROWS = st.lists(st.tuples(CELLS, NUMBERS, CELLS), min_size=1, max_size=30)


def column_of(texts: Sequence[str]) -> TextColumn:
    """As a reader makes it: levels in the order of first appearance."""
    codes, levels = pd.factorize(np.array(texts, dtype=object))
    return TextColumn(codes, tuple(levels.tolist()))


def block(rows: Sequence[tuple[str, float, str]]) -> Table:
    first, number, second = zip(*rows, strict=True)
    numbers = {"n": [NumberColumn(np.array(number, dtype=np.float64))]}
    return Table("t", len(rows), None, Notation(), numbers, {"a": column_of(first), "b": column_of(second)})


def digest(*blocks: Table) -> TableDigest:
    found = RowDigest()
    for table in blocks:
        found.add(table)
    return found.digest()


@given(ROWS, st.lists(st.integers(0, 30), max_size=4), st.sampled_from([1, 2, 3, 1 << 13]))
def test_blocks_do_not_matter(rows: list[tuple[str, float, str]], cuts: list[int], known: int) -> None:
    """Nor does it where the texts that get numbers come to an end."""
    bounds = sorted({0, *(cut for cut in cuts if cut < len(rows)), len(rows)})
    with patch.object(row_digest, "MOST_KNOWN", known):
        whole = digest(block(rows))
        parts = digest(*(block(rows[first:last]) for first, last in pairwise(bounds)))
    assert parts == whole
    assert parts.sha256 == whole.sha256


def test_times_and_zeros_count_as_what_they_mean() -> None:
    """However a program writes them; blocks do not matter there either; other texts are what they are."""
    one = ["2024-01-31", "2024-01-31 10:00:00", "10:00:00.5", "2024-01-31 10:00:00+00:00", "a:b", "1:2"]
    other = ["2024-01-31T00:00:00.000", "2024-01-31 10:00", "10:00:00.500000", "2024-01-31T10:00:00Z"]
    other += one[4:]
    first, *rest = ([(text, number, "") for text in texts] for number, texts in ((0.0, one), (-0.0, other)))
    assert digest(block(first)) == digest(block(rest[0])) == digest(block(rest[0][:1]), block(rest[0][1:]))
    for changed in ("2024-01-31 10:00:01", "2024-02-01 10:00:00", "2024-01-31 10:00:00+01:00"):
        assert digest(block([(changed, 0.0, "")])) != digest(block([(one[1], 0.0, "")]))


@given(ROWS, ROWS, st.sampled_from([1, 2, 1 << 13]))
def test_other_cells_are_another_digest(
    rows: list[tuple[str, float, str]], others: list[tuple[str, float, str]], known: int
) -> None:
    """A difference in any cell, in the bits of any number: all that is missing is the same."""

    def cells(table: list[tuple[str, float, str]]) -> list[tuple[str, bytes, str]]:
        nothing = struct.pack("<d", np.nan)
        return [(a, nothing if n != n else struct.pack("<d", n), b) for a, n, b in table]

    with patch.object(row_digest, "MOST_KNOWN", known):
        equal = digest(block(rows)).sha256 == digest(block(others)).sha256
    assert equal == (cells(rows) == cells(others))


def test_names_and_kinds_matter_and_the_order_of_columns_does_not() -> None:
    one = block([("a", 1.0, "b"), ("b", 2.0, "b")])
    turned = Table("u", 2, None, Notation(), one.numbers, dict(reversed(one.texts.items())))
    assert digest(turned).sha256 == digest(one).sha256
    renamed = Table("t", 2, None, Notation(), {"m": one.numbers["n"]}, one.texts)
    assert digest(renamed).sha256 != digest(one).sha256
    exchanged = Table("t", 2, None, Notation(), one.numbers, {"a": one.texts["b"], "b": one.texts["a"]})
    assert digest(exchanged).sha256 != digest(one).sha256
    as_text = Table("t", 2, None, Notation(), {}, {**one.texts, "n": column_of(["1.0", "2.0"])})
    assert digest(as_text).sha256 != digest(one).sha256


def test_it_is_what_it_has_always_been() -> None:
    """Models keep it: tomorrow's version has to come to the same."""
    found = digest(block([("x", 1.5, ""), ("y", np.nan, "é\0"), ("x", -0.1, "z")]))
    assert found.sha256 == "bc115d3003f072c615df2e57a54ef53bf0bd0fe69e303e7f888c13162768dcec"

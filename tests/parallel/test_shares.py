"""Shares of a number of things: all of them, in order, nearly alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.parallel.shares import Shard


@given(st.integers(0, 1000), st.integers(1, 60))
def test_shards_are_all_rows_in_order(total: int, count: int) -> None:
    parts = [Shard(number, count).rows(total) for number in range(1, count + 1)]
    assert [row for part in parts for row in range(part.start, part.stop)] == list(range(total))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert sizes[0] == max(sizes)


def test_a_shard_reads_as_it_is_written() -> None:
    assert Shard.read("2/8") == Shard(2, 8)
    assert str(Shard(2, 8)) == "2/8"
    assert [Shard(number, 3).is_first for number in (1, 2, 3)] == [True, False, False]


@pytest.mark.parametrize("text", ["0/8", "9/8"])
def test_a_shard_that_is_none_of_them_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"expected a shard from 1/8 to 8/8, found {text}"):
        Shard.read(text)


@pytest.mark.parametrize("text", ["a/b", "3", "1/0", "-1/8", "1/2/3", " 1/8", "1/8\n", "٣/٨", ""])
def test_what_says_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected I/N, such as 2/8 for the second of eight, found "):
        Shard.read(text)

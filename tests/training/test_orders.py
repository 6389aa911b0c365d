"""Orders of rows: every row once; blocks whole, in a random order, and shuffled inside; sorted ones told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.data.sorted_rows import between_blocks
from mlpcli.training.orders import shuffle_all, shuffle_blocks


@given(st.integers(1, 200), st.integers(2, 60), st.integers(0, 5), st.sampled_from([np.int32, np.intp]))
def test_blocks_stay_together(n: int, rows: int, seed: int, kind: type) -> None:
    order = np.empty(n, kind)
    shuffle_blocks(order, np.random.default_rng(seed), rows)
    assert sorted(order.tolist()) == list(range(n))
    blocks = order // rows
    changes = 1 + np.count_nonzero(np.diff(blocks))
    assert changes == -(-n // rows)
    again = np.empty(n, np.intp)
    shuffle_blocks(again, np.random.default_rng(seed), rows)
    assert order.tolist() == again.tolist()


def test_blocks_and_rows_inside_come_in_other_orders_each_time() -> None:
    rng, order = np.random.default_rng(1), np.empty(1000, np.intp)
    firsts, insides = set(), set()
    for _ in range(20):
        shuffle_blocks(order, rng, 100)
        firsts.add(tuple((order // 100)[::100].tolist()))
        insides.add(tuple(order[order // 100 == 3].tolist()))
    assert len(firsts) == len(insides) == 20


@pytest.mark.parametrize("n", [1, 2, 777])
def test_a_shuffle_of_all_is_a_permutation_whatever_the_type(n: int) -> None:
    for kind in (np.int32, np.intp):
        order = np.empty(n, kind)
        shuffle_all(order, np.random.default_rng(9))
        assert order.tolist() == np.random.default_rng(9).permutation(n).tolist()


def test_sorted_targets_lie_between_blocks_and_mixed_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    classes = np.eye(3)[np.repeat([0, 1, 2], 400)]
    assert between_blocks(classes, 100) == pytest.approx(1.0)
    assert between_blocks(np.sort(rng.normal(size=(1200, 1)), axis=0), 100) > 0.9
    mixed = [between_blocks(rng.normal(size=(1200, 2)), 100) for _ in range(50)]
    assert abs(np.mean(mixed)) < 0.01
    assert max(mixed) < 0.1


@pytest.mark.parametrize("rows", [1, 30, 100])
def test_one_block_equal_targets_and_blocks_of_single_rows_tell_nothing(rows: int) -> None:
    y = np.arange(30.0)[:, np.newaxis]
    assert between_blocks(y, rows) == 0.0
    assert between_blocks(np.ones_like(y), 7) == 0.0

"""Batches: every row once an epoch, with its own target and weight, in the order that the seed decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.rng import stream
from mlpcli.training.batches import Batches, Part

ROWS, SIZES = st.integers(1, 40), st.integers(1, 50)


def part(rows: int) -> Part:
    """Row i holds i in its inputs, 10 i in its target, 100 i in its weight."""
    number = np.arange(rows, dtype=np.float64)
    return Part.of(np.stack([number, -number], axis=1), 10 * number[:, None], 100 * number, np.float32)


@given(ROWS, SIZES, st.booleans())
def test_an_epoch_has_every_row_once_with_its_own_target_and_weight(
    rows: int, size: int, shuffled: bool
) -> None:
    batches = Batches(part(rows), size)
    if shuffled:
        batches.shuffle(np.random.default_rng(rows))
    seen = []
    for index in range(len(batches)):
        x, y, weights = batches[index]
        assert weights is not None
        assert all(array.flags.c_contiguous and array.dtype == np.float32 for array in (x, y, weights))
        assert len(x) == (size if index < len(batches) - 1 else rows - size * index)
        assert np.array_equal(y[:, 0], 10 * x[:, 0])
        assert np.array_equal(weights[:, 0], 100 * x[:, 0])
        assert np.array_equal(x[:, 1], -x[:, 0])
        seen += x[:, 0].tolist()
    assert len(batches) == -(-rows // min(size, rows))
    assert sorted(seen) == list(range(rows))
    assert shuffled or seen == sorted(seen)


def order(seed: int, epochs: int) -> list[float]:
    batches, rng = Batches(part(30), 30), stream(seed, "shuffling")
    for _ in range(epochs):
        batches.shuffle(rng)
    first: list[float] = batches[0][0][:, 0].tolist()
    return first


def test_the_order_depends_on_the_seed_and_the_epoch_alone() -> None:
    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(seed, epochs)) for seed in (1, 2) for epochs in (1, 2, 3)}) == 6


def test_shuffling_leaves_the_rows_themselves_in_place() -> None:
    given_part = part(12)
    before = given_part.x.copy()
    batches = Batches(given_part, 5)
    for _ in range(3):
        batches.shuffle(np.random.default_rng(0))
    assert np.array_equal(given_part.x, before)


def test_without_weights_there_are_none() -> None:
    x = np.zeros((3, 2))
    batches = Batches(Part.of(x, x, None, np.float64), 2)
    batches.shuffle(np.random.default_rng(0))
    assert [batches[index][2] for index in range(2)] == [None, None]


def test_what_is_in_its_precision_already_is_not_copied() -> None:
    x = np.zeros((3, 2))
    kept = Part.of(x, x, None, np.float64)
    assert kept.x is x
    assert Part.of(x, x, None, np.float32).x.dtype == np.float32


def test_a_number_beyond_the_precision_is_infinite_without_a_warning() -> None:
    assert Part.of(np.array([[1e300]]), np.zeros((1, 1)), None, np.float32).x.tolist() == [[np.inf]]


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_batch_is_a_view_until_the_next_shuffle(size: int) -> None:
    batches = Batches(part(7), size)
    batches.shuffle(np.random.default_rng(0))
    assert np.shares_memory(batches[0][0], batches[len(batches) - 1][0].base)

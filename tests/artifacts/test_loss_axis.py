"""Ticks lie inside, are round and few, and their labels tell what they are."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.artifacts.loss_axis import epoch_ticks, linear_ticks, log_ticks, tick_labels


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0.0, 1.0, 6, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.07, 1.23, 7, [0.2, 0.4, 0.6, 0.8, 1, 1.2]),
        (-4.2, 0.5, 7, [-4, -3, -2, -1, 0]),
        (990.0, 2010.0, 2, [1000, 2000]),
    ],
)
def test_linear_ticks(low: float, high: float, most: int, expected: list[float]) -> None:
    assert linear_ticks(low, high, most) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0.004, 0.3, 8, [0.005, 0.01, 0.02, 0.05, 0.1, 0.2]),
        (0.0009, 120.0, 8, [0.001, 0.01, 0.1, 1, 10, 100]),
        (0.0009, 120.0, 4, [0.01, 1, 100]),
    ],
)
def test_log_ticks(low: float, high: float, most: int, expected: list[float]) -> None:
    assert log_ticks(low, high, most) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("last", "most", "expected"),
    [
        (1, 8, [1]),
        (2, 8, [1, 2]),
        (5, 8, [1, 2, 3, 4, 5]),
        (60, 8, [1, 10, 20, 30, 40, 50, 60]),
        (2000, 5, [1, 500, 1000, 1500, 2000]),
    ],
)
def test_epoch_ticks(last: int, most: int, expected: list[int]) -> None:
    assert epoch_ticks(last, most) == expected


LOSSES = st.floats(1e-249, 1e249)


@given(st.floats(-1e249, 1e249), LOSSES, st.integers(2, 12))
def test_linear_ticks_are_inside_few_and_evenly_apart(low: float, span: float, most: int) -> None:
    high = low + max(span, 1e-6 * abs(low))
    ticks = linear_ticks(low, high, most)
    room = 1e-6 * (high - low)
    assert 1 <= len(ticks) <= most
    assert low - room <= ticks[0] <= ticks[-1] <= high + room
    steps = [b - a for a, b in pairwise(ticks)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-6) for step in steps)


@given(LOSSES, st.floats(20, 1e100), st.integers(2, 12))
def test_log_ticks_are_inside_and_few(low: float, ratio: float, most: int) -> None:
    high = min(low * ratio, 1e250)
    ticks = log_ticks(low, high, most)
    assert len(ticks) <= most
    assert all(low <= tick <= high for tick in ticks)
    if high >= 20 * low:
        assert ticks


@given(st.integers(1, 10**7), st.integers(2, 12))
def test_epoch_ticks_are_distinct_whole_epochs_from_the_first_on(last: int, most: int) -> None:
    ticks = epoch_ticks(last, most)
    assert ticks[0] == 1
    assert ticks == sorted(set(ticks))
    assert ticks[-1] <= last
    assert len(ticks) <= most


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ([0.0, 0.2, 0.4], ["0", "0.2", "0.4"]),
        ([0.6000000000000001, 0.8], ["0.6", "0.8"]),
        ([0.245, 0.25, 0.255], ["0.245", "0.25", "0.255"]),
        ([0.0001, 0.01, 1, 100], ["0.0001", "0.01", "1", "100"]),
        ([5000.0, 10000.0], ["5000", "10000"]),
        ([100000.0, 100000.5], ["100000", "100000.5"]),
        ([0.00002, 0.00004], ["0.00002", "0.00004"]),
        ([1.2e12, 1.4e12], ["1.2e12", "1.4e12"]),
        ([1e-7, 1e-6], ["1e-7", "1e-6"]),
        ([-2.0, -1.0, 0.0], ["-2", "-1", "0"]),
        ([], []),
    ],
)
def test_labels_are_short_and_plain(ticks: list[float], expected: list[str]) -> None:
    assert tick_labels(ticks) == expected


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 12))
def test_labels_read_back_to_their_ticks(low: float, span: float, most: int) -> None:
    ticks = linear_ticks(low, low + span, most)
    assert [float(label) for label in tick_labels(ticks)] == pytest.approx(ticks, abs=span / 100)

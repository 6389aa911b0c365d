"""The mean of the weights: its formula, whoever does the work, and which of both is shown."""

from __future__ import annotations

import tracemalloc
from unittest.mock import patch

import numpy as np
import pytest

from mlpcli.optim import average as averages
from mlpcli.optim.average import WeightAverage
from mlpcli.parallel import pool as pools
from mlpcli.parallel.pool import SerialPool
from mlpcli.parallel.thread_pool import ThreadPool


def walk(n: int, dtype: str) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=n).astype(dtype) for _ in range(30)]


def averaged(weights: list[np.ndarray], decay: float) -> WeightAverage:
    now = weights[0].copy()
    mean = WeightAverage(now, decay)
    for t, new in enumerate(weights[1:], 1):
        now[:] = new
        mean.update(t)
    return mean


def test_by_hand() -> None:
    """d is 2/11, 3/12 and then at most 0.3: E from 11 by 0, by 12, by 1."""
    mean = averaged([np.array([11.0]), np.array([0.0]), np.array([12.0]), np.array([1.0])], 0.3)
    assert mean.mean[0] == pytest.approx(0.3 * (2 * 0.25 + 12 * 0.75) + 0.7 * 1)


@pytest.mark.parametrize("decay", [0.5, 0.999])
def test_the_weight_of_every_step_falls_as_said(decay: float) -> None:
    weights = walk(50, "float64")
    shares = np.ones(30)
    for t in range(1, 30):
        d = min(decay, (1 + t) / (10 + t))
        shares[:t] *= d
        shares[t] = 1 - d
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(averaged(weights, decay).mean, shares @ np.array(weights), rtol=1e-12)


def test_what_is_shown_and_what_waits_change_places() -> None:
    weights = walk(100, "float32")
    mean = averaged(weights, 0.9)
    now, expected = mean.theta, mean.mean.copy()
    for shown in (True, True, False, False, True):
        mean.show(shown)
        np.testing.assert_array_equal(mean.theta, weights[-1])
        np.testing.assert_array_equal(mean.mean, expected)
        assert (mean.mean if shown else mean.theta) is now
    again = WeightAverage(np.zeros(100, np.float32), 0.9)
    again.show(True)
    again.restore(mean.theta, mean.mean)
    np.testing.assert_array_equal(again.theta, weights[-1])
    np.testing.assert_array_equal(again.mean, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_neither_blocks_nor_workers_change_a_bit(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = walk(1000, dtype)
    expected = averaged(weights, 0.9).mean
    monkeypatch.setattr(pools, "WORTH_SHARING", 1)
    for block, pool in ((7, SerialPool(1)), (100, SerialPool(3)), (10**6, ThreadPool(2))):
        with patch.object(averages, "BLOCK", block), pool:
            mean, now = WeightAverage(first := weights[0].copy(), 0.9), first
            mean.share_with(pool)
            for t, new in enumerate(weights[1:], 1):
                now[:] = new
                mean.update(t)
            mean.show(True)
        np.testing.assert_array_equal(now, expected)


def test_an_update_allocates_nothing_as_long_as_the_vector() -> None:
    now = np.ones(500_000, np.float32)
    mean = WeightAverage(now, 0.9)
    mean.update(64)
    tracemalloc.start()
    for t in range(64, 129):
        mean.update(t)
    mean.show(True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < now.nbytes / 8


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_mean_of_dead_weights_ends_at_zero_and_not_among_the_subnormal_numbers(dtype: str) -> None:
    tiny = np.finfo(dtype).tiny
    now = np.full(9, 1e3 * tiny, dtype)
    mean = WeightAverage(now, 0.9)
    now.fill(0.0)
    for t in range(100, 1100):
        mean.update(t)
        assert ((mean.mean == 0) | (mean.mean >= tiny)).all()
    assert not mean.mean.any()

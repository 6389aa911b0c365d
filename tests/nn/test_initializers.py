"""Starting weights: variance, bounds, orthogonality, and the same numbers from the same generator."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.nn.initializers import INITIALIZERS, Draw, normal, uniform

VARIANCES: dict[str, Callable[[int, int], float]] = {
    "glorot": lambda n, m: 2 / (n + m),
    "he": lambda n, _m: 2 / n,
    "lecun": lambda n, _m: 1 / n,
}
SHAPES = [(300, 200), (50, 1000), (1000, 50)]
DRAWS: dict[str, Draw] = {**INITIALIZERS, "uniform": uniform(-0.05, 0.05), "normal": normal(0.05)}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rule", VARIANCES)
def test_uniform_weights_fill_the_interval_of_their_variance(rule: str, shape: tuple[int, int]) -> None:
    w = INITIALIZERS[f"{rule}_uniform"](shape, np.random.default_rng(0))
    bound = math.sqrt(3 * VARIANCES[rule](*shape))
    assert w.shape == shape
    assert bound * 0.999 < np.abs(w).max() <= bound
    assert scipy.stats.kstest(w.ravel(), scipy.stats.uniform(-bound, 2 * bound).cdf).pvalue > 0.01


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rule", VARIANCES)
def test_normal_weights_have_their_variance_and_their_tails(rule: str, shape: tuple[int, int]) -> None:
    w = INITIALIZERS[f"{rule}_normal"](shape, np.random.default_rng(1))
    std = math.sqrt(VARIANCES[rule](*shape))
    assert w.shape == shape
    assert scipy.stats.kstest(w.ravel(), scipy.stats.norm(0, std).cdf).pvalue > 0.01
    assert np.abs(w).max() > 3.5 * std  # not truncated


def test_plain_uniform_and_normal_take_their_numbers() -> None:
    rng = np.random.default_rng(2)
    low = uniform(0.0, 1.0)((100, 100), rng)
    assert 0 <= low.min() < 0.001 and 0.999 < low.max() < 1
    assert scipy.stats.kstest(low.ravel(), scipy.stats.uniform(0, 1).cdf).pvalue > 0.01
    wide = normal(2.5)((100, 100), rng)
    assert scipy.stats.kstest(wide.ravel(), scipy.stats.norm(0, 2.5).cdf).pvalue > 0.01


def test_zeros_are_zero_and_draw_nothing() -> None:
    rng = np.random.default_rng(3)
    assert not INITIALIZERS["zeros"]((4, 5), rng).any()
    assert rng.random() == np.random.default_rng(3).random()


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**32))
def test_orthogonal_weights_are_orthonormal_along_the_shorter_side(n: int, m: int, seed: int) -> None:
    w = INITIALIZERS["orthogonal"]((n, m), np.random.default_rng(seed))
    assert w.shape == (n, m)
    assert w.flags.c_contiguous
    product = w.T @ w if n >= m else w @ w.T
    np.testing.assert_allclose(product, np.eye(min(n, m)), atol=1e-13)


def test_orthogonal_weights_are_uniform_over_all_rotations() -> None:
    """Without the correction of its signs, QR would favour some rotations over others."""
    rng = np.random.default_rng(4)
    draws = np.array([INITIALIZERS["orthogonal"]((3, 3), rng) for _ in range(2000)])
    assert (np.abs(draws.mean(axis=0)) < 0.06).all()  # std 1/√3 each
    assert scipy.stats.kstest(draws[:, 0, 0], scipy.stats.uniform(-1, 2).cdf).pvalue > 0.01  # Archimedes
    assert 0.45 < (np.linalg.det(draws) > 0).mean() < 0.55


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_generator_gives_the_same_weights(name: str) -> None:
    one, two, other = (DRAWS[name]((6, 7), np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, two)
    assert one.dtype == np.float64
    assert name == "zeros" or (one != other).any()


@pytest.mark.parametrize("name", DRAWS)
def test_a_layer_of_width_one_has_weights(name: str) -> None:
    assert np.isfinite(DRAWS[name]((1, 1), np.random.default_rng(0))).all()

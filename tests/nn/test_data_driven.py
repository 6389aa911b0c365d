"""Starting values by the rows: every layer's scores have variance 1, and kinks lie among the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.affine import Affine
from mlpcli.nn.data_driven import ROWS, fit_to_rows
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.initializers import INITIALIZERS
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.nn.numeric_embedding import PeriodicKind
from mlpcli.parallel.threads import limited
from tests.support.network_cases import BATCH_NORM, HIDDEN, LAYER_NORM, Case, Values

PLAIN = Case(Loss("cross_entropy"), (5, 8, 8, 4), ActivationChoice("selu", {}), rows=50)
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "no bias": {"bias": False},
    "one layer": {"widths": (5, 3)},
    "dropout": {"dropout": 0.6},
    "batch_norm": {"normalization": BATCH_NORM},
    "layer_norm": {"normalization": LAYER_NORM},
    "residual": {"residual": True},
    "scaling": {"scaling": True},
    "waves": {"numeric_embedding": PeriodicKind((0, 2), 4, 3, 0.3), "widths": (9, 8, 4)},
    "vectors": {"embeddings": (EmbeddedColumn(1, 4, 3),)},
    "softmax of its own": {"loss": Loss("mse"), "output": "softmax"},
    "float32": {"dtype": np.float32},
}


def started(case: Case, x: Values, seed: int = 0) -> Network:
    """The network with such starting values."""
    network = case.network()
    rng = np.random.default_rng(seed)
    network.initialize(INITIALIZERS["lecun_normal"], rng)
    fit_to_rows(network, x, rng)
    return network


def scores_of(network: Network, x: Values) -> list[Values]:
    """The scores of every layer, nothing dropped out."""
    plan, found = network.training_plan(len(x)), []
    for mask in plan.masks:
        mask.fill(1.0)
    plan.take(x)
    for step in plan.steps:
        step.forward()
        if isinstance(step, Affine):
            found.append(step.z.copy())
    return found


@pytest.mark.parametrize("name", CASES)
def test_every_layer_has_scores_of_variance_1(name: str) -> None:
    case = replace(PLAIN, **CASES[name])
    x, _, _ = case.batch()
    scores = scores_of(
        started(case, 7.0 * x if not case.embeddings else x), x * (1 if case.embeddings else 7)
    )
    assert [z.shape[1] for z in scores] == list(case.widths[1:])
    for z in scores:
        np.testing.assert_allclose(
            z.astype(float).std(axis=0), 1.0, rtol=1e-4 if case.dtype == np.float32 else 1e-9
        )


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=5),
    st.sampled_from(HIDDEN),
    st.integers(2, 60),
    st.floats(-6, 6),
    st.integers(0, 2**32 - 1),
)
def test_zero_lies_among_the_scores_of_every_unit(
    widths: list[int], hidden: str, rows: int, size: float, seed: int
) -> None:
    """A bias is minus a convex combination of scores; and a unit whose scores vary has variance 1."""
    case = Case(Loss("mse"), tuple(widths), ActivationChoice(hidden, {}), rows=rows)
    x = case.batch(seed)[0] * 10.0**size
    for z in scores_of(started(case, x, seed), x):
        spread = z.std(axis=0)
        varies = spread > 1e-3
        np.testing.assert_allclose(spread[varies], 1.0, rtol=1e-6)
        assert (z.min(axis=0)[varies] <= 1e-9).all()
        assert (z.max(axis=0)[varies] >= -1e-9).all()


def test_a_unit_that_is_the_same_in_every_row_keeps_its_draw() -> None:
    """Rounding is no variation: 0.1 added up in other orders is not always 0.1."""
    case = replace(PLAIN, widths=(5, 8, 3), dtype=np.float32)
    x = np.full((50, 5), 0.1, np.float32)
    x[25:] *= np.float32(1 + 1e-6)
    drawn = case.network()
    drawn.initialize(INITIALIZERS["lecun_normal"], np.random.default_rng(0))
    np.testing.assert_array_equal(started(case, x).theta, drawn.theta)
    one = x[:1] * np.arange(1, 6, dtype=np.float32)
    np.testing.assert_array_equal(started(case, one).theta, drawn.theta)


def test_what_overflows_is_left_to_the_check_on_divergence() -> None:
    case = replace(PLAIN, dtype=np.float32)
    x = np.full((50, 5), 3e38, np.float32)
    x[::2] *= -1
    assert started(case, x).theta.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_rows_and_seed_give_the_same_bytes_whatever_the_threads(dtype: npt.DTypeLike) -> None:
    case = Case(Loss("mse"), (40, 150, 150, 3), rows=2 * ROWS + 5, dtype=dtype)
    x, _, _ = case.batch()
    with limited(1):
        expected = started(case, x).theta
    with limited(3):
        np.testing.assert_array_equal(started(case, x).theta, expected)
    assert (started(case, x, seed=1).theta != expected).any()


def test_of_many_rows_a_sample_is_enough() -> None:
    case = Case(Loss("mse"), (4, 30, 3), ActivationChoice("relu", {}), rows=5 * ROWS)
    x, _, _ = case.batch()
    for z in scores_of(started(case, x), x):
        np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=0.1)


def test_in_single_precision_it_is_the_same_network() -> None:
    """`gradcheck` looks at what `train` begins with."""
    x, _, _ = PLAIN.batch()
    single = replace(PLAIN, dtype=np.float32)
    expected = started(PLAIN, x).theta
    np.testing.assert_allclose(started(single, x.astype(np.float32)).theta, expected, rtol=1e-3, atol=1e-5)

"""A row's outputs depend on the row alone: to the last bit, whatever kernels, shape and threads are."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.evaluation import CHUNK, FEW, is_worth_a_short_pass, rows_of
from mlpcli.nn.losses import Loss
from mlpcli.nn.numeric_embedding import PeriodicKind
from mlpcli.parallel.threads import limited
from tests.support.network_cases import BATCH_NORM, HIDDEN, LAYER_NORM, Case

pytestmark = pytest.mark.kernels

ROWS = 2 * CHUNK + 37
# single columns, widths around every tile, blocks of more columns than fit into a cache, and none round
WIDTHS: list[tuple[int, ...]] = [
    (1, 1),
    (5, 1),
    (383, 1),
    (1, 1, 1),
    (7, 1, 2),
    (2, 3, 5, 7),
    (31, 33, 1),
    (8, 16, 24, 16, 8),
    (13, 17, 19, 11, 3),
    (100, 127, 12, 1),
    (64, 64, 10),
    (257, 129, 65, 5),
    (9, 513, 4),
    (1537, 21, 3),
    (5, 1100, 300, 2),
    (784, 128, 10),
    # few rows of these have a pass of their own
    (6001, 17, 2),
    (3200, 50, 40, 3),
]
KINDS: dict[str, dict[str, Any]] = {
    "no bias": {"bias": False},
    "layer_norm": {"normalization": LAYER_NORM},
    "batch_norm": {"normalization": BATCH_NORM},
    "residual": {"widths": (5, 19, 19, 19, 3), "residual": True},
    "embedding": {"embeddings": (EmbeddedColumn(1, 9, 3), EmbeddedColumn(3, 4, 2))},
    "scaling": {"scaling": True},
    "waves": {"numeric_embedding": PeriodicKind((0, 2), 16, 4, 0.3)},
    "single waves": {"numeric_embedding": PeriodicKind((1, 2, 3, 4), 7, 2, 0.3), "scaling": True},
    "softmax of its own": {"output": "softmax"},
    "sigmoid of its own": {"output": "sigmoid"},
}


def assert_rows_are_alike(case: Case) -> None:
    """Shuffled, moved by some rows, alone, in other memory, beside infinities, and with other threads."""
    network, (x, _, _) = case.network(), case.batch()
    expected = network.predict(x)
    order = np.random.default_rng(0).permutation(len(x))
    same = np.testing.assert_array_equal
    same(network.predict(x[order]), expected[order])
    for start in (1, 3, 6, 8, 12, 100, CHUNK + 5):
        same(network.predict(x[start:]), expected[start:])
    for row in (0, 7, 250, CHUNK - 1, CHUNK, len(x) - 1):
        same(network.predict(x[row : row + 1]), expected[row : row + 1])
    for some in (slice(3, 3 + FEW), slice(CHUNK - 5, CHUNK + 2), slice(9, 11)):
        same(network.predict(x[some]), expected[some])
    same(network.predict(np.asfortranarray(x)), expected)
    beside = x.copy()
    beside[::2] *= 1e30
    with np.errstate(all="ignore"):
        same(network.predict(beside)[1::2], expected[1::2])
    for threads in (1, 2, 3):
        with limited(threads):
            same(network.predict(x), expected)
    scores, shared = (np.empty(expected.shape, network.dtype) for _ in range(2))
    network.scores_into(x, scores)
    for part in (rows_of(len(x), worker, 3) for worker in range(3)):
        network.scores_into(x[part], shared[part])
    same(shared, scores)


def test_few_rows_have_a_pass_of_their_own_where_that_is_safe_and_worth_it() -> None:
    """Three of the widths above; products of a size between, or products unknown, go the long way."""
    worth = [widths for widths in WIDTHS if is_worth_a_short_pass([n * m for n, m in pairwise(widths)])]
    assert worth == [(784, 128, 10), (6001, 17, 2), (3200, 50, 40, 3)]
    assert not is_worth_a_short_pass([])
    assert not is_worth_a_short_pass([200_000, 10_000])


@pytest.mark.parametrize("asked", ["1", "2", "5", "4000"])
def test_threads_share_the_chunks_of_wide_networks(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(Loss("mse"), (200, 300, 3), rows=ROWS, dtype=np.float32)
    network, (x, _, _) = case.network(), case.batch()
    expected = np.empty((ROWS, 3), np.float32)
    network.scores_into(x, expected)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", asked)
    np.testing.assert_array_equal(network.scores(x), expected)


def test_threads_heed_what_the_caller_says_of_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(Loss("mse"), (200, 300, 3), rows=ROWS, dtype=np.float32)
    network, (x, _, _) = case.network(), case.batch()
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with np.errstate(all="ignore"):
        assert not np.isfinite(network.scores(x * np.float32(3e38))).all()
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        network.scores(x * np.float32(3e38))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_every_shape(widths: tuple[int, ...], dtype: npt.DTypeLike) -> None:
    relu = ActivationChoice("relu", {})
    assert_rows_are_alike(Case(Loss("mse"), widths, relu, rows=ROWS, dtype=dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", HIDDEN)
def test_every_activation(activation: str, dtype: npt.DTypeLike) -> None:
    hidden = ActivationChoice(activation, {})
    assert_rows_are_alike(Case(Loss("cross_entropy"), (5, 19, 7, 3), hidden, rows=ROWS, dtype=dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_layer(kind: str, dtype: npt.DTypeLike) -> None:
    assert_rows_are_alike(
        Case(Loss("mse"), **{"widths": (9, 33, 17, 3), "rows": ROWS, "dtype": dtype} | KINDS[kind])
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_evaluation_of_every_kind_of_layer_is_what_training_computes(kind: str) -> None:
    """By the statistics of this very batch, where there are any."""
    network = (
        case := Case(Loss("mse"), **{"widths": (9, 33, 17, 3), "rows": CHUNK + 3} | KINDS[kind])
    ).network()
    x, y, _ = case.batch()
    network.loss_and_grad(x, y)
    network.adopt_statistics(len(x))
    plan = network.training_plan(len(x))
    plan.forward(x)
    of_its_own = network.architecture.output_step("mse")  # which training counts among its scores
    scores = network.scores(x) if of_its_own is None else network.predict(x)
    np.testing.assert_allclose(scores, plan.scores, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("widths", WIDTHS[4:], ids=str)
def test_an_evaluation_is_what_training_computes(widths: tuple[int, ...], dtype: npt.DTypeLike) -> None:
    """To rounding: the other way round in memory, and with rows before and after them."""
    network = (case := Case(Loss("mse"), widths, rows=CHUNK + 3, dtype=dtype)).network()
    x, y, _ = case.batch()
    plan = network.training_plan(len(x))
    plan.forward(x)
    tolerance = 1e-3 if dtype is np.float32 else 1e-11
    np.testing.assert_allclose(network.scores(x), plan.scores, rtol=tolerance, atol=tolerance)
    assert y.shape == plan.scores.shape

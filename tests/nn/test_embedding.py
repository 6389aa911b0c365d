"""Embeddings in the network: a lookup is a product with one-hot rows; unseen codes are zero vectors."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.nn.embedding import EmbeddedColumn, Embedding
from mlpcli.nn.gradcheck import Batch, CheckOptions, check
from mlpcli.nn.initializers import normal
from mlpcli.nn.losses import FORMULAS, Loss
from mlpcli.nn.network import Network
from mlpcli.nn.penalty import Penalty
from tests.support.network_cases import Case, Values, numerical_gradient

# five columns, of which the second and the last two are codes: 1 + 3 + 1 + 2 + 1 inputs of the first layer
COLUMNS = (EmbeddedColumn(1, 4, 3), EmbeddedColumn(3, 5, 2), EmbeddedColumn(4, 2, 1))
CASE = Case(Loss("mse"), (8, 4, 3), embeddings=COLUMNS, rows=7)


def one_hot(codes: Values, levels: int) -> Values:
    """Rows of 0 and 1; all 0 for a negative code."""
    return np.asarray(codes[:, None] == np.arange(levels), np.float64)


def dense_inputs(network: Network, x: Values) -> Values:
    """What the first layer must get, by products with one-hot rows."""
    tables = {e.column: f"embeddings.{k}.weight" for k, e in enumerate(network.architecture.embeddings)}
    parts = [
        one_hot(x[:, i], len(network.parameters[tables[i]])) @ network.parameters[tables[i]]
        if i in tables
        else x[:, i : i + 1]
        for i in range(x.shape[1])
    ]
    return np.hstack(parts)


def embedding_of(network: Network, rows: int) -> Embedding:
    (step,) = (step for step in network.training_plan(rows).steps if isinstance(step, Embedding))
    return step


@pytest.mark.parametrize("loss", FORMULAS)
def test_gradients_agree_with_central_differences(loss: str) -> None:
    for case in (CASE, replace(CASE, penalty=Penalty(0.03, 0.05), dropout=0.3), replace(CASE, widths=(8, 3))):
        network, batch = (case := replace(case, loss=Loss(loss))).network(), case.batch()
        batch[0][2, 1] = -1.0
        network.loss_and_grad(*batch)
        analytic = network.grad.copy()
        np.testing.assert_allclose(analytic, numerical_gradient(network, batch), rtol=1e-6, atol=1e-8)


columns = st.lists(
    st.tuples(st.booleans(), st.integers(1, 6), st.integers(1, 5)), min_size=1, max_size=6
).filter(lambda found: any(is_code for is_code, _, _ in found))


@given(columns, st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_a_lookup_is_a_product_with_one_hot_rows(
    found: list[tuple[bool, int, int]], rows: int, seed: int
) -> None:
    codes = tuple(EmbeddedColumn(i, *shape) for i, (is_code, *shape) in enumerate(found) if is_code)
    width = sum(width if is_code else 1 for is_code, _, width in found)
    network = Case(Loss("mse"), (width, 2), embeddings=codes).network()
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, len(found)))
    for embedded in codes:
        x[:, embedded.column] = rng.integers(-1, embedded.levels, rows)
    assert network.architecture.inputs == len(found)
    network.loss_and_grad(x, np.zeros((rows, 2)))
    step = embedding_of(network, rows)
    np.testing.assert_allclose(step.h, dense_inputs(network, x), atol=1e-15)
    places = np.split(step.dh, np.cumsum([w if is_code else 1 for is_code, _, w in found])[:-1], axis=1)
    for k, embedded in enumerate(codes):
        expected = one_hot(x[:, embedded.column], embedded.levels).T @ places[embedded.column]
        np.testing.assert_allclose(network.gradients[f"embeddings.{k}.weight"], expected, atol=1e-12)


def test_unseen_categories_are_zero_vectors_and_teach_nothing() -> None:
    network, (x, y, w) = CASE.network(), CASE.batch()
    x[:, 3] = -1.0
    network.loss_and_grad(x, y, w)
    assert not embedding_of(network, 7).h[:, 5:7].any()
    assert not network.gradients["embeddings.1.weight"].any()
    dense = dense_inputs(network, x)
    p = network.parameters
    hidden = np.tanh(dense @ p["layers.0.weight"] + p["layers.0.bias"])
    np.testing.assert_allclose(
        network.predict(x), hidden @ p["layers.1.weight"] + p["layers.1.bias"], rtol=1e-12
    )


def test_a_code_beyond_the_table_reads_its_last_vector_and_harms_nothing() -> None:
    """Only a model file that somebody has changed can bring one about."""
    network, (x, _, _) = CASE.network(), CASE.batch()
    x[:, 1], beyond = 3.0, x.copy()
    beyond[:, 1] = 1e6
    np.testing.assert_array_equal(network.predict(beyond), network.predict(x))


def test_tables_come_first_among_the_weights_and_start_with_vectors_of_length_one() -> None:
    case = Case(Loss("mse"), (50, 3), embeddings=(EmbeddedColumn(0, 2000, 50),))
    network = case.network()
    network.initialize(normal(9.0), np.random.default_rng(0))
    table = network.parameters["embeddings.0.weight"]
    assert network.layout.slots[0].name == "embeddings.0.weight"
    assert network.layout.n_weights == table.size + 150
    assert (table**2).sum(axis=1).mean() == pytest.approx(1.0, rel=0.02)
    assert network.architecture.count_parameters() == network.theta.size


@pytest.mark.parametrize("method", ["central", "complex-step"])
def test_the_gradient_check_looks_at_every_entry_of_the_tables(method: Any) -> None:
    network, batch = CASE.network(), Batch(*CASE.batch())
    batch.x[0, 1] = -1.0
    report = check(network, batch, CheckOptions(method))
    assert report.verdict == "ok"
    tables = report.parameters[:3]
    assert [table.name for table in tables] == [f"embeddings.{k}.weight" for k in range(3)]
    assert [table.checked for table in tables] == [12, 10, 2]
    assert report.intermediates[0].name == "layers.0.embedding"
    if method == "complex-step":
        assert max(array.relative_error or 0.0 for array in report.parameters) < 1e-12


def last_row_wins(step: Embedding) -> None:
    """dW[c] = dv of the last row of code c, as fancy assignment has it: the classic mistake."""
    lookup = step.lookups[0]
    place = step.spans[1][2]
    correct = step.backward

    def backward() -> None:
        correct()
        step.dW[0].fill(0.0)
        step.dW[0][lookup.codes] = step.dh[:, place]

    step.backward = backward


def test_rows_of_one_code_that_are_not_summed_are_caught_and_located() -> None:
    case = replace(CASE, rows=12)
    network, batch = case.network(), Batch(*case.batch())
    last_row_wins(embedding_of(network, 12))
    report = check(network, batch)
    assert (report.verdict, report.located) == ("FAIL", "embeddings.0.weight")
    assert "Look at dW[c] = the sum of dh over the rows of code c" in str(report.diagnosis)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_training_step_allocates_no_array(dtype: npt.DTypeLike) -> None:
    wide = (EmbeddedColumn(0, 300, 20), EmbeddedColumn(2, 7, 4))
    case = Case(Loss("mse"), (34, 24, 10), embeddings=wide, rows=4000, dtype=dtype)
    network, batch = case.network(), case.batch()
    network.loss_and_grad(*batch)
    tracemalloc.start()
    network.loss_and_grad(*batch)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 10 * np.dtype(dtype).itemsize


def test_float32_stays_float32() -> None:
    case = replace(CASE, dtype=np.float32)
    network, (x, y, w) = case.network(), case.batch()
    network.loss_and_grad(x, y, w)
    step = embedding_of(network, 7)
    arrays = [array for lookup in step.lookups for array in (lookup.W, lookup.values)]
    assert {array.dtype for array in (*arrays, *step.dW, step.h, step.dh)} == {np.dtype(np.float32)}

"""Numbers as waves, and factors of inputs: values written out, gradients, starts, no memory."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from math import pi
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.gradcheck import Batch, CheckOptions, check
from mlpcli.nn.initializers import normal
from mlpcli.nn.losses import FORMULAS, Loss
from mlpcli.nn.network import Network
from mlpcli.nn.numeric_embedding import Periodic, PeriodicKind
from mlpcli.nn.penalty import Penalty
from mlpcli.nn.scaling import Scaling
from tests.support.network_cases import Case, Values, numerical_gradient

WAVES = PeriodicKind((0, 2, 3), 5, 4, 0.3)
# x has six columns: numbers in 0, 2 and 3, codes in 1 and 5, and in 4 a number that is left as it is
CODES = (EmbeddedColumn(1, 4, 3), EmbeddedColumn(5, 3, 2))
CASES = {
    "waves": Case(Loss("mse"), (4 + 9, 4, 3), numeric_embedding=WAVES),
    "scaling": Case(Loss("mse"), (4, 4, 3), scaling=True),
    "waves of a single number": Case(
        Loss("mse"), (4 + 3, 3), numeric_embedding=replace(WAVES, width=2), scaling=True
    ),
    "behind vectors": Case(
        Loss("mse"), (6 + 9 + 3, 4, 3), numeric_embedding=WAVES, scaling=True, embeddings=CODES
    ),
}


def first_inputs(network: Network, x: Values) -> Values:
    """What the first layer must get of rows without codes, number by number."""
    shape, p, columns = network.architecture, network.parameters, list(x.T)
    if shape.numeric_embedding is not None:
        w, b, W, bias = (p[f"numeric_embedding.{name}"] for name in ("frequency", "phase", "weight", "bias"))
        W, made = W.reshape(*w.shape, -1), []
        for place, column in enumerate(shape.numeric_embedding.columns):
            cosines = np.stack(
                [np.cos(2 * pi * f * x[:, column] + s) for f, s in zip(w[place], b[place], strict=True)]
            )
            made += [*(W[place].T @ cosines + bias[place][:, None]), x[:, column]]
        others = [c for c in range(len(columns)) if c not in shape.numeric_embedding.columns]
        columns = [*made, *(columns[c] for c in others)]
    return np.stack(columns, axis=1) * p.get("scaling.factor", 1.0)


def step_of(network: Network, kind: type[Any]) -> Any:
    return next(step for step in network.training_plan(6).steps if isinstance(step, kind))


@given(
    st.lists(st.booleans(), min_size=1, max_size=7).filter(any),
    st.integers(1, 9),
    st.integers(2, 5),
    st.booleans(),
    st.integers(1, 40),
)
def test_every_number_becomes_what_the_formula_says(
    numbers: list[bool], frequencies: int, width: int, scaling: bool, rows: int
) -> None:
    columns = tuple(np.flatnonzero(numbers).tolist())
    waves = PeriodicKind(columns, frequencies, width, 0.5)
    case = Case(
        Loss("mse"), (len(numbers) + waves.added, 2), numeric_embedding=waves, scaling=scaling, rows=rows
    )
    network, (x, _, _) = case.network(), case.batch()
    assert network.architecture.inputs == len(numbers) == x.shape[1]
    p = network.parameters
    expected = first_inputs(network, x) @ p["layers.0.weight"] + p["layers.0.bias"]
    np.testing.assert_allclose(network.predict(x), expected, rtol=1e-12, atol=1e-12)
    plan = network.training_plan(rows)
    plan.forward(x)
    np.testing.assert_allclose(plan.scores, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("loss", FORMULAS)
@pytest.mark.parametrize("name", CASES)
def test_gradients_agree_with_central_differences(name: str, loss: str) -> None:
    for case in (CASES[name], replace(CASES[name], penalty=Penalty(0.03, 0.05), dropout=0.3)):
        network, batch = (case := replace(case, loss=Loss(loss))).network(), case.batch()
        network.loss_and_grad(*batch)
        analytic = network.grad.copy()
        np.testing.assert_allclose(analytic, numerical_gradient(network, batch), rtol=2e-6, atol=1e-8)


@pytest.mark.parametrize("method", ["central", "complex-step"])
@pytest.mark.parametrize("name", CASES)
def test_the_gradient_check_looks_at_every_entry(name: str, method: Any) -> None:
    network, batch = CASES[name].network(), Batch(*CASES[name].batch())
    report = check(network, batch, CheckOptions(method, 1e-12 if method == "complex-step" else 1e-6))
    assert report.verdict == "ok"
    assert {array.name: array.checked for array in report.parameters} == {
        slot.name: slot.stop - slot.start for slot in network.layout.slots
    }


def without_two_pi(network: Network) -> None:
    step = step_of(network, Periodic)
    correct = step.backward

    def backward() -> None:
        correct()
        np.multiply(step.gradient.frequency, 1 / (2 * pi), step.gradient.frequency)

    step.backward = backward


def numbers_pass_nothing_on(network: Network) -> None:
    step = step_of(network, Periodic)
    step._pass_on = lambda dx: dx.fill(0.0)


def last_row_alone(network: Network) -> None:
    step = step_of(network, Scaling)
    correct = step.backward

    def backward() -> None:
        correct()
        np.multiply(step.dh[-1], step.x[-1], step.ds)

    step.backward = backward


@pytest.mark.parametrize(
    ("mutate", "located"),
    [
        (without_two_pi, "numeric_embedding.frequency"),
        (numbers_pass_nothing_on, "layers.0.periodic"),
        (last_row_alone, "scaling.factor"),
    ],
)
def test_mistakes_are_caught_and_located(mutate: Any, located: str) -> None:
    network, batch = CASES["behind vectors"].network(), Batch(*CASES["behind vectors"].batch())
    mutate(network)
    report = check(network, batch)
    assert (report.verdict, report.located) == ("FAIL", located)


def test_what_penalties_see_of_it_and_how_it_starts() -> None:
    waves = PeriodicKind(tuple(range(40)), 50, 5, 0.2)
    network = Case(Loss("mse"), (200, 3), numeric_embedding=waves, scaling=True).network()
    network.initialize(normal(9.0), np.random.default_rng(0))
    layout, p = network.layout, network.parameters
    assert [slot.name for slot in layout.slots if slot.start < layout.n_weights] == [
        "layers.0.weight",
        "numeric_embedding.weight",
    ]
    assert {slot.name: slot.group for slot in layout.slots} == {
        "layers.0.weight": "weight",
        "layers.0.bias": "bias",
        "scaling.factor": "scaling",
        **{f"numeric_embedding.{name}": "embedding" for name in ("frequency", "phase", "weight", "bias")},
    }
    assert (p["scaling.factor"] == 1.0).all()
    law = {
        "frequency": stats.norm(0.0, 0.2),
        "phase": stats.uniform(-pi, 2 * pi),
        "weight": stats.uniform(-(50**-0.5), 2 * 50**-0.5),
        "bias": stats.uniform(-(50**-0.5), 2 * 50**-0.5),
    }
    for name, expected in law.items():
        drawn = p[f"numeric_embedding.{name}"].ravel()
        assert stats.kstest(drawn, expected.cdf).pvalue > 1e-3, name
    assert network.architecture.count_parameters() == network.theta.size
    parts = network.architecture.parameters_by_part()
    assert parts == {"numeric_embedding": 40 * (2 * 50 + 51 * 4), "scaling": 200, "layers.0": 603}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_a_training_step_allocates_no_array_and_keeps_its_precision(name: str, dtype: npt.DTypeLike) -> None:
    case = replace(CASES[name], widths=(CASES[name].widths[0], 24, 10), rows=4000, dtype=dtype)
    network, batch = case.network(), case.batch()
    network.loss_and_grad(*batch)
    tracemalloc.start()
    network.loss_and_grad(*batch)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 10 * np.dtype(dtype).itemsize
    for step in network.training_plan(4000).steps:
        found = [*vars(step).values(), *vars(getattr(step, "waves", step)).values()]
        kinds = {one.dtype for one in found if isinstance(one, np.ndarray)}
        assert {kind for kind in kinds if kind.kind in "fc"} == {np.dtype(dtype)}

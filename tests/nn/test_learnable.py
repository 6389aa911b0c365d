"""Learnable activations: α by hand and numerically, what it starts as, and that no step of it allocates."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.gradcheck import Batch, CheckOptions, check
from mlpcli.nn.learnable import Mixture
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.nn.penalty import Penalty
from tests.support.network_cases import (
    BATCH_NORM,
    HIDDEN,
    LAYER_NORM,
    Case,
    numerical_gradient,
)

pytestmark = pytest.mark.kernels

CURVED = [name for name in HIDDEN if name != "identity"]
KINKED = ["relu", "leaky_relu", "selu"]
ALPHA = "layers.0.alpha"


def learnt(name: str, **options: float) -> ActivationChoice:
    return ActivationChoice(name, options, learnable=True)


def case(name: str, **changes: Any) -> Case:
    return replace(Case(Loss("mse"), (3, 5, 5, 2), learnt(name)), **changes)


# gradients


@pytest.mark.parametrize("activation", CURVED)
def test_gradients_agree_with_central_differences(activation: str) -> None:
    for changed in (
        case(activation),
        case(activation, bias=False, penalty=Penalty(0.03, 0.05)),
        case(activation, dropout=0.3, loss=Loss("cross_entropy"), normalization=LAYER_NORM, residual=True),
        case(activation, rows=40, normalization=BATCH_NORM),
    ):
        network, batch = changed.network(), changed.batch()
        network.loss_and_grad(*batch)
        analytic = network.grad.copy()
        np.testing.assert_allclose(analytic, numerical_gradient(network, batch), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("activation", CURVED)
def test_the_gradient_check_covers_it_by_both_methods(activation: str) -> None:
    for changed in (case(activation), case(activation, dropout=0.2, normalization=LAYER_NORM, residual=True)):
        for method, limit in (("central", 1e-6), ("complex-step", 1e-12)):
            report = check(changed.network(), Batch(*changed.batch()), CheckOptions(method))
            assert report.verdict == "ok"
            found = {array.name: array.relative_error for array in report.parameters}
            assert max(found[name] or 0.0 for name in (ALPHA, "layers.1.alpha")) < limit
            assert "layers.1.mixture" in [array.name for array in report.intermediates]


@pytest.mark.parametrize("method", ["central", "complex-step"])
@pytest.mark.parametrize("activation", KINKED)
@pytest.mark.parametrize("alpha", [1.0, 1.4, -0.5])
def test_units_on_a_kink_are_judged_beside_it_whatever_alpha_is(
    activation: str, alpha: float, method: Any
) -> None:
    """Rows of zeros and biases of zero; with α > 1 the outputs of relu are positive on both sides."""
    network = case(activation, rows=30, dropout=0.3).network()
    for name, array in network.parameters.items():
        if name.endswith(("alpha", "bias")):
            array[...] = alpha if name.endswith("alpha") else 0.0
    x, y, weights = case(activation, rows=30).batch()
    x[:10] = 0.0
    report = check(network, Batch(x, y, weights), CheckOptions(method))
    assert report.verdict == "ok"
    assert {array.kinks for array in report.parameters if array.name == "layers.0.bias"} == {5}


def test_with_no_bias_the_weights_are_what_is_moved_off_a_kink() -> None:
    network, batch = case("relu", bias=False, rows=12).network(), case("relu", rows=12).batch()
    network.parameters["layers.0.weight"].fill(0.0)
    report = check(network, Batch(*batch))
    assert report.verdict == "ok"
    assert report.moved is not None
    assert report.moved.what == "weights"


def alpha_forgotten(step: Any) -> None:
    step.backward = lambda: np.multiply(step.dz, step.prime, step.dz)


def plain_derivative(step: Any) -> None:
    """φ′ in the place of 1 + α (φ′ − 1), which it is at the start alone."""
    mix, alpha = step.mix, step.alpha

    def forward() -> None:
        mix()
        np.add((step.prime - 1.0) / alpha, 1.0, step.prime)

    step.mix = forward


@pytest.mark.parametrize(
    ("mutate", "located"), [(alpha_forgotten, ALPHA), (plain_derivative, "layers.0.mixture")]
)
def test_mistakes_in_its_backward_pass_are_caught_and_located(mutate: Any, located: str) -> None:
    changed = case("tanh")
    network = changed.network()
    mutate(next(step for step in network.training_plan(6).steps if isinstance(step, Mixture)))
    report = check(network, Batch(*changed.batch()))
    assert (report.verdict, report.located) == ("FAIL", located)


def test_what_is_computed_is_what_the_formula_says() -> None:
    """One row, by hand: z = (1, −2), a = z + α (relu z − z) with α = (½, 3) is (1, −2 + 3 · 2)."""
    one = Case(Loss("squared_error"), (1, 2, 1), learnt("relu"), rows=1)
    network = one.network()
    parts = {
        "layers.0.weight": [[1.0, -2.0]],
        "layers.0.bias": [0.0, 0.0],
        ALPHA: [0.5, 3.0],
        "layers.1.weight": [[10.0], [1.0]],
        "layers.1.bias": [0.0],
    }
    network.load({name: np.array(values) for name, values in parts.items()})
    x = np.ones((1, 1))
    assert network.scores(x).tolist() == [[14.0]]
    assert network.loss_and_grad(x, np.array([[13.0]])) == 0.5  # so the score's derivative is 1
    gradients = {name: array.tolist() for name, array in network.gradients.items()}
    assert gradients[ALPHA] == [0.0, 2.0]  # da ∘ (φ − z) = (10 · 0, 1 · 2)
    assert gradients["layers.0.weight"] == [[10.0, -2.0]]  # da ∘ (1, 1 + 3 (0 − 1))


# what it is


def test_there_is_one_for_each_unit_which_starts_at_one_and_no_penalty_sees() -> None:
    network = case("selu").network()
    network.initialize(lambda shape, rng: rng.normal(size=shape), np.random.default_rng(0))
    assert network.parameters["layers.1.alpha"].tolist() == [1.0] * 5
    slots = {slot.name: slot for slot in network.layout.slots}
    assert "layers.2.alpha" not in slots
    assert slots[ALPHA].group == "activation"
    assert slots[ALPHA].start >= network.layout.n_weights


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", CURVED)
def test_at_one_it_is_the_activation_and_at_zero_none(activation: str, dtype: Any) -> None:
    eps = float(np.finfo(dtype).eps)
    for alpha, same in ((1.0, ActivationChoice(activation, {})), (0.0, ActivationChoice("identity", {}))):
        network = case(activation, dtype=dtype).network()
        plain = case(activation, dtype=dtype, hidden=same).network()
        batch = case(activation, dtype=dtype).batch()
        for name, array in network.parameters.items():
            array[...] = alpha if name.endswith("alpha") else plain.parameters[name]
        loss = network.loss_and_grad(*batch)
        assert loss == pytest.approx(plain.loss_and_grad(*batch), rel=100 * eps)
        np.testing.assert_allclose(network.scores(batch[0]), plain.scores(batch[0]), rtol=1e3 * eps, atol=eps)
        for name, gradient in plain.gradients.items():
            atol = 100 * eps * np.abs(gradient).max()
            np.testing.assert_allclose(network.gradients[name], gradient, rtol=0.0, atol=atol)


def test_units_that_are_better_off_linear_learn_to_be() -> None:
    """The target is the score of the only unit: α goes from 1 to 0."""
    network = Case(Loss("mse"), (1, 1, 1), learnt("tanh"), bias=False).network()
    network.theta.fill(1.0)
    x = np.linspace(-2.0, 2.0, 9).reshape(-1, 1)
    alpha = network.parameters[ALPHA]
    for _ in range(100):
        network.loss_and_grad(x, x)
        alpha -= network.gradients[ALPHA]
    assert alpha.item() == pytest.approx(0.0, abs=1e-9)
    assert network.evaluate(x, x)[0] < 1e-16


# memory


@pytest.mark.parametrize("activation", CURVED)
def test_a_training_step_and_an_evaluation_allocate_no_array(activation: str) -> None:
    changed = Case(Loss("mse"), (24, 24, 24, 10), learnt(activation), rows=4000, dtype=np.float32)
    network, batch = changed.network(), changed.batch()
    assert traced(lambda: network.loss_and_grad(*batch)) < 4000 * 10 * 4
    scores = np.empty((4000, 10), np.float32)
    assert traced(lambda: network.scores_into(batch[0], scores)) < 4000 * 10 * 4


def traced(work: Any) -> int:
    """The most memory that the work takes when it is done for the second time."""
    work()
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("activation", CURVED)
def test_evaluation_computes_what_training_computes(activation: str) -> None:
    changed = case(activation, rows=50)
    network: Network = changed.network()
    x, y, _ = changed.batch()
    network.loss_and_grad(x, y)
    plan = network.training_plan(50)
    plan.forward(x)
    np.testing.assert_allclose(network.scores(x), plan.scores, rtol=1e-12, atol=1e-13)

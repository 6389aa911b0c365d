"""Residual layers: which layers have a shortcut, what it does both ways, and what it is good for."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.gradcheck import Batch, CheckOptions, check
from mlpcli.nn.initializers import normal
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.nn.residual import Residual, Shortcut
from mlpcli.optim.stepper import Stepper
from tests.support.contract import optimizer
from tests.support.network_cases import BATCH_NORM, HIDDEN, LAYER_NORM, Case, numerical_gradient

DEEP = Case(Loss("mse"), (4, 4, 4, 4, 3, 3, 2), residual=True)


@pytest.mark.parametrize("activation", HIDDEN)
def test_gradients_agree_with_central_differences(activation: str) -> None:
    for case in (DEEP, replace(DEEP, dropout=0.3), replace(DEEP, widths=(3, 5, 5, 1), bias=False)):
        case = replace(case, hidden=ActivationChoice(activation, {}))
        network, batch = case.network(), case.batch()
        network.loss_and_grad(*batch)
        analytic = network.grad.copy()
        np.testing.assert_allclose(analytic, numerical_gradient(network, batch), rtol=1e-6, atol=1e-8)


def test_only_hidden_layers_that_follow_one_of_their_width_have_a_shortcut() -> None:
    shape = DEEP.network().architecture
    assert [layer for layer in range(6) if shape.has_shortcut(layer)] == [1, 2, 4]
    assert not any(replace(shape, residual=False).has_shortcut(layer) for layer in range(6))
    kinds = [type(step).__name__ for step in DEEP.network().training_plan(6).steps]
    assert kinds.count("Shortcut") == kinds.count("Residual") == 3


def test_the_forward_pass_adds_the_layer_s_input_after_its_activation() -> None:
    case = Case(Loss("mse"), (3, 5, 5, 2), residual=True)
    network, (x, _, _) = case.network(), case.batch()
    p = network.parameters
    first = np.tanh(x @ p["layers.0.weight"] + p["layers.0.bias"])
    second = np.tanh(first @ p["layers.1.weight"] + p["layers.1.bias"]) + first
    expected = second @ p["layers.2.weight"] + p["layers.2.bias"]
    np.testing.assert_allclose(network.predict(x), expected, rtol=1e-13)


@pytest.mark.parametrize("method", ["central", "complex-step"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_gradient_check_looks_at_every_step_of_it(activation: str, method: Any) -> None:
    case = replace(DEEP, hidden=ActivationChoice(activation, {}), dropout=0.2, rows=8)
    report = check(case.network(), Batch(*case.batch()), CheckOptions(method))
    assert report.verdict == "ok"
    assert all(array.verdict == "ok" for array in report.intermediates)
    names = [array.name for array in report.intermediates]
    assert names[3:8] == [f"layers.1.{part}" for part in SECOND_LAYER]


SECOND_LAYER = ["shortcut", "affine", "pointwise", "dropout", "residual"]


def shortcut_forgotten(network: Network) -> None:
    first(network, Shortcut).backward = lambda: None


def branch_forgotten(network: Network) -> None:
    step = first(network, Residual)
    step.backward = lambda: step.da.fill(0.0)


def first(network: Network, kind: type[Any]) -> Any:
    return next(step for step in network.training_plan(6).steps if isinstance(step, kind))


@pytest.mark.parametrize(
    ("mutate", "located"),
    [(shortcut_forgotten, "layers.1.shortcut"), (branch_forgotten, "layers.1.residual")],
)
def test_mistakes_in_its_backward_pass_are_caught_and_located(mutate: Any, located: str) -> None:
    network, batch = DEEP.network(), Batch(*DEEP.batch())
    mutate(network)
    report = check(network, batch)
    assert (report.verdict, report.located) == ("FAIL", located)


def test_a_training_step_allocates_no_array() -> None:
    case = Case(Loss("mse"), (24, 24, 24, 24, 10), residual=True, rows=4000, dtype=np.float32)
    network, batch = case.network(), case.batch()
    network.loss_and_grad(*batch)
    tracemalloc.start()
    network.loss_and_grad(*batch)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 10 * 4


def loss_after_training(activation: str, **layers: Any) -> float:
    """Eight hidden layers, from small weights, after 60 epochs of Adam on a smooth function."""
    case = Case(Loss("mse"), (2, *[16] * 8, 1), ActivationChoice(activation, {}), rows=256, **layers)
    network, rng = case.network(), np.random.default_rng(5)
    network.initialize(normal(0.05), rng)
    x = rng.uniform(-2.0, 2.0, (256, 2))
    y = np.sin(2.0 * x[:, :1]) * np.cos(x[:, 1:])
    stepper = Stepper(optimizer("adam"), network.theta, network.grad, network.layout.n_weights)
    for _ in range(60):
        for rows in np.split(rng.permutation(256), 8):
            network.loss_and_grad(x[rows], y[rows])
            stepper.step(3e-3)
    return network.evaluate(x, y)[0]


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_a_deep_network_learns_better_with_shortcuts_and_normalization(activation: str) -> None:
    plain = loss_after_training(activation)
    for choice in (BATCH_NORM, LAYER_NORM):
        better = loss_after_training(activation, residual=True, normalization=choice)
        assert better < 0.5 * plain, (choice.name, better, plain)

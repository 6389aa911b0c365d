"""Normalization: its gradients, what it makes of a batch or a row, and the statistics that it keeps."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mlpcli.errors import DivergedError
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.batch_norm import BatchNorm
from mlpcli.nn.gradcheck import Batch, CheckOptions, check
from mlpcli.nn.initializers import normal
from mlpcli.nn.layer_norm import LayerNorm
from mlpcli.nn.losses import FORMULAS, Loss
from mlpcli.nn.network import Network
from mlpcli.nn.penalty import Penalty
from mlpcli.training.batches import Part
from mlpcli.training.full_batch import FullBatch, fit_full_batch
from tests.support.gradient_cases import random_case
from tests.support.network_cases import (
    BATCH_NORM,
    LAYER_NORM,
    Case,
    LossJudge,
    Values,
    numerical_gradient,
    relative_errors,
)

CHOICES = {"batch_norm": BATCH_NORM, "layer_norm": LAYER_NORM}
HIDDEN = ["identity", "relu", "tanh", "gelu", "elu"]


def case(name: str, **changes: Any) -> Case:
    return replace(Case(Loss("mse"), (3, 5, 4, 2), normalization=CHOICES[name]), **changes)


def steps(network: Network, rows: int, kind: type[Any]) -> list[Any]:
    return [step for step in network.training_plan(rows).steps if isinstance(step, kind)]


# gradients


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("name", CHOICES)
def test_gradients_agree_with_central_differences(name: str, activation: str) -> None:
    plain = case(name, hidden=ActivationChoice(activation, {}))
    for changed in (
        plain,
        replace(plain, bias=False, penalty=Penalty(0.03, 0.05)),
        replace(plain, dropout=0.3, loss=Loss("cross_entropy")),
    ):
        network, batch = changed.network(), changed.batch()
        network.loss_and_grad(*batch)
        analytic = network.grad.copy()
        numerical = numerical_gradient(network, batch)
        np.testing.assert_allclose(analytic, numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("method", ["central", "complex-step"])
@pytest.mark.parametrize("loss", FORMULAS)
@pytest.mark.parametrize("name", CHOICES)
def test_the_gradient_check_covers_it_by_both_methods(name: str, loss: str, method: Any) -> None:
    changed = case(name, loss=Loss(loss), hidden=ActivationChoice("silu", {}), dropout=0.2, residual=True)
    network, batch = changed.network(), Batch(*changed.batch())
    state = network.state.copy()
    report = check(network, batch, CheckOptions(method))
    assert report.verdict == "ok"
    names = [array.name for array in report.parameters]
    assert names[-4:] == ["layers.0.gamma", "layers.0.beta", "layers.1.gamma", "layers.1.beta"]
    step = name.replace("_", "")
    assert [array.name for array in report.intermediates if array.name.endswith(step)] == [
        f"layers.0.{step}",
        f"layers.1.{step}",
    ]
    if method == "complex-step":
        learning = [a for a in report.parameters if not (name == "batch_norm" and "bias" in a.name)]
        assert max(array.relative_error or 0.0 for array in learning) < 1e-12
    np.testing.assert_array_equal(network.state, state)  # the running statistics among it


@pytest.mark.parametrize(("method", "networks"), [("central", 48), ("complex-step", 24)])
def test_random_correct_networks_raise_no_alarm(method: Any, networks: int) -> None:
    alarms = []
    for seed in range(networks):
        plain, batch = random_case(seed)
        rng = np.random.default_rng(seed)
        widths = plain.architecture.widths
        same = (widths[0], *[max(widths[1], 2)] * (len(widths) - 2), widths[-1])
        choice = (None, BATCH_NORM, LAYER_NORM)[seed % 3]
        shape = replace(plain.architecture, widths=same, normalization=choice, residual=seed % 2 == 0)
        network = Network(shape, plain.loss, plain.penalty, np.float64, rng)
        network.initialize(normal(float(rng.choice([0.1, 1.0, 3.0]))), rng)
        others = network.theta[network.layout.n_weights :]
        others += rng.normal(0.0, 0.3, others.size)
        try:
            report = check(network, batch, CheckOptions(method))
        except DivergedError:
            continue  # exponentials of large scores: the loss is infinite
        if report.verdict != "ok":
            alarms.append(seed)
    assert alarms == []


def half_of_the_formula(step: Any) -> None:
    """dz = γ / √(variance + ε) ∘ dy: the means are forgotten, which is the classic mistake."""
    correct = step.backward

    def backward() -> None:
        dy = step.dz.copy()
        correct()
        factor = step.factor if isinstance(step, BatchNorm) else step.rows.factors
        np.copyto(step.dz, dy * step.gamma * factor)

    step.backward = backward


def gamma_as_mean(step: Any) -> None:
    correct = step.backward

    def backward() -> None:
        correct()
        np.divide(step.dgamma, len(step.z), step.dgamma)

    step.backward = backward


def beta_sign(step: Any) -> None:
    correct = step.backward

    def backward() -> None:
        correct()
        np.negative(step.dbeta, step.dbeta)

    step.backward = backward


@pytest.mark.parametrize(
    ("mutate", "located"),
    [
        (half_of_the_formula, "layers.0.{step}"),
        (gamma_as_mean, "layers.0.gamma"),
        (beta_sign, "layers.0.beta"),
    ],
)
@pytest.mark.parametrize("name", CHOICES)
def test_mistakes_in_its_backward_pass_are_caught_and_located(name: str, mutate: Any, located: str) -> None:
    network, batch = case(name).network(), Batch(*case(name).batch())
    mutate(steps(network, 6, BatchNorm if name == "batch_norm" else LayerNorm)[0])
    report = check(network, batch)
    assert (report.verdict, report.located) == ("FAIL", located.format(step=name.replace("_", "")))
    assert "Look at " in str(report.diagnosis)


def test_an_injected_error_is_found_in_a_normalized_layer() -> None:
    network, batch = case("batch_norm").network(), Batch(*case("batch_norm").batch())
    assert check(network, batch, CheckOptions(inject_error="1")).located == "layers.1.weight"


# what it computes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_batch_is_normalized_unit_by_unit_and_a_row_over_its_units(dtype: npt.DTypeLike) -> None:
    rng = np.random.default_rng(3)
    for name, axis in (("batch_norm", 0), ("layer_norm", 1)):
        network = case(name, widths=(3, 50, 2), dtype=dtype, rows=40).network()
        (step,) = steps(network, 40, BatchNorm if axis == 0 else LayerNorm)
        step.gamma.fill(1.0)
        step.beta.fill(0.0)
        step.z[...] = 100.0 + 10.0 * rng.normal(size=step.z.shape)
        step.forward()
        assert step.z.dtype == dtype
        np.testing.assert_allclose(step.z.mean(axis=axis), 0.0, atol=1e-4 if dtype == np.float32 else 1e-12)
        np.testing.assert_allclose(step.z.var(axis=axis), 1.0, rtol=1e-3)


def test_gamma_starts_at_one_beta_at_zero_and_neither_is_penalised() -> None:
    plain = case("batch_norm", penalty=Penalty(0.5, 0.5)).network()
    plain.initialize(normal(1.0), np.random.default_rng(0))
    for name, array in plain.arrays().items():
        kind = name.rsplit(".", 1)[1]
        if kind in {"gamma", "running_variance"}:
            assert (array == 1.0).all()
        elif kind != "weight":
            assert not array.any()
    n = plain.layout.n_weights
    assert {slot.name.rsplit(".", 1)[1] for slot in plain.layout.slots if slot.start < n} == {"weight"}
    names = [slot.name for slot in plain.layout.slots if slot.start >= n]
    assert names[-4:] == ["layers.0.gamma", "layers.0.beta", "layers.1.gamma", "layers.1.beta"]


def test_drawn_biases_leave_gamma_and_beta_alone() -> None:
    network = case("layer_norm").network()
    draw = normal(1.0)
    network.initialize(draw, np.random.default_rng(0), draw)
    assert network.parameters["layers.0.bias"].all()
    assert (network.parameters["layers.0.gamma"] == 1.0).all()
    assert not network.parameters["layers.0.beta"].any()


def test_the_scale_of_a_normalized_layer_s_weights_does_not_matter() -> None:
    """Ioffe & Szegedy 2015, section 3.3, but for ε."""
    tiny = replace(BATCH_NORM, epsilon=1e-30)
    network, batch = case("batch_norm", normalization=tiny).network(), case("batch_norm").batch()
    loss = network.loss_and_grad(*batch)
    network.parameters["layers.1.weight"] *= 7.0
    network.parameters["layers.1.bias"] += 3.0
    assert network.loss_and_grad(*batch) == pytest.approx(loss, rel=1e-12)


# running statistics


def scores_of_first_layer(network: Network, x: Values) -> Values:
    return np.asarray(x @ network.parameters["layers.0.weight"] + network.parameters["layers.0.bias"])


def test_running_statistics_are_an_exponential_average_of_those_of_the_batches() -> None:
    network = case("batch_norm", normalization=replace(BATCH_NORM, momentum=0.3), widths=(3, 5, 2)).network()
    mean, variance = np.zeros(5), np.ones(5)
    for seed in range(3):
        x, y, w = case("batch_norm", widths=(3, 5, 2)).batch(seed)
        network.loss_and_grad(x, y, w)
        z = scores_of_first_layer(network, x)
        mean = 0.7 * mean + 0.3 * z.mean(axis=0)
        variance = 0.7 * variance + 0.3 * z.var(axis=0, ddof=1)
    np.testing.assert_allclose(network.statistics["layers.0.running_mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(network.statistics["layers.0.running_variance"], variance, rtol=1e-12)


def test_a_prediction_is_by_running_statistics_whatever_the_company() -> None:
    network = case("batch_norm", widths=(3, 5, 2), dropout=0.5).network()
    x, y, w = case("batch_norm", widths=(3, 5, 2)).batch()
    for _ in range(3):
        network.loss_and_grad(x, y, w)
    state = network.state.copy()
    together = network.predict(x)
    for i in range(len(x)):
        np.testing.assert_allclose(network.predict(x[i : i + 1])[0], together[i], rtol=1e-12)
    p, s = network.parameters, network.statistics
    z = scores_of_first_layer(network, x) - s["layers.0.running_mean"]
    z = z / np.sqrt(s["layers.0.running_variance"] + 1e-5) * p["layers.0.gamma"] + p["layers.0.beta"]
    expected = np.tanh(z) @ p["layers.1.weight"] + p["layers.1.bias"]
    np.testing.assert_allclose(together, expected, rtol=1e-12)
    np.testing.assert_array_equal(network.state, state)


def test_a_quasi_newton_method_evaluates_the_very_network_that_it_minimises() -> None:
    changed = case("batch_norm", rows=30)
    network, (x, y, w) = changed.network(), changed.batch()
    w = w / w.mean()  # as those of training rows are
    part = Part(x, y, w)
    problem = FullBatch(network, part, LossJudge(network, part), lambda: False)

    class Choice:
        name, iterations, tolerance = "lbfgs", 8, 1e-9

    losses: list[float] = []

    def watch(_epoch: Any) -> None:
        losses.append(network.loss_and_grad(x, y, w))
        network.adopt_statistics(len(x))

    fit_full_batch(problem, Choice(), (watch,))
    assert len(losses) == 8
    assert [epoch.loss for epoch in problem.history] == pytest.approx(losses, rel=1e-10)
    assert losses[-1] < 0.8 * losses[0]
    assert network.evaluate(x, y, w)[0] == pytest.approx(losses[-1], rel=1e-10)


# precision and memory


@pytest.mark.parametrize("name", CHOICES)
def test_float32_stays_float32_and_is_float64_but_for_rounding(name: str) -> None:
    single = case(name, dtype=np.float32, rows=40)
    double, network = replace(single, dtype=np.float64).network(), single.network()
    double.state[:] = network.state
    x, y, w = single.batch()
    exact = double.loss_and_grad(x.astype(float), y.astype(float), w.astype(float))
    assert network.loss_and_grad(x, y, w) == pytest.approx(exact, rel=2e-6)
    assert network.scores(x).dtype == network.state.dtype == np.float32
    for step in network.training_plan(40).steps:
        held = {v.dtype for v in vars(step).values() if isinstance(v, np.ndarray)}
        assert held <= {np.dtype(np.float32)}
    np.testing.assert_allclose(network.state, double.state, rtol=1e-5, atol=1e-6)
    errors = relative_errors(network, network.grad.astype(float), double.grad)
    idle = {"layers.0.bias", "layers.1.bias"} if name == "batch_norm" else set()
    assert max(error for array, error in errors.items() if array not in idle) < 2e-5, errors


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CHOICES)
def test_a_training_step_allocates_no_array(name: str, dtype: npt.DTypeLike) -> None:
    changed = case(name, widths=(24, 24, 24, 10), rows=4000, dtype=dtype, residual=True)
    network, batch = changed.network(), changed.batch()
    network.loss_and_grad(*batch)
    tracemalloc.start()
    network.loss_and_grad(*batch)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 10 * np.dtype(dtype).itemsize

"""The same networks in torch: losses and every gradient against its autograd. Skipped without torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlpcli.kernels.in_place import bind
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.dropout import Dropout
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.nn.penalty import Penalty
from tests.support.network_cases import HIDDEN, REGRESSION, Case, relative_errors

torch = pytest.importorskip("torch")
F = torch.nn.functional

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),
    "softsign": F.softsign,
    "erf_sigmoid": lambda z: 0.5 * (1 + torch.erf(z)),
    "exponential": torch.exp,
    "softmax": lambda z: torch.softmax(z, dim=1),
}


def per_row(function: Callable[..., Any], **options: Any) -> Callable[[Any, Any], Any]:
    """The mean over outputs of one of torch's elementwise losses."""
    return lambda z, y: function(z, y, reduction="none", **options).mean(dim=1)


# loss -> rows' losses from scores and targets that nothing was done to
LOSSES: dict[str, tuple[Loss, Callable[[Any, Any], Any]]] = {
    "squared_error": (Loss("squared_error"), lambda z, y: 0.5 * F.mse_loss(z, y, reduction="none").sum(1)),
    "squared_error, factor 1": (
        Loss("squared_error", factor=1.0),
        lambda z, y: F.mse_loss(z, y, reduction="none").sum(1),
    ),
    "mse": (Loss("mse"), per_row(F.mse_loss)),
    "mae": (Loss("mae"), per_row(F.l1_loss)),
    "huber": (Loss("huber"), per_row(F.huber_loss)),
    "huber, delta 0.4": (Loss("huber", delta=0.4), per_row(F.huber_loss, delta=0.4)),
    "poisson": (Loss("poisson"), per_row(F.poisson_nll_loss, log_input=True)),
    "binary_cross_entropy": (
        Loss("binary_cross_entropy"),
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").sum(1),
    ),
    "cross_entropy": (
        Loss("cross_entropy"),
        lambda z, y: F.cross_entropy(z, y.argmax(1), reduction="none"),
    ),
    "cross_entropy, smoothed": (
        Loss("cross_entropy", label_smoothing=0.1),
        lambda z, y: F.cross_entropy(z, y.argmax(1), reduction="none", label_smoothing=0.1),
    ),
    "hinge": (
        Loss("hinge"),
        lambda z, y: torch.relu(1 + (z - 1e9 * y).amax(1) - (z * y).sum(1)),
    ),
}


def objective(case: Case, network: Network, rows: Callable[[Any, Any], Any]) -> tuple[float, np.ndarray]:
    """torch's loss without penalties, and its gradient with them, in the order of `network.theta`."""
    theta = {n: torch.tensor(a.copy(), requires_grad=True) for n, a in network.parameters.items()}
    x, y, w = (torch.from_numpy(a) for a in case.batch())
    if case.loss.label_smoothing:
        y = torch.from_numpy(replace(case, loss=Loss(case.loss.name)).batch()[1])
    masks = iter(s.mask for s in network.training_plan(case.rows).steps if isinstance(s, Dropout))
    last = len(case.widths) - 2
    for i in range(last + 1):
        x = x @ theta[f"layers.{i}.weight"] + (theta[f"layers.{i}.bias"] if case.bias else 0.0)
        if i < last:
            x = ACTIVATIONS[case.hidden.name](x)
            x = x * torch.from_numpy(next(masks)) if case.dropout else x
        elif case.output:
            x = ACTIVATIONS[case.output](x)
    terms = rows(x, y) * w.ravel()
    loss = terms.sum() if case.loss.reduction == "sum" else terms.mean()
    weights = [a for n, a in theta.items() if n.endswith("weight")]
    l1, l2 = case.penalty.l1, case.penalty.l2
    (loss + sum(l1 * a.abs().sum() + l2 / 2 * (a**2).sum() for a in weights)).backward()
    return loss.item(), np.concatenate([a.grad.numpy().ravel() for a in theta.values()])


def compare(case: Case, rows: Callable[[Any, Any], Any]) -> None:
    network = case.network()
    loss = network.loss_and_grad(*case.batch())
    expected, gradient = objective(case, network, rows)
    assert loss == pytest.approx(expected, rel=1e-12)
    errors = relative_errors(network, network.grad, gradient)
    assert max(errors.values()) < 1e-11, errors


EXTRAS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no bias": {"bias": False},
    "penalties": {"penalty": Penalty(0.03, 0.05)},
    "dropout": {"dropout": 0.3},
    "sum, penalties and dropout": {"penalty": Penalty(0.03, 0.05), "dropout": 0.5},
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", HIDDEN)
def test_losses_and_gradients_are_torch_s(activation: str, loss: str) -> None:
    ours, rows = LOSSES[loss]
    for name, extra in EXTRAS.items():
        reduction = "sum" if name.startswith("sum") else "mean"
        chosen = replace(ours, reduction=reduction)
        compare(Case(chosen, hidden=ActivationChoice(activation, {}), **extra), rows)


@pytest.mark.parametrize("output", [name for name in ACTIVATIONS if name != "identity"])
@pytest.mark.parametrize("loss", REGRESSION)
def test_regression_losses_behind_an_output_activation_are_torch_s(loss: str, output: str) -> None:
    compare(Case(Loss(loss), output=output), LOSSES[loss][1])


def test_the_hinge_of_two_classes_with_two_outputs_is_torch_s_multi_margin_loss() -> None:
    compare(
        Case(Loss("hinge"), (3, 4, 2)),
        lambda z, y: 2 * F.multi_margin_loss(z, y.argmax(1), reduction="none"),
    )


SCORES = [-1e4, -745.0, -88.0, -30.0, -1.0, 0.0, 1.0, 30.0, 88.0, 745.0, 1e4]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name not in {"softmax", "exponential"}])
def test_activations_are_torch_s_at_extreme_scores(name: str, dtype: Any) -> None:
    z = np.array([SCORES], dtype)
    value, prime, leaf = z.copy(), np.empty_like(z), torch.from_numpy(z.copy()).requires_grad_()
    kernel = ActivationChoice(name, {}).kernel(z.dtype)
    scratch = [np.empty_like(z)] * kernel.temporaries
    bind(kernel, {"z": value, "prime": prime}, np.empty(0, z.dtype), scratch)()
    expected = ACTIVATIONS[name](leaf)
    expected.sum().backward()
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=8 * eps, atol=8 * eps)
    slope = leaf.grad.numpy()
    if ActivationChoice(name, {}).has_kink():
        slope = np.where(z == 0, 0.0, slope)  # torch takes the left-hand derivative, here it is 0
    np.testing.assert_allclose(prime, slope, rtol=32 * eps, atol=32 * eps)


STABLE = ["binary_cross_entropy", "cross_entropy", "cross_entropy, smoothed", "huber", "mae"]


@pytest.mark.parametrize("name", STABLE)
def test_losses_are_torch_s_at_extreme_scores(name: str) -> None:
    loss, rows = LOSSES[name]
    z = np.array([(a, b) for a in SCORES for b in SCORES])
    y = np.tile([0.0, 1.0], (len(z), 1))
    leaf = torch.from_numpy(z.copy()).requires_grad_()
    expected = rows(leaf, torch.from_numpy(y))
    expected.sum().backward()
    dz = np.empty_like(z)
    row = loss.bind(z.copy(), dz)(loss.prepare(y))
    np.testing.assert_allclose(row, expected.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dz, leaf.grad.numpy(), rtol=1e-12, atol=1e-15)

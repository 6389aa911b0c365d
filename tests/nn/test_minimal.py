"""The blackboard's network and Adam are the fast ones, number for number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlpcli.config.optimizer_spec import AdamSpec
from mlpcli.nn import minimal
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.nn.penalty import Penalty
from mlpcli.optim.stepper import Stepper
from mlpcli.training.batches import Batches, Part
from tests.support.contract import optimizer
from tests.support.network_cases import Case, Values

pytestmark = pytest.mark.kernels

LOSSES = {
    "mse": minimal.mse,
    "binary_cross_entropy": minimal.binary_cross_entropy,
    "cross_entropy": minimal.cross_entropy,
}
PENALTIES = {
    "no penalty": Penalty(),
    "l1": Penalty(l1=0.03),
    "l2": Penalty(l2=0.05),
    "both": Penalty(l1=0.02, l2=0.01),
}
# below it the sum of a gradient over rows has lost all digits of its terms
SAME = {"rtol": 1e-12, "atol": 1e-14}
UPDATES = 20


def on_the_blackboard(case: Case, network: Network) -> minimal.Network:
    """The same network in plain NumPy, with the same numbers in arrays of its own."""
    layers = []
    for index in range(len(case.widths) - 1):
        W, b = (network.parameters[f"layers.{index}.{part}"].copy() for part in ("weight", "bias"))
        hidden = index < len(case.widths) - 2
        layers.append(minimal.Layer(W, b, case.hidden.name if hidden else "identity"))
    penalty = case.penalty
    return minimal.Network(layers, LOSSES[case.loss.name], penalty.l1, penalty.l2)


def assert_same(plain: minimal.Network, fast: dict[str, Values], part: int) -> None:
    """That parameters (part 0) or gradients (part 1) agree."""
    found = [pair[part] for pair in plain.parameters()]
    names = [f"layers.{i}.{kind}" for i in range(len(plain.layers)) for kind in ("weight", "bias")]
    for name, array in zip(names, found, strict=True):
        np.testing.assert_allclose(fast[name], array, **SAME, err_msg=name)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("activation", minimal.ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_loss_gradients_and_updates_are_those_of_the_fast_network(
    loss: str, activation: str, penalty: str
) -> None:
    hidden = ActivationChoice(activation, {})
    case = Case(Loss(loss), hidden=hidden, penalty=PENALTIES[penalty], rows=30)
    network, (x, y, _) = case.network(), case.batch()
    plain, adam = on_the_blackboard(case, network), minimal.Adam(rate=0.01)
    stepper = Stepper(optimizer("adam"), network.theta, network.grad, network.layout.n_weights)
    for _ in range(UPDATES):
        assert network.loss_and_grad(x, y) == pytest.approx(plain.backward(x, y), rel=1e-12)
        assert_same(plain, network.gradients, 1)
        stepper.step(0.01)
        adam.step(plain)
        assert_same(plain, network.parameters, 0)


def test_training_is_that_of_the_fast_network() -> None:
    case = Case(Loss("cross_entropy"), (4, 8, 3), rows=50)
    network, (x, y, _) = case.network(), case.batch()
    plain = on_the_blackboard(case, network)
    before = plain.backward(x, y)
    minimal.fit(plain, minimal.Adam(), x, y, epochs=5, batch=16, rng=np.random.default_rng(7))
    rng, batches = np.random.default_rng(7), Batches(Part(x, y, None), 16)
    stepper = Stepper(optimizer("adam"), network.theta, network.grad, network.layout.n_weights)
    for _ in range(5):
        batches.shuffle(rng)
        for index in range(len(batches)):
            network.loss_and_grad(*batches[index])
            stepper.step(1e-3)
    assert_same(plain, network.parameters, 0)
    assert plain.backward(x, y) < before


def test_the_defaults_of_adam_are_those_of_the_config() -> None:
    adam, spec = minimal.Adam(), AdamSpec()
    assert (adam.rate, adam.beta1, adam.beta2, adam.epsilon) == (
        spec.learning_rate,
        spec.beta1,
        spec.beta2,
        spec.epsilon,
    )


def test_a_test_that_looks_for_a_difference_finds_one() -> None:
    case = Case(Loss("mse"), penalty=Penalty(l1=0.03))
    network, (x, y, _) = case.network(), case.batch()
    other = on_the_blackboard(replace(case, penalty=Penalty(l1=0.03 * (1 + 1e-9))), network)
    network.loss_and_grad(x, y)
    other.backward(x, y)
    with pytest.raises(AssertionError, match=r"layers\.0\.weight"):
        assert_same(other, network.gradients, 1)

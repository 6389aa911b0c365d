"""The documents' networks: first predictions, costs and every gradient entry from their own formulas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.optimize

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network

pytestmark = pytest.mark.kernels

REFERENCE = Path(__file__).parents[1] / "reference"
Values = npt.NDArray[np.float64]


def read(name: str) -> dict[str, Any]:
    return dict(json.loads((REFERENCE / f"{name}.json").read_text("utf-8")))


def build(data: dict[str, Any], activations: list[str], loss: Loss) -> tuple[Network, Values, Values]:
    """The network of a reference file with its starting weights, and its rows."""
    weights = [np.array(w) for w in data["weights"]]
    widths = (len(weights[0]), *(w.shape[1] for w in weights))
    choices = tuple(ActivationChoice(name, {}) for name in activations)
    shape = Architecture(widths, choices, "biases" in data, (0.0,) * (len(weights) - 1))
    network = Network(shape, loss, dtype=np.float64)
    network.load(arrays(weights, data.get("biases", [])))
    return network, np.array(data["x"]), np.array(data["y"])


def arrays(weights: list[Any], biases: list[Any]) -> dict[str, Values]:
    named = {f"layers.{i}.weight": np.array(w) for i, w in enumerate(weights)}
    return named | {f"layers.{i}.bias": np.array(b) for i, b in enumerate(biases)}


def assert_gradients(network: Network, expected: dict[str, Values]) -> None:
    assert expected.keys() == network.gradients.keys()
    for name, gradient in network.gradients.items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-10, err_msg=name)


DEEP = ["deep_sigmoid_231", "deep_sigmoid_30_10_15_7_6"]
SUMMED = Loss("squared_error", reduction="sum")


@pytest.mark.parametrize("name", DEEP)
def test_the_deep_sigmoid_networks_start_as_their_document_does(name: str) -> None:
    data = read(name)
    network, x, y = build(data, ["sigmoid"] * len(data["weights"]), SUMMED)
    np.testing.assert_allclose(network.predict(x), data["initial_prediction"], rtol=1e-10)
    assert network.evaluate(x, y)[0] == pytest.approx(data["initial_cost"], rel=1e-10)
    assert network.loss_and_grad(x, y) == pytest.approx(data["initial_cost"], rel=1e-10)
    assert_gradients(network, arrays(data["gradient"], []))


def test_the_smallest_deep_network_ends_where_its_document_does_under_bfgs() -> None:
    """With the gradient in the shape that SciPy wants: one flat vector."""
    data = read("deep_sigmoid_231")
    network, x, y = build(data, ["sigmoid", "sigmoid"], SUMMED)

    def evaluate(theta: Values) -> tuple[float, Values]:
        network.theta[:] = theta
        return network.loss_and_grad(x, y), network.grad.copy()

    found = scipy.optimize.minimize(
        evaluate, network.theta.copy(), jac=True, method="BFGS", options={"maxiter": 200}
    )
    assert found.fun == pytest.approx(data["bfgs_final_cost"], rel=1e-6)


def test_the_three_layer_network_has_its_document_s_loss_and_six_gradients() -> None:
    data = read("three_layer")
    network, x, y = build(data, ["sigmoid", "sigmoid", "identity"], Loss("squared_error"))
    assert network.loss_and_grad(x, y) == pytest.approx(data["loss"], rel=1e-10)
    assert_gradients(network, arrays(data["weight_gradients"], data["bias_gradients"]))


def descend(network: Network, x: Values, y: Values, rate: float) -> float:
    """One step of plain gradient descent on all rows; the loss before it."""
    loss = network.loss_and_grad(x, y)
    np.subtract(network.theta, rate * network.grad, out=network.theta)
    return loss


def test_the_notebook_s_and_gate_learns_along_its_document_s_curve() -> None:
    data = read("notebook_and")
    data |= {"weights": [data["weight"]], "biases": [data["bias"]]}
    network, x, y = build(data, ["sigmoid"], Loss("squared_error"))
    losses = [descend(network, x, y, data["learning_rate"]) for _ in range(data["epochs"])]
    np.testing.assert_allclose(losses[::200], data["loss_every_200"], rtol=1e-10)
    np.testing.assert_allclose(network.predict(x).ravel(), data["final_prediction"], rtol=1e-10)
    assert losses[-1] == pytest.approx(data["final_loss"], rel=1e-10)
    np.testing.assert_allclose(network.parameters["layers.0.weight"], data["final_weight"], rtol=1e-10)
    np.testing.assert_allclose(network.parameters["layers.0.bias"], data["final_bias"], rtol=1e-10)


def test_the_dense_layers_start_as_their_document_s() -> None:
    data = read("dense_layer")
    network, x, y = build(data, ["sigmoid"] * 4, Loss("binary_cross_entropy"))
    np.testing.assert_allclose(network.predict(x), data["prediction_all_sigmoid"], rtol=1e-10)
    assert network.loss_and_grad(x, y) == pytest.approx(data["cost_all_sigmoid"], rel=1e-10)


def test_the_dense_layers_learn_along_their_document_s_curve() -> None:
    """Its rate is for a gradient summed over the rows; the cost that it reports is the mean."""
    data = read("dense_layer")
    training = data["training"]
    network, x, y = build(data, training["activations"], Loss("binary_cross_entropy"))
    rate = training["learning_rate"] * len(x)
    costs = [descend(network, x, y, rate) for _ in range(training["epochs"])]
    np.testing.assert_allclose(costs, training["cost_per_epoch"], rtol=1e-9)
    np.testing.assert_allclose(network.predict(x), training["final_prediction"], rtol=1e-9)

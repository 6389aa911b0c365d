"""Small networks with data that suit their loss: the rows of the tables in the tests of the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlpcli.nn.activations import ACTIVATIONS, ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.batch_norm import BatchNormKind
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.initializers import normal
from mlpcli.nn.layer_norm import LayerNormKind
from mlpcli.nn.losses import FORMULAS, Loss
from mlpcli.nn.network import Network, Zeros
from mlpcli.nn.normalization import Normalization
from mlpcli.nn.numeric_embedding import PeriodicKind
from mlpcli.nn.penalty import NO_PENALTY, Penalty
from mlpcli.training.batches import Part

Values = npt.NDArray[Any]

HIDDEN = [name for name in ACTIVATIONS if name != "exponential"]
REGRESSION = ["squared_error", "mse", "mae", "huber"]
# loss -> its own output activation
OUTPUTS = dict.fromkeys(FORMULAS, "identity") | {
    "binary_cross_entropy": "sigmoid",
    "cross_entropy": "softmax",
    "poisson": "exponential",
}

TANH = ActivationChoice("tanh", {})
BATCH_NORM, LAYER_NORM = BatchNormKind(momentum=0.1, epsilon=1e-5), LayerNormKind(epsilon=1e-5)


@dataclass(frozen=True)
class Case:
    """A network to be built, and the rows to show it."""

    loss: Loss
    widths: tuple[int, ...] = (3, 4, 3, 3)
    hidden: ActivationChoice = TANH
    output: str | None = None  # None: the loss's own
    bias: bool = True
    dropout: float = 0.0
    penalty: Penalty = NO_PENALTY
    rows: int = 6
    dtype: npt.DTypeLike = np.float64
    normalization: Normalization | None = None
    residual: bool = False
    embeddings: tuple[EmbeddedColumn, ...] = ()
    numeric_embedding: PeriodicKind | None = None
    scaling: bool = False

    @property
    def architecture(self) -> Architecture:
        """The shape of the network."""
        hidden = len(self.widths) - 2
        output = ActivationChoice(self.output or OUTPUTS[self.loss.name], {})
        return Architecture(
            self.widths,
            (self.hidden,) * hidden + (output,),
            self.bias,
            (self.dropout,) * hidden,
            self.normalization,
            self.residual,
            self.embeddings,
            self.numeric_embedding,
            self.scaling,
        )

    def network(self, zeros: Zeros = np.zeros) -> Network:
        """The network with normal weights and biases of standard deviation 0.7; γ, α, s near 1, β near 0."""
        shape = self.architecture
        network = Network(shape, self.loss, self.penalty, self.dtype, np.random.default_rng(1), zeros)
        rng = np.random.default_rng(0)
        network.initialize(normal(0.7), rng, normal(0.7))
        for name, parameter in network.parameters.items():
            if name.endswith(("gamma", "beta", "alpha", "factor")):
                parameter += rng.normal(0.0, 0.3, parameter.shape)
        return network

    def batch(self, seed: int = 2) -> tuple[Values, Values, Values]:
        """Inputs, prepared targets and row weights of mean about 1."""
        rng = np.random.default_rng(seed)
        inputs = self.architecture.inputs
        x, w = rng.normal(size=(self.rows, inputs)), rng.uniform(0.5, 1.5, (self.rows, 1))
        for embedded in self.embeddings:
            x[:, embedded.column] = rng.integers(0, embedded.levels, self.rows)
        y = raw_targets(self.loss.name, self.rows, self.widths[-1], rng)
        return x.astype(self.dtype), self.loss.prepare(y.astype(self.dtype)), w.astype(self.dtype)


def raw_targets(loss: str, rows: int, outputs: int, rng: np.random.Generator) -> Values:
    """0/1 for two classes and for labels, one-hot for more classes, counts, else any numbers."""
    if loss == "binary_cross_entropy" or (loss == "hinge" and outputs == 1):
        return rng.integers(0, 2, (rows, outputs)) * 1.0
    if loss in {"cross_entropy", "hinge"}:
        return np.eye(outputs)[rng.integers(0, outputs, rows)]
    return rng.poisson(2.0, (rows, outputs)) * 1.0 if loss == "poisson" else rng.normal(size=(rows, outputs))


def objective(network: Network, batch: tuple[Values, Values, Values]) -> float:
    """Loss and penalties with the dropout masks of the last `loss_and_grad` of as many rows."""
    plan = network.training_plan(len(batch[0]))
    return network.objective_parts(plan, *batch) + network.penalty_value()


def numerical_gradient(network: Network, batch: tuple[Values, Values, Values]) -> Values:
    """Central differences of the objective, entry by entry; `network.grad` is overwritten."""
    theta, gradient, h = network.theta, np.empty_like(network.theta), 1e-5
    for i, value in enumerate(theta.tolist()):
        theta[i] = value + h
        above = objective(network, batch)
        theta[i] = value - h
        gradient[i] = (above - objective(network, batch)) / (2 * h)
        theta[i] = value
    return gradient


def relative_errors(network: Network, found: Values, expected: Values) -> dict[str, float]:
    """Per parameter array: the largest difference, relative to the array's largest entry."""
    one, two = network.layout.views(found), network.layout.views(expected)
    return {name: np.abs(one[name] - two[name]).max() / max(np.abs(two[name]).max(), 1e-8) for name in one}


@dataclass(frozen=True)
class LossJudge:
    """Says the loss of the rows that a network is trained on, and has no others."""

    network: Network
    part: Part

    def metrics(self, _part: str) -> dict[str, float]:
        return {}

    def loss_and_metrics(self, _part: str) -> tuple[float, dict[str, float]]:
        return self.network.evaluate(*self.part.arrays())[0], {}

    def validation(self) -> tuple[None, dict[str, float]]:
        return None, {}

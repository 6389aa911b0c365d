"""Networks and rows for the tests of the gradient check."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlpcli.config.loss_spec import LOSSES
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.gradcheck import Batch
from mlpcli.nn.initializers import normal
from mlpcli.nn.losses import FORMULAS, Loss
from mlpcli.nn.network import Network
from mlpcli.nn.penalty import Penalty
from tests.support.network_cases import HIDDEN, OUTPUTS, raw_targets

FREE = {1: ["identity", "sigmoid"], 2: ["identity", "sigmoid", "softmax", "tanh", "exponential"]}


def small_case(activation: str, loss: str, dtype: Any = np.float64, **options: Any) -> tuple[Network, Batch]:
    """A 4-5-5-3 network, its second layer square, with penalties, dropout, row weights and 6 rows."""
    rng = np.random.default_rng(3)
    choices = [ActivationChoice(name, {}) for name in (activation, activation, OUTPUTS[loss])]
    dropout = options.pop("dropout", (0.3, 0.0))
    penalty = options.pop("penalty", Penalty(0.01, 0.05))
    architecture = Architecture((4, 5, 5, 3), tuple(choices), True, dropout)
    network = Network(architecture, Loss(loss, **options), penalty, dtype, np.random.default_rng(5))
    network.initialize(normal(0.7), rng, normal(0.5))
    x, y = rng.normal(size=(6, 4)), raw_targets(loss, 6, 3, rng)
    return network, Batch(x, network.loss.prepare(y), 0.5 + rng.random((6, 1)))


def random_loss(name: str, rng: np.random.Generator) -> Loss:
    """The loss with a reduction, and options where it has some."""
    reduction = str(rng.choice(["mean", "sum"]))
    options = {
        "factor": float(rng.choice([0.5, 1.0, 1e-6])),
        "label_smoothing": float(rng.choice([0.0, 0.1])),
    }
    own = {key: value for key, value in options.items() if key in LOSSES[name].model_fields}
    return Loss(name, reduction=reduction, **own)


def random_case(seed: int) -> tuple[Network, Batch]:
    """Any network: depth, widths, activations, loss, reduction, penalties, dropout, weights, scales."""
    rng = np.random.default_rng(seed)
    loss = str(rng.choice(sorted(FORMULAS)))
    layers, rows = int(rng.integers(1, 4)), int(rng.integers(1, 7))
    outputs = int(rng.integers(2 if loss == "cross_entropy" else 1, 4))
    widths = (*(int(n) for n in rng.integers(1, 7, layers)), outputs)
    free = OUTPUTS[loss] == "identity" and loss != "hinge"
    link = str(rng.choice(FREE[min(outputs, 2)])) if free else OUTPUTS[loss]
    names = [*(str(name) for name in rng.choice(HIDDEN, layers - 1)), link]
    options = {"leaky_relu": {"slope": 0.2}, "elu": {"alpha": float(rng.choice([1.0, 2.0]))}}
    architecture = Architecture(
        widths,
        tuple(ActivationChoice(name, options.get(name, {})) for name in names),
        bool(rng.random() < 0.8),
        tuple(float(rate) for rate in rng.choice([0.0, 0.0, 0.3], layers - 1)),
    )
    network = Network(
        architecture,
        random_loss(loss, rng),
        Penalty(float(rng.choice([0.0, 0.01])), float(rng.choice([0.0, 0.1]))),
        np.float64,
        np.random.default_rng(seed),
    )
    scale = float(rng.choice([0.1, 0.5, 1.0, 3.0]))
    network.initialize(normal(scale), rng, normal(scale))
    x = rng.normal(size=(rows, widths[0])) * float(rng.choice([1.0, 1.0, 1e-3, 100.0]))
    weights = 2.0 * rng.random((rows, 1)) if rng.random() < 0.4 else None
    return network, Batch(x, network.loss.prepare(raw_targets(loss, rows, outputs, rng)), weights)

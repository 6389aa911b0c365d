"""One pass of a network over some rows, forward and back, and how large everything is in each layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.affine import Affine
from mlpcli.nn.learnable import Mixture
from mlpcli.nn.network import Network
from mlpcli.nn.plan import Plan
from mlpcli.nn.pointwise import Pointwise
from mlpcli.storage.rows import whole
from mlpcli.training.batches import Part


@dataclass(frozen=True, eq=False)
class LayerProbe:
    """Of a weight layer (from 0): the root mean squares of its outputs, and of the derivative by its scores.

    `slopes` are φ′ of every row and unit, where an activation is a step of its own.
    """

    number: int
    choice: ActivationChoice
    outputs: float
    delta: float
    slopes: Array | None
    is_hidden: bool

    @property
    def activation(self) -> str:
        """The name of its activation."""
        return self.choice.name


@dataclass(frozen=True, eq=False)
class Probe:
    """The loss of the rows, and their layers from the first to the last."""

    loss: float
    layers: tuple[LayerProbe, ...]


def probe(network: Network, part: Part) -> Probe:
    """A training step's own pass, nothing dropped out; its numbers may be infinite."""
    plan = network.training_plan(len(part))
    for mask in plan.masks:
        mask.fill(1.0)
    numbers = [int(name.split(".")[1]) for name in plan.names]
    with np.errstate(all="ignore"):
        plan.take(whole(part.x))
        outputs, slopes = _forward(plan, numbers)
        loss = network.loss_of(plan, part.y, part.weights)
        deltas = _backward(plan, numbers)
    choices = network.architecture.activations
    layers = (
        LayerProbe(n, choice, outputs[n], deltas[n], slopes.get(n), n < len(choices) - 1)
        for n, choice in enumerate(choices)
    )
    return Probe(loss, tuple(layers))


def _forward(plan: Plan, numbers: Sequence[int]) -> tuple[dict[int, float], dict[int, Array]]:
    """By layers, whose numbers the steps have: the size of the outputs, the slopes of the activation."""
    outputs: dict[int, float] = {}
    slopes: dict[int, Array] = {}
    for number, step in zip(numbers, plan.steps, strict=True):
        step.forward()
        outputs[number] = rms(step.output[0])
        if isinstance(step, Pointwise | Mixture):
            slopes[number] = step.prime.astype(np.float64)
    return outputs, slopes


def _backward(plan: Plan, numbers: Sequence[int]) -> dict[int, float]:
    """By layers the size of the derivative of the loss by the scores."""
    deltas: dict[int, float] = {}
    for number, step in zip(reversed(numbers), reversed(plan.steps), strict=True):
        if isinstance(step, Affine):
            deltas[number] = rms(step.output[1])
        step.backward()
    return deltas


def loss_now(network: Network, part: Part) -> float:
    """The loss of some rows as a training step computes it, nothing dropped out."""
    plan = network.training_plan(len(part))
    for mask in plan.masks:
        mask.fill(1.0)
    plan.forward(whole(part.x))
    return network.loss_of(plan, part.y, part.weights)


def rms(values: Array) -> float:
    """√ of the mean square, in float64."""
    return float(np.sqrt(np.mean(np.square(values.astype(np.float64)))))

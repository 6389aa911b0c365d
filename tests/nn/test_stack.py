"""Networks in a stack: every member has, bit for bit, what it has alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.losses import FORMULAS, Loss
from mlpcli.nn.network import Network
from mlpcli.nn.penalty import Penalty
from mlpcli.nn.stack import Stack, can_be_stacked
from mlpcli.optim.stepper import Stepper
from tests.support.contract import optimizer
from tests.support.network_cases import BATCH_NORM, LAYER_NORM, Case, Values

pytestmark = pytest.mark.kernels

MEMBERS = 3
CASES = {
    **{loss: Case(Loss(loss), (3, 4, 3), dtype=np.float32) for loss in FORMULAS},
    "many rows": Case(Loss("cross_entropy"), (4, 16, 3), rows=64, dtype=np.float32),
    "many rows, rivals": Case(Loss("hinge"), (4, 16, 3), rows=64),
    "odd": Case(Loss("mse"), (5, 7, 3), ActivationChoice("relu", {}), rows=33, dtype=np.float32),
    "one output": Case(Loss("mse"), (4, 16, 1), ActivationChoice("selu", {}), dtype=np.float32),
    "two classes": Case(Loss("binary_cross_entropy"), (4, 16, 1), dtype=np.float32),
    "softmax of its own": Case(Loss("mse"), output="softmax"),
    "dropout": Case(Loss("cross_entropy"), (4, 8, 8, 3), dropout=0.3, rows=16, dtype=np.float32),
    "residual": Case(Loss("cross_entropy", reduction="sum"), (4, 8, 8, 3), residual=True, dropout=0.3),
    "penalties": Case(Loss("huber"), penalty=Penalty(0.01, 0.1)),
    "no bias": Case(Loss("mse"), (3, 4, 2), ActivationChoice("gelu", {}), bias=False),
    "learnable": Case(Loss("mse"), (4, 16, 16, 2), ActivationChoice("mish", {}, True), dtype=np.float32),
    "scaling": Case(Loss("mse"), (4, 16, 2), scaling=True, rows=20, dtype=np.float32),
    "learnable kink": Case(Loss("mse"), (4, 6, 2), ActivationChoice("selu", {}, True), dropout=0.2),
}


def members(case: Case) -> list[Network]:
    """Networks that differ in their weights and in their generators."""
    networks = []
    for number in range(MEMBERS):
        network = case.network()
        network.theta *= 1.0 + 0.1 * number
        network.rng = np.random.default_rng(number)
        networks.append(Network(network.architecture, case.loss, case.penalty, case.dtype, network.rng))
        np.copyto(networks[-1].theta, network.theta)
    return networks


def stacked(batches: list[tuple[Values, Values, Values]], weighted: bool) -> Any:
    x, y, weights = (np.stack(arrays) for arrays in zip(*batches, strict=True))
    return x, y, weights if weighted else None


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_three_updates_of_all_are_those_of_each(name: str, weighted: bool) -> None:
    case = CASES[name]
    stack, alone = Stack(members(case)), members(case)
    step = Stepper(optimizer("adam"), stack.theta, stack.grad, stack.n_weights)
    steps = [Stepper(optimizer("adam"), one.theta, one.grad, one.layout.n_weights) for one in alone]
    for update in range(3):
        batches = [case.batch(seed=10 * update + number) for number in range(MEMBERS)]
        losses = stack.loss_and_grad([stacked(batches, weighted)])
        step.step(0.01)
        for number, (network, own) in enumerate(zip(alone, steps, strict=True)):
            x, y, weights = batches[number]
            assert network.loss_and_grad(x, y, weights if weighted else None) == losses[number]
            own.step(0.01)
    stack.give()
    for network, expected in zip(stack.networks, alone, strict=True):
        np.testing.assert_array_equal(network.theta, expected.theta)


def test_members_with_fewer_rows_are_a_part_of_their_own() -> None:
    case = CASES["dropout"]
    stack, alone = Stack(members(case)), members(case)
    batches = [replace(case, rows=rows).batch(seed) for seed, rows in enumerate((9, 9, 7))]
    losses = stack.loss_and_grad([stacked(batches[:2], True), stacked(batches[2:], True)])
    assert losses == [network.loss_and_grad(*batch) for network, batch in zip(alone, batches, strict=True)]
    gradients = [np.empty_like(network.grad) for network in alone]
    stack.distribute(stack.grad, gradients)
    for gradient, network in zip(gradients, alone, strict=True):
        np.testing.assert_array_equal(gradient, network.grad)


def test_what_was_collected_is_what_is_distributed() -> None:
    stack = Stack(members(CASES["residual"]))
    vectors = [
        np.random.default_rng(n).normal(size=network.theta.size) for n, network in enumerate(stack.networks)
    ]
    found, into = [np.empty_like(vector) for vector in vectors], np.empty_like(stack.theta)
    stack.collect(vectors, into)
    stack.distribute(into, found)
    np.testing.assert_array_equal(found, vectors)
    weights = stack.views(into)["layers.0.weight"]
    np.testing.assert_array_equal(weights[1], stack.networks[1].layout.views(vectors[1])["layers.0.weight"])
    assert weights.base is into or weights.base is into.base


@pytest.mark.parametrize(
    ("changed", "stackable"),
    [
        ({}, True),
        ({"residual": True, "hidden": ActivationChoice("relu", {}, True)}, True),
        ({"scaling": True}, True),
        ({"normalization": BATCH_NORM}, False),
        ({"normalization": LAYER_NORM, "residual": True}, False),
        ({"embeddings": (EmbeddedColumn(0, 4, 2),)}, False),
    ],
)
def test_what_can_be_stacked_is_known_beforehand(changed: dict[str, Any], stackable: bool) -> None:
    shape = replace(Case(Loss("mse"), (4, 4, 4, 2)), **changed).network().architecture
    assert can_be_stacked(shape) == stackable

"""Factors on the learning rate by kind of parameter: the step of every entry, in few stretches."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.layer_norm import LayerNormKind
from mlpcli.optim.first_order import build
from mlpcli.optim.rates import stretches
from mlpcli.optim.stepper import Stepper
from mlpcli.parallel.pool import SerialPool
from tests.optim.test_stepper import RULES, run
from tests.support.contract import choice


class Slot(NamedTuple):
    start: int
    stop: int
    group: str
    fan_in: int


# a border of every kind: between factors, where the decay ends (32), a group of one entry
SLOTS = (
    Slot(0, 12, "weight", 4),
    Slot(12, 28, "weight", 16),
    Slot(28, 32, "scaling", 1),
    Slot(32, 35, "bias", 1),
    Slot(35, 36, "embedding", 1),
    Slot(36, 40, "activation", 1),
    Slot(40, 46, "normalization", 1),
)
RATES = {
    "weight": "fan_in",
    "bias": 0.1,
    "scaling": 6,
    "embedding": 0.3,
    "activation": 0.2,
    "normalization": 2,
}
FACTORS = [0.5, 0.25, 6, 0.1, 0.3, 0.2, 2]
N_WEIGHTS = 32


def begin(dtype: str, copies: int = 1) -> tuple[np.ndarray, np.ndarray]:
    theta = np.tile(np.sin(np.arange(SLOTS[-1].stop, dtype=np.float64)).astype(dtype), copies)
    return theta, np.empty_like(theta)


def spread(copies: int) -> tuple[Slot, ...]:
    """The same slots, each so many times as long."""
    return tuple(slot._replace(start=slot.start * copies, stop=slot.stop * copies) for slot in SLOTS)


def made(label: str, copies: int = 1) -> Any:
    name, options = RULES[label]
    return build(choice(name, **options, rates=RATES), spread(copies))


@pytest.mark.parametrize("label", RULES)
def test_every_group_steps_as_if_it_were_alone_with_a_rate_of_its_own(label: str) -> None:
    """A stepper without factors for each slot, at its multiple of the rate, is the judge."""
    name, options = RULES[label]
    (theta, grad), (expected, _) = begin("float64"), begin("float64")
    stepper = Stepper(made(label), theta, grad, N_WEIGHTS)
    alone = []
    for slot, factor in zip(SLOTS, FACTORS, strict=True):
        own, decays = slice(slot.start, slot.stop), slot.stop <= N_WEIGHTS
        # a decoupled decay of a matrix has the rate undivided: at a rate f as large, an amount 1/f as large
        amount = options.get("weight_decay", choice(name).weight_decay) * (name in DECOUPLED)
        more = {"weight_decay": amount / factor} if name in DECOUPLED and slot.group == "weight" else {}
        optimizer = build(choice(name, **{**options, **more}))
        alone.append((Stepper(optimizer, expected[own], grad[own], decays * (own.stop - own.start)), factor))
    for t in range(1, 12):
        grad[:] = theta + np.cos(np.arange(46.0) + t)
        for one, factor in alone:
            one.step(0.02 / t * factor)
        stepper.step(0.02 / t)
        np.testing.assert_allclose(theta, expected, rtol=1e-12)


DECOUPLED = {"adamw", "lion"}


def test_the_decay_by_hand() -> None:
    """λ = ½ and η = 0.1 under a gradient of 0: a group's own rate, but the undivided one by `fan_in`."""
    theta, grad = np.ones(46), np.zeros(46)
    optimizer = build(choice("adamw", weight_decay=0.5, rates=RATES), SLOTS)
    Stepper(optimizer, theta, grad, N_WEIGHTS).step(0.1)
    expected = np.ones(46)
    expected[:28] = 1 - 0.1 * 0.5
    expected[28:32] = 1 - 6 * 0.1 * 0.5
    np.testing.assert_allclose(theta, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "left"), [("adamw", 1 - 0.1 * 0.25), ("sgd", 1 - 0.1 * 0.25), ("lion", 0.975)]
)
def test_a_step_may_have_a_share_of_the_decay(name: str, left: float) -> None:
    """Half of λ = ½ at η = 0.1, under a gradient of 0: g = λθ/2, or θ shrinks past the rule."""
    theta, grad = np.ones(2), np.zeros(2)
    Stepper(build(choice(name, weight_decay=0.5)), theta, grad, 1).step(0.1, 0.5)
    np.testing.assert_allclose(theta, [left, 1], rtol=1e-15)


def test_a_number_for_weights_divides_their_decay_too() -> None:
    theta, grad = np.ones(2), np.zeros(2)
    slots = (Slot(0, 1, "weight", 4), Slot(1, 2, "bias", 1))
    optimizer = build(choice("adamw", weight_decay=0.5, rates={"weight": 0.5}), slots)
    Stepper(optimizer, theta, grad, 1).step(0.1)
    np.testing.assert_allclose(theta, [1 - 0.05 * 0.5, 1], rtol=1e-15)


def test_fan_in_is_a_layer_divided_by_the_root_of_its_inputs() -> None:
    """z = x W/√n trained at η, and V = W/√n as stored, trained by `fan_in`, decay included."""
    n, rng = 9, np.random.default_rng(0)
    W, x, y = rng.normal(size=(n, 2)), rng.normal(size=(20, n)), rng.normal(size=(20, 2))
    V = W / np.sqrt(n)
    dW, dV = np.empty(2 * n), np.empty(2 * n)
    options = {"beta2": 0.95, "epsilon": 1e-30, "weight_decay": 0.1}
    slots = (Slot(0, 2 * n, "weight", n),)
    divided = Stepper(build(choice("adamw", **options)), W.reshape(-1), dW, 2 * n)
    ours = Stepper(
        build(choice("adamw", **options, rates={"weight": "fan_in"}), slots), V.reshape(-1), dV, 2 * n
    )
    for _ in range(50):
        dW[:] = (x.T @ (x @ W / np.sqrt(n) - y) / np.sqrt(n)).reshape(-1)
        dV[:] = (x.T @ (x @ V - y)).reshape(-1)
        divided.step(0.03)
        ours.step(0.03)
        np.testing.assert_allclose(V, W / np.sqrt(n), rtol=1e-9)


@pytest.mark.parametrize("label", RULES)
def test_neither_blocks_nor_workers_change_a_bit(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    copies = 4_000  # so many entries that three workers share them
    for block, workers in ((10**6, 1), (10**6, 3), (10_007, 2)):
        monkeypatch.setattr(Stepper, "BLOCK", block)
        theta, grad = begin("float32", copies)
        stepper = Stepper(made(label, copies), theta, grad, N_WEIGHTS * copies, clip_norm=5.0)
        stepper.share_with(SerialPool(workers))
        run(stepper, theta, grad, 3)
        ends.append(theta.tobytes())
    assert len(set(ends)) == 1


def test_factors_of_one_are_no_factors() -> None:
    ends = []
    for given in (None, {}, {"bias": 1, "weight": 1.0}):
        theta, grad = begin("float32")
        optimizer = build(choice("adamw", rates=given), SLOTS)
        assert len(stretches(optimizer, N_WEIGHTS, 46)) == 2, "what decays and what does not"
        run(Stepper(optimizer, theta, grad, N_WEIGHTS), theta, grad, 5)
        ends.append(theta.tobytes())
    assert len(set(ends)) == 1


TANH = ActivationChoice("tanh", {})


def test_a_network_has_few_stretches() -> None:
    """The first matrix; the others, whose inputs are as many; what does not decay, by its groups."""
    shape = Architecture((10, 64, 64, 64, 3), (TANH,) * 4, True, (0.0,) * 3, LayerNormKind(1e-5))
    layout = shape.layout()

    def pieces(**given: Any) -> list[tuple[bool, float, float, int]]:
        optimizer = build(choice("adamw", rates=given), layout.slots)
        found = stretches(optimizer, layout.n_weights, layout.size)
        assert [one.entries.stop for one in found] == [*(one.entries.start for one in found[1:]), layout.size]
        return [(one.decays, one.rate, one.decay, one.entries.stop - one.entries.start) for one in found]

    first, others, biases = 10 * 64, 2 * 64 * 64 + 3 * 64, 3 * 64 + 3
    assert pieces(weight="fan_in", bias=0.1) == [
        (True, 10**-0.5, 1.0, first),
        (True, 0.125, 1.0, others),
        (False, 0.1, 0.1, biases),
        (False, 1.0, 1.0, 6 * 64),
    ]
    assert pieces(normalization=0.5, bias=0.5) == [
        (True, 1, 1, first + others),
        (False, 0.5, 0.5, biases + 384),
    ]


def test_without_a_decay_equal_factors_are_one_stretch() -> None:
    optimizer = build(choice("adam", rates={"scaling": 2, "bias": 2}), SLOTS[2:4])
    assert [one.entries for one in stretches(optimizer, 4, 7)] == [slice(28, 35)]

"""The stepper: blocks, memory, precision, clipping, decay, and going on from a saved state."""

from __future__ import annotations

import importlib.util
import io
import math
import tracemalloc
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlpcli.optim.first_order import OPTIMIZERS
from mlpcli.optim.stepper import Stepper, global_norm, step_kernel
from tests.support.contract import optimizer

# every state array of every rule, and both kinds of decay
RULES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {"weight_decay": 0.1}) for name in OPTIMIZERS},
    "sgd nesterov": ("sgd", {"momentum": 0.9, "nesterov": True}),
    "sgd dampened": ("sgd", {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    "rmsprop centered": ("rmsprop", {"momentum": 0.5, "centered": True}),
}


def build(label: str, theta: np.ndarray, grad: np.ndarray, clip_norm: float | None = None) -> Stepper:
    name, options = RULES[label]
    return Stepper(
        optimizer(name, **options), theta, grad, n_weights=len(theta) * 2 // 3, clip_norm=clip_norm
    )


def run(stepper: Stepper, theta: np.ndarray, grad: np.ndarray, steps: int) -> None:
    """Steps with gradients that depend on theta and on t alone."""
    wave = np.arange(len(theta), dtype=theta.dtype)
    for _ in range(steps):
        grad[:] = theta + np.cos(wave + stepper.t)
        stepper.step(0.01 / (1 + stepper.t))


def begin(n: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    theta = np.sin(np.arange(n, dtype=np.float64)).astype(dtype)
    return theta, np.empty_like(theta)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("label", RULES)
def test_blocks_change_no_bit(label: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Block borders fall inside the weights, on their end (80), inside the biases, and on single entries."""
    ends = []
    for block in (10**6, 40, 7, 1):
        monkeypatch.setattr(Stepper, "BLOCK", block)
        theta, grad = begin(120, dtype)
        stepper = build(label, theta, grad, clip_norm=5.0)
        run(stepper, theta, grad, Stepper.FLUSH_EVERY + 8)
        ends.append(theta.tobytes())
    assert len(set(ends)) == 1


@pytest.mark.parametrize("label", RULES)
def test_a_step_is_what_the_rule_says_of_ordinary_arrays(label: str) -> None:
    """To the last bit: whoever checks the formula against its paper has checked what runs."""
    name, options = RULES[label]
    made = optimizer(name, **options)
    theta, grad = begin(12, "float64")
    stepper, expected, state = build(label, theta, grad), theta.copy(), made.rule.start(theta)
    weights = np.arange(12) < 8
    for t in range(1, 9):
        grad[:] = theta + np.cos(np.arange(12.0) + t)
        drawn = made.decay.apply(expected, grad, made.decay.coefficient(0.01))
        decayed, g = (
            np.where(weights & (made.decay.amount > 0), *pair)
            for pair in zip(drawn, (expected, grad), strict=True)
        )
        expected, state = made.rule.update(decayed, g, state, made.rule.coefficients(0.01, t, state))
        stepper.step(0.01)
        np.testing.assert_array_equal(theta, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("label", RULES)
def test_a_step_allocates_nothing_as_long_as_the_vector(label: str, dtype: str) -> None:
    n = 300_000
    theta, grad = begin(n, dtype)
    stepper = build(label, theta, grad, clip_norm=1.0)
    grad.fill(0.5)
    stepper.step(1e-3)
    tracemalloc.start()
    for _ in range(Stepper.FLUSH_EVERY):
        stepper.step(1e-3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n * theta.itemsize / 8


@pytest.mark.parametrize("label", RULES)
def test_float32_stays_float32(label: str) -> None:
    """A NumPy scalar as the rate gives the bits that a Python float gives; no state grows to float64."""
    ends = []
    for kind in (float, np.float64):
        theta, grad = begin(100, "float32")
        stepper = build(label, theta, grad)
        for _ in range(20):
            grad[:] = theta
            stepper.step(kind(0.01))
        ends.append(theta.tobytes())
        kinds = {name: array.dtype for name, array in stepper.state().items()}
        assert kinds.pop("t") == np.int64
        assert kinds.pop("mu_product", np.float64) == np.float64  # two numbers
        assert set(kinds.values()) <= {np.dtype(np.float32)}
    assert ends[0] == ends[1]


@pytest.mark.parametrize("label", RULES)
def test_float32_is_near_float64(label: str) -> None:
    ends = []
    for dtype in ("float32", "float64"):
        theta, grad = begin(100, dtype)
        run(build(label, theta, grad), theta, grad, 20)
        ends.append(theta.astype(np.float64))
    np.testing.assert_allclose(ends[0], ends[1], atol=2e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("label", RULES)
def test_goes_on_from_a_saved_state_bit_for_bit(label: str, dtype: str) -> None:
    theta, grad = begin(60, dtype)
    stepper = build(label, theta, grad, clip_norm=2.0)
    run(stepper, theta, grad, 29)
    file = io.BytesIO()
    np.savez(file, theta=theta, **{f"optimizer.{name}": array for name, array in stepper.state().items()})
    run(stepper, theta, grad, 30)

    with np.load(io.BytesIO(file.getvalue()), allow_pickle=False) as saved:
        state = {name.removeprefix("optimizer."): saved[name] for name in saved.files if name != "theta"}
        resumed = saved["theta"]
    grad = np.empty_like(resumed)
    other = build(label, resumed, grad, clip_norm=2.0)
    other.restore(state)
    run(other, resumed, grad, 30)
    assert resumed.tobytes() == theta.tobytes()
    assert other.t == stepper.t == 59


def test_the_state_given_out_does_not_change_with_the_next_step() -> None:
    theta, grad = begin(5, "float64")
    stepper = build("adam", theta, grad)
    run(stepper, theta, grad, 3)
    state = stepper.state()
    before = {name: array.copy() for name, array in state.items()}
    run(stepper, theta, grad, 1)
    assert all(np.array_equal(state[name], before[name]) for name in before)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda state: state.pop("v"), "{'m': 'float64(5,)', 't': 'int64()'}"),
        (
            lambda state: state.update(v=np.zeros(6)),
            "{'m': 'float64(5,)', 't': 'int64()', 'v': 'float64(6,)'}",
        ),
        (
            lambda state: state.update(m=np.zeros(5, np.float32)),
            "{'m': 'float32(5,)', 't': 'int64()', 'v': 'float64(5,)'}",
        ),
        (
            lambda state: state.update(u=np.zeros(5)),
            "{'m': 'float64(5,)', 't': 'int64()', 'u': 'float64(5,)', 'v': 'float64(5,)'}",
        ),
    ],
)
def test_refuses_the_state_of_another_rule_or_vector(change: Any, found: str) -> None:
    stepper = build("adam", *begin(5, "float64"))
    state = stepper.state()
    change(state)
    with pytest.raises(ValueError) as error:
        stepper.restore(state)
    ours = "{'m': 'float64(5,)', 't': 'int64()', 'v': 'float64(5,)'}"
    assert str(error.value) == f"optimizer state: expected {ours}, found {found}"


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e3, 1e3)), st.floats(0.01, 1e4))
def test_clips_by_the_global_norm(g: np.ndarray, limit: float) -> None:
    """With a rate of 1, plain gradient descent shows the gradient that was used."""
    theta = np.zeros_like(g)
    Stepper(optimizer("sgd"), theta, g.copy(), 0, clip_norm=limit).step(1.0)
    norm = math.hypot(*g)
    np.testing.assert_allclose(-theta, g * min(1.0, limit / (norm + 1e-6)), rtol=1e-12)
    if norm + 1e-6 < limit:
        assert (-theta == g).all()


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
@pytest.mark.parametrize("limit", [0.1, 3.0, 100.0])
def test_clips_as_torch_does(limit: float) -> None:
    import torch

    g = np.linspace(-1, 2, 50)
    parameter = torch.zeros(50, dtype=torch.float64, requires_grad=True)
    parameter.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_([parameter], limit)
    Stepper(optimizer("sgd"), np.zeros(50), g, 50, clip_norm=limit).step(1.0)
    np.testing.assert_allclose(g, parameter.grad.numpy(), rtol=1e-12)


def test_the_norm_of_float32_is_taken_in_float64() -> None:
    """The square of 1e25 does not fit in float32, and small squares are not lost behind a large one."""
    assert global_norm(np.full(4, 1e25, np.float32), np.empty(3)) == pytest.approx(2e25, rel=1e-6)
    vector = np.full(1_000_001, 1e-3, np.float32)
    vector[0] = 1e3
    assert global_norm(vector, np.empty(65_536)) ** 2 == pytest.approx(1e6 + 1, abs=1e-3)


@pytest.mark.parametrize(
    ("weight_decay", "n_weights", "traced"), [(0.0, 1, [False]), (0.5, 1, [True, False]), (0.5, 2, [True])]
)
def test_only_formulas_that_some_entry_needs_are_made(
    weight_decay: float, n_weights: int, traced: list[bool]
) -> None:
    theta, grad = np.ones(2), np.ones(2)
    with patch("mlpcli.optim.stepper.step_kernel", wraps=step_kernel) as made:
        Stepper(optimizer("sgd", weight_decay=weight_decay), theta, grad, n_weights).step(0.1)
    assert [call.args[1] for call in made.call_args_list] == traced


def test_decay_comes_after_clipping() -> None:
    """As in torch, where clip_grad_norm_ runs before the optimizer's step."""
    theta, grad = np.array([10.0, 10.0]), np.array([3.0, 4.0])
    Stepper(optimizer("sgd", weight_decay=0.5), theta, grad, n_weights=1, clip_norm=1.0).step(1.0)
    np.testing.assert_allclose(theta, [10 - 0.6 - 5, 10 - 0.8], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("label", ["adam", "lion", "nadam", "sgd nesterov", "adadelta"])
def test_dead_state_ends_at_zero_and_not_among_the_subnormal_numbers(label: str, dtype: str) -> None:
    """Where no gradient comes any more; arithmetic on subnormal numbers is tens of times slower."""
    tiny = np.finfo(dtype).tiny
    theta, grad = np.zeros(9, dtype), np.ones(9, dtype)
    name, options = RULES[label]
    stepper = Stepper(optimizer(name, **{**options, "weight_decay": 0.0}), theta, grad, 0)
    stepper.step(1e-3)
    grad.fill(0.0)
    for array in stepper._arrays.values():  # as after thousands of steps
        if array.ndim == 1:
            array.fill(1e3 * tiny)
    for _ in range(1000):
        stepper.step(1e-3)
        for array in stepper._arrays.values():
            assert array.ndim != 1 or ((array == 0) | (np.abs(array) >= tiny)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sgd", "adamw", "lion"])
def test_a_weight_that_decays_ends_at_zero_and_not_among_the_subnormal_numbers(name: str, dtype: str) -> None:
    """Those of a dead unit do; a matrix of them makes the products of every later batch many times slower."""
    tiny = np.finfo(dtype).tiny
    theta, grad = np.full(9, 1e3 * tiny, dtype), np.zeros(9, dtype)
    stepper = Stepper(optimizer(name, weight_decay=1.0), theta, grad, n_weights=9)
    for _ in range(1000):
        stepper.step(0.05)
        assert ((theta == 0) | (theta >= tiny)).all()
    assert not theta.any()

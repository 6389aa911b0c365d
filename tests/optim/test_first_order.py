"""The first-order rules: torch's trajectories, the papers', and minima that every one of them must find."""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest

from mlpcli.config.optimizer_spec import FirstOrderSpec
from mlpcli.optim.first_order import OPTIMIZERS, build
from mlpcli.optim.stepper import Stepper
from tests.support.contract import choice, optimizer

REFERENCE = Path(__file__).parents[1] / "reference"
MAKE = runpy.run_path(str(REFERENCE / "make_optimizers.py"))
STORED = json.loads((REFERENCE / "optimizers.json").read_text(encoding="utf-8"))


def case_id(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={option}" for key, option in value.items()) or "defaults"
    return str(value)


def trajectory(name: str, options: dict[str, Any]) -> list[np.ndarray]:
    """theta after each step, by our rule, on the problem of the stored references."""
    chosen = choice(name, **options)
    theta = MAKE["start"]()
    grad = np.empty_like(theta)
    stepper = Stepper(build(chosen), theta, grad, MAKE["N_WEIGHTS"])
    found = []
    for t in range(1, max(MAKE["STEPS"]) + 1):
        grad[:] = MAKE["gradient"](theta, t)
        stepper.step(MAKE["rate"](chosen.learning_rate, t))
        found.append(theta.copy())
    return found


@pytest.mark.parametrize("case", STORED, ids=[f"{c['name']} {case_id(c['options'])}" for c in STORED])
def test_is_where_torch_was_when_the_references_were_stored(case: dict[str, Any]) -> None:
    path = trajectory(case["name"], case["options"])
    for t, theta in case["theta"].items():
        np.testing.assert_allclose(path[int(t) - 1], theta, rtol=1e-9, atol=1e-12, err_msg=f"step {t}")


def test_every_case_is_stored() -> None:
    assert [(case["name"], case["options"]) for case in STORED] == MAKE["CASES"]


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
@pytest.mark.parametrize(("name", "options"), MAKE["CASES"], ids=case_id)
def test_follows_the_installed_torch_at_every_step(name: str, options: dict[str, Any]) -> None:
    expected = MAKE["torch_trajectory"](name, options)
    np.testing.assert_allclose(trajectory(name, options), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.5}, {"beta1": 0.5, "beta2": 0.8}], ids=case_id)
def test_lion_is_algorithm_2_of_its_paper(options: dict[str, Any]) -> None:
    o = {"beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0, **options}
    decayed = np.arange(MAKE["N"]) < MAKE["N_WEIGHTS"]
    theta, m = MAKE["start"](), np.zeros(MAKE["N"])
    for t, found in enumerate(trajectory("lion", {"learning_rate": 0.03, **options}), start=1):
        g, eta = MAKE["gradient"](theta, t), MAKE["rate"](0.03, t)
        c = o["beta1"] * m + (1 - o["beta1"]) * g
        theta = theta - eta * (np.sign(c) + o["weight_decay"] * decayed * theta)
        m = o["beta2"] * m + (1 - o["beta2"]) * g
        np.testing.assert_allclose(found, theta, rtol=1e-9, atol=1e-12, err_msg=f"step {t}")


def test_rprop_decays_the_weights_as_part_of_their_gradient() -> None:
    """torch's Rprop has no decay, so nothing there to compare with."""
    theta, grad = np.array([2.0, 2.0]), np.array([-1.0, -1.0])
    Stepper(optimizer("rprop", weight_decay=1.0), theta, grad, n_weights=1).step(0.1)
    assert theta.tolist() == [1.9, 2.1]  # the gradient of the weight is −1 + 2


def test_centered_rmsprop_survives_a_constant_gradient() -> None:
    """v − a² tends to 0, and rounds to either side of it."""
    theta, grad = np.zeros(500), np.linspace(0.1, 3.0, 500)
    stepper = Stepper(optimizer("rmsprop", rho=0.5, centered=True, epsilon=1e-3), theta, grad, 500)
    for _ in range(200):
        stepper.step(1e-3)
    assert np.isfinite(theta).all()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_parameter_without_gradient_stays(name: str) -> None:
    theta, grad = np.array([1.5, 1.5]), np.array([0.0, 0.3])
    stepper = Stepper(optimizer(name, weight_decay=0.0), theta, grad, 2)
    for _ in range(5):
        stepper.step(0.1)
    assert theta[0] == 1.5 and theta[1] < 1.5


def parabola(x: np.ndarray, g: np.ndarray) -> float:
    """½ Σ h x², four times as steep along one axis as along the other; minimum 0."""
    h = np.array([1.0, 4.0])
    np.multiply(h, x, out=g)
    return float(0.5 * (h @ x**2))


def rosenbrock(x: np.ndarray, g: np.ndarray) -> float:
    """(1 − x)² + 100 (y − x²)²: a bent valley; 24.2 at (−1.2, 1), minimum 0."""
    a, b = 1 - x[0], x[1] - x[0] ** 2
    g[:] = -2 * a - 400 * x[0] * b, 200 * b
    return float(a**2 + 100 * b**2)


# options besides the rate, a rate for the parabola, a rate for Rosenbrock (None: not asked of it)
USUAL: tuple[dict[str, Any], float, float | None] = ({}, 0.01, 0.01)
SUITABLE: dict[str, tuple[dict[str, Any], float, float | None]] = {
    "sgd": ({"momentum": 0.9}, 0.05, 5e-4),
    "rmsprop": ({}, 1e-3, 1e-2),
    "adagrad": ({}, 0.5, 0.5),
    "adadelta": ({}, 1.0, None),
    "radam": ({}, 0.01, 1e-3),
    "lion": ({}, 1e-3, 1e-2),
}


def steps_until(
    name: str, rate: float, objective: Callable[[np.ndarray, np.ndarray], float], goal: float
) -> int | None:
    """The number of steps in which the rule brings the objective below the goal, if 20,000 are enough."""
    theta, grad = np.array([-1.2, 1.0]), np.empty(2)
    stepper = Stepper(optimizer(name, **SUITABLE.get(name, USUAL)[0]), theta, grad, n_weights=0)
    for t in range(20_000):
        if objective(theta, grad) < goal:
            return t
        stepper.step(rate)
    return None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_finds_the_bottom_of_a_parabola(name: str) -> None:
    assert steps_until(name, SUITABLE.get(name, USUAL)[1], parabola, 1e-8) is not None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gets_a_hundredth_of_the_way_down_rosenbrocks_valley(name: str) -> None:
    rate = SUITABLE.get(name, USUAL)[2]
    assert rate is None or steps_until(name, rate, rosenbrock, 0.242) is not None


def test_every_first_order_name_of_the_spec_has_a_rule() -> None:
    names = {spec.model_fields["name"].default for spec in get_args(FirstOrderSpec)}
    assert names == set(OPTIMIZERS)


def options_of(made: Any) -> dict[str, Any]:
    """What a rule and its decay were told, as the config calls it."""
    return {**vars(made.rule), "weight_decay": made.decay.amount}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_is_told_every_option_but_the_rate(name: str) -> None:
    """Each of them another number than its default."""
    options = choice(name).model_dump(exclude={"name", "learning_rate", "rates"})
    odd = {key: value if type(value) is bool else value * 0.75 + 0.0625 for key, value in options.items()}
    odd |= {"eta_plus": 1.5, "step_max": 60.0} if name == "rprop" else {}
    assert options_of(optimizer(name, **odd)) == odd


def test_nothing_in_a_rule_has_a_default() -> None:
    """Those are in the spec alone."""
    for kind in OPTIMIZERS.values():
        for made in kind:
            assert all(field.default is field.default_factory for field in fields(made)), made


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_names_in_a_formula_are_known_to_a_type_checker(name: str) -> None:
    """State and coefficients are NamedTuples of what they are said to be, from one method to the next."""
    rule = OPTIMIZERS[name].rule
    start, coefficients, update = (get_type_hints(f) for f in (rule.start, rule.coefficients, rule.update))
    state, numbers = start["return"], coefficients["return"]
    assert state._fields and numbers._fields and state in coefficients.values()
    assert (update["s"], update["c"]) == (state, numbers)
    assert get_args(update["return"])[1] is state
    assert all(hint is float for hint in get_type_hints(numbers).values())
    assert Any not in get_type_hints(state).values()


@pytest.mark.slow
def test_a_misspelt_name_in_a_formula_does_not_pass_mypy(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    path, root = REFERENCE / "wrong_rule.py", REFERENCE.parents[1]
    cache = root / ".mypy_cache" if os.access(root, os.W_OK) else tmp_path  # a warm one saves ten seconds
    marked = [i for i, line in enumerate(path.read_text("utf-8").splitlines(), 1) if "# misspelt" in line]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", cache, path],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error: " in line]
    assert found == marked, done.stdout + done.stderr

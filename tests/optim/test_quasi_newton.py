"""BFGS and L-BFGS: SciPy's own answers, what the observer sees, and every way to end."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from mlpcli.optim.quasi_newton import METHODS, Objective, Outcome, bfgs_bytes, minimize

SCIPY = {"bfgs": "BFGS", "lbfgs": "L-BFGS-B"}

pytestmark = pytest.mark.parametrize("method", METHODS)


class Rosenbrock:
    """SciPy's chained Rosenbrock function on vectors in place; fails at one of its calls if told to."""

    def __init__(self, n: int = 6, dtype: str = "float64", fail_at: int | None = None) -> None:
        self.theta = np.resize([-1.2, 1.0], n).astype(dtype)
        self.grad = np.empty(n, dtype)
        self.calls = 0
        self.fail_at = fail_at
        self.objective = Objective(self.evaluate, self.theta, self.grad)

    def evaluate(self) -> float:
        self.calls += 1
        if self.calls == self.fail_at:
            raise FloatingPointError("the loss is not finite")
        self.grad[:] = optimize.rosen_der(self.theta)
        return float(optimize.rosen(self.theta))


def spec(name: str, iterations: int = 200, tolerance: float = 1e-6) -> Any:
    return SimpleNamespace(name=name, iterations=iterations, tolerance=tolerance)


def ignore(*_: float) -> None:
    """An observer with nothing to say."""


def test_finds_scipys_minimum_in_scipys_iterations(method: str) -> None:
    problem = Rosenbrock()
    options = {"bfgs": {"gtol": 1e-6}, "lbfgs": {"gtol": 1e-6, "ftol": 0.0}}[method]
    expected = optimize.minimize(
        optimize.rosen, problem.theta.copy(), jac=optimize.rosen_der, method=SCIPY[method], options=options
    )
    outcome = minimize(spec(method), problem.objective, ignore)
    assert outcome.reason == "converged"
    assert outcome.iterations == expected.nit
    np.testing.assert_array_equal(problem.theta, expected.x)
    assert outcome.loss == expected.fun == optimize.rosen(problem.theta)
    assert outcome.max_gradient == np.abs(optimize.rosen_der(problem.theta)).max() <= 1e-6


def test_the_observer_sees_each_iteration_with_theta_and_grad_at_its_point(method: str) -> None:
    problem = Rosenbrock()
    seen: list[tuple[int, float, float]] = []

    def observer(iteration: int, loss: float, max_gradient: float) -> None:
        assert loss == optimize.rosen(problem.theta)
        np.testing.assert_array_equal(problem.grad, optimize.rosen_der(problem.theta))
        assert max_gradient == np.abs(problem.grad).max()
        seen.append((iteration, loss, max_gradient))

    outcome = minimize(spec(method), problem.objective, observer)
    assert [row[0] for row in seen] == list(range(1, outcome.iterations + 1))
    assert all(after[1] <= before[1] for before, after in pairwise(seen))
    assert seen[-1] == (outcome.iterations, outcome.loss, outcome.max_gradient)


def test_an_observer_may_use_the_gradient_buffer_for_something_else(method: str) -> None:
    calm, disturbed = Rosenbrock(), Rosenbrock()

    def observer(*_: float) -> None:
        disturbed.grad.fill(7.0)

    expected = minimize(spec(method, iterations=10), calm.objective, ignore)
    assert minimize(spec(method, iterations=10), disturbed.objective, observer) == expected
    np.testing.assert_array_equal(calm.theta, disturbed.theta)


def test_reaching_the_iterations_is_a_normal_end(method: str) -> None:
    problem = Rosenbrock()
    outcome = minimize(spec(method, iterations=5), problem.objective, ignore)
    assert (outcome.reason, outcome.iterations) == ("iterations", 5)
    assert outcome.loss == optimize.rosen(problem.theta) < optimize.rosen(Rosenbrock().theta)


def test_only_the_gradient_counts_for_having_converged(method: str) -> None:
    """L-BFGS-B left alone would end where the loss decreases by less than 2e-9 of itself."""
    problem = Rosenbrock()
    shifted = Objective(lambda: problem.evaluate() + 1000, problem.theta, problem.grad)
    assert minimize(spec(method, tolerance=1e-5), shifted, ignore).reason == "converged"


def test_the_limit_of_precision_is_a_normal_end(method: str) -> None:
    """A gradient of exactly 0 is asked for, at a minimum that has no float64."""
    theta, grad = np.array([0.3, -1.7]), np.empty(2)

    def evaluate() -> float:
        shifted = theta - np.array([1 / 3, np.pi])
        grad[:] = np.sinh(shifted) + 1e-7  # a gradient that is slightly wrong, as all computed ones are
        return float(np.cosh(shifted).sum())

    accepted: list[np.ndarray] = []
    objective = Objective(evaluate, theta, grad)
    outcome = minimize(spec(method, tolerance=0.0), objective, lambda *_: accepted.append(theta.copy()))
    assert outcome.reason == "precision"
    np.testing.assert_array_equal(theta, accepted[-1], err_msg="not where the line search looked last")
    assert outcome.loss == evaluate()
    np.testing.assert_allclose(theta, [1 / 3, np.pi], atol=1e-6)


def test_theta_is_the_accepted_point_and_not_where_the_line_search_gave_up(method: str) -> None:
    """With a gradient of the wrong sign every step leads uphill, and none is accepted."""
    problem = Rosenbrock()
    start = problem.theta.copy()

    def evaluate() -> float:
        loss = problem.evaluate()
        np.negative(problem.grad, out=problem.grad)
        return loss

    outcome = minimize(spec(method), Objective(evaluate, problem.theta, problem.grad), ignore)
    assert (outcome.reason, outcome.iterations, outcome.loss) == ("precision", 0, optimize.rosen(start))
    np.testing.assert_array_equal(problem.theta, start)


def test_starting_at_the_minimum(method: str) -> None:
    problem = Rosenbrock()
    problem.theta.fill(1.0)
    assert minimize(spec(method), problem.objective, ignore) == Outcome("converged", 0, 0.0, 0.0)


def test_an_observer_can_stop(method: str) -> None:
    problem = Rosenbrock()
    outcome = minimize(spec(method), problem.objective, lambda iteration, *_: iteration == 3)
    assert (outcome.reason, outcome.iterations) == ("stopped", 3)
    assert outcome.loss == optimize.rosen(problem.theta)


def test_what_the_objective_raises_passes_through_and_theta_is_the_last_accepted_point(method: str) -> None:
    accepted = []
    problem = Rosenbrock(fail_at=20)
    with pytest.raises(FloatingPointError, match=r"^the loss is not finite$"):
        minimize(spec(method), problem.objective, lambda *_: accepted.append(problem.theta.copy()))
    np.testing.assert_array_equal(problem.theta, accepted[-1])


def test_what_the_observer_raises_passes_through(method: str) -> None:
    problem = Rosenbrock()

    def observer(*_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimize(spec(method), problem.objective, observer)


def test_trial_steps_that_overflow_do_not_warn(method: str) -> None:
    """A gradient as steep as this sends SciPy's first trial step out of range; warnings are errors here."""
    theta, grad = np.array([1e150, -1e150]), np.empty(2)

    def evaluate() -> float:
        grad[:] = 4 * theta**3
        return float(np.sum(theta**4))

    minimize(spec(method, iterations=3), Objective(evaluate, theta, grad), ignore)


def test_float32_vectors_are_searched_in_float64(method: str) -> None:
    problem = Rosenbrock(dtype="float32")
    outcome = minimize(spec(method, tolerance=1e-2), problem.objective, ignore)
    assert outcome.reason in ("converged", "precision")
    assert problem.theta.dtype == np.float32
    assert outcome.loss < 1e-3


def test_the_same_search_twice_gives_the_same_bits(method: str) -> None:
    """A run is resumed by replaying it."""
    first, second = Rosenbrock(), Rosenbrock()
    assert minimize(spec(method), first.objective, ignore) == minimize(spec(method), second.objective, ignore)
    assert first.theta.tobytes() == second.theta.tobytes()
    assert first.calls == second.calls


@pytest.mark.parametrize("n", [20, 300])
def test_the_memory_of_bfgs_is_estimated_from_above_and_not_by_far(method: str, n: int) -> None:
    problem = Rosenbrock(n)
    tracemalloc.start()
    minimize(spec(method, iterations=4), problem.objective, ignore)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= bfgs_bytes(n)
    if method == "bfgs":
        assert bfgs_bytes(n) <= 1.3 * peak + 1_000_000

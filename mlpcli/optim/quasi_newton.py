"""BFGS and L-BFGS: SciPy's quasi-Newton methods on the same two vectors as every other optimizer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np

from mlpcli.arrays import Vector

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

Observer: TypeAlias = Callable[[int, float, float], bool | None]
"""Told (iteration from 1, loss, max|g|) with theta and grad at that iteration's point; True stops."""


@dataclass(frozen=True)
class Objective:
    """A function on vectors that stay in place: `evaluate` gives the loss at theta as it is and fills grad.

    What it raises, for a loss that is not finite for instance, ends the search and passes through.
    """

    evaluate: Callable[[], float]
    theta: Vector
    grad: Vector


@dataclass(frozen=True)
class Outcome:
    """How a search ended, each way a normal one, and the last accepted point's loss and max|g|.

    `converged`: max|g| is within the tolerance. `precision`: rounding hides any further decrease.
    """

    reason: Literal["converged", "iterations", "precision", "stopped"]
    iterations: int
    loss: float
    max_gradient: float


class QuasiNewtonChoice(Protocol):
    """A choice of a configuration; ends at max|g| ≤ tolerance, or after so many iterations."""

    @property
    def name(self) -> str: ...

    @property
    def iterations(self) -> int: ...

    @property
    def tolerance(self) -> float: ...


class _Search:
    """Stands between SciPy, which asks for values at points, and vectors that are changed in place."""

    def __init__(self, objective: Objective, observer: Observer) -> None:
        self._objective = objective
        self._observer = observer
        self._at = np.full(len(objective.theta), np.nan)  # the point that loss and grad belong to
        self.accepted = objective.theta.copy()
        self.loss = np.nan
        self.max_gradient = np.nan
        self.iterations = 0
        self.stopped = False

    def evaluate(self, x: Vector) -> tuple[float, Vector]:
        """Loss and gradient at x, as SciPy's own to keep."""
        self._objective.theta[:] = x
        self.loss = float(self._objective.evaluate())
        self.max_gradient = float(np.max(np.abs(self._objective.grad)))
        self._at[:] = x
        return self.loss, self._objective.grad.astype(np.float64)

    def move_to(self, x: Vector) -> None:
        """Make theta, grad and loss those of x; a line search need not end where it looked last."""
        if not np.array_equal(self._at, x):
            self.evaluate(x)
        self.accepted[:] = self._objective.theta

    def iterated(self, intermediate_result: OptimizeResult) -> None:
        """SciPy's callback; it goes by the name of the parameter."""
        self.move_to(intermediate_result.x)
        self.iterations += 1
        if self._observer(self.iterations, self.loss, self.max_gradient):
            self.stopped = True
            raise StopIteration

    def outcome(self, spec: QuasiNewtonChoice) -> Outcome:
        """Read off the numbers, not off SciPy's status, which counts L-BFGS-B's stagnation as success."""
        reason: Literal["converged", "iterations", "precision", "stopped"] = "precision"
        if self.stopped:
            reason = "stopped"
        elif self.max_gradient <= spec.tolerance:
            reason = "converged"
        elif self.iterations >= spec.iterations:
            reason = "iterations"
        return Outcome(reason, self.iterations, self.loss, self.max_gradient)


# SciPy's names, and what it needs to be told besides: L-BFGS-B would also end at a small decrease or after
# 15,000 evaluations. Nocedal & Wright 2006, Algorithms 6.1 and 7.5.
METHODS: dict[str, tuple[Literal["BFGS", "L-BFGS-B"], dict[str, Any]]] = {
    "bfgs": ("BFGS", {}),
    "lbfgs": ("L-BFGS-B", {"ftol": 0.0, "maxfun": sys.maxsize}),
}


def _run(search: _Search, start: Vector, spec: QuasiNewtonChoice) -> OptimizeResult:
    from scipy import optimize  # half a second that other optimizers need not pay

    method, more = METHODS[spec.name]
    options: Any = {"maxiter": spec.iterations, "gtol": spec.tolerance, **more}
    return optimize.minimize(
        search.evaluate,
        start,
        jac=True,
        method=method,
        callback=search.iterated,
        options=options,
    )


def minimize(spec: QuasiNewtonChoice, objective: Objective, observer: Observer) -> Outcome:
    """Minimise in place from theta as it is.

    theta ends at the last accepted point, after an exception from the objective or the observer too.
    """
    search = _Search(objective, observer)
    start = objective.theta.astype(np.float64)
    try:
        with np.errstate(all="ignore"):  # a trial step may overflow; the objective judges what comes of it
            search.move_to(_run(search, start, spec).x)
    except BaseException:
        objective.theta[:] = search.accepted
        raise
    return search.outcome(spec)


def bfgs_bytes(n: int) -> int:
    """The memory of BFGS on n parameters: SciPy holds six n × n matrices of float64 at once, and vectors."""
    return 8 * (6 * n * n + 100 * n) + 1_000_000

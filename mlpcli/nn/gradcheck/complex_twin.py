"""The same network over the complex numbers, and the proof that every part of it can take them."""

from __future__ import annotations

import warnings

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import ConfigError, DivergedError, Problem
from mlpcli.nn.gradcheck.differences import IMAGINARY_STEP
from mlpcli.nn.gradcheck.ladder import ROUNDING_MARGIN
from mlpcli.nn.gradcheck.objective import EPSILON, Batch, Evaluation, Objective
from mlpcli.nn.gradcheck.shift import shifted
from mlpcli.nn.learnable import Mixture
from mlpcli.nn.network import Network
from mlpcli.nn.pointwise import Pointwise

REAL_STEP = 1e-6
AGREEMENT = (
    1e-3  # of the two derivatives of a step's outputs: a part that drops the imaginary part is far off
)
ATTEMPTS = 4  # directions to try until one crosses no kink


def complex_twin(objective: Objective) -> Objective:
    """The objective of a complex128 network with the same parameters, rows and dropout masks.

    A part that cannot take complex numbers is a ConfigError that names it.
    """
    network = objective.network
    twin = Network(network.architecture, network.loss, network.penalty, np.complex128)
    twin.theta[...] = network.theta
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        twin_objective = _built(objective, twin)
        _prove(objective, twin)
    for each in (objective, twin_objective):
        each.plan.forward(each.batch.x)
    return twin_objective


def _prove(objective: Objective, twin: Network) -> None:
    """Compare the steps of both where the network is no special case, which says nothing of its code.

    In front of a layer_norm of a nearly constant row, say, no real step is small enough. So the rows are of
    normal numbers, codes of categories excepted, and biases are moved.
    """
    network, batch = objective.network, objective.batch
    x = np.random.default_rng(0).normal(size=batch.x.shape)
    for embedded in network.architecture.embeddings:
        x[:, embedded.column] = batch.x[:, embedded.column]
    with shifted(network):
        kept, twin.theta[...] = twin.theta.copy(), network.theta
        try:
            regular = Objective(network, Batch(x, batch.y, batch.weights), objective.plan.masks)
            _compare_outputs(regular, Objective(twin, regular.batch, objective.plan.masks))
        except DivergedError:
            return  # an exponential overflows there: every step has taken complex numbers, which has to do
        finally:
            twin.theta[...] = kept


def _built(objective: Objective, twin: Network) -> Objective:
    try:
        return Objective(twin, objective.batch, objective.plan.masks)
    except (TypeError, np.exceptions.ComplexWarning) as error:
        raise _refusal(objective, _first_failing(twin, objective)) from error


def _first_failing(twin: Network, objective: Objective) -> int:
    """The number of the first step that raises; one past the last means the loss."""
    plan = twin.training_plan(len(objective.batch.x))
    plan.take(objective.batch.x.astype(twin.dtype))
    for i, step in enumerate(plan.steps):
        try:
            step.forward()
        except (TypeError, np.exceptions.ComplexWarning):
            return i
    return len(plan.steps)


def _compare_outputs(objective: Objective, twin: Objective) -> None:
    """Each step's outputs, and the loss, must move alike when the parameters move, real or imaginary.

    What the real step loses to round-off (all, for a loss of 1e18) speaks against no part.
    """
    sides = objective.evaluate(0).sides
    rng = np.random.default_rng(0)
    for _ in range(ATTEMPTS):
        direction = rng.normal(size=objective.network.theta.size)
        (up, above), (down, below) = (_moved(objective, direction * h) for h in (REAL_STEP, -REAL_STEP))
        if above.sides != sides or below.sides != sides:
            continue
        moved, evaluation = _moved(twin, direction * 1j * IMAGINARY_STEP)
        for arrays, last in ((up, above), (down, below), (moved, evaluation)):
            arrays.append(np.array(last.value))
        lost = [*(EPSILON * np.abs(u).max() for u in up[:-1]), objective.rounding]
        for i, (u, d, z) in enumerate(zip(up, down, moved, strict=True)):
            real, imaginary = (u - d) / (2.0 * REAL_STEP), z.imag / IMAGINARY_STEP
            allowed = AGREEMENT * (np.abs(real).max() + REAL_STEP) + ROUNDING_MARGIN * lost[i] / REAL_STEP
            if np.abs(real - imaginary).max() > allowed:
                raise _refusal(objective, i)
        return


def _moved(objective: Objective, change: Array) -> tuple[list[Array], Evaluation]:
    """Every step's outputs, and the evaluation, with `change` added to all parameters."""
    theta = objective.network.theta
    kept = theta.copy()
    theta += change
    outputs = []
    for step in objective.steps:
        step.forward()
        outputs.append(step.output[0].copy())
    evaluation = objective.evaluate(0)
    theta[...] = kept
    return outputs, evaluation


def _refusal(objective: Objective, index: int) -> ConfigError:
    if index == len(objective.steps):
        part = f"the loss '{objective.network.loss.name}'"
    else:
        part = objective.names[index]
        if isinstance(objective.steps[index], Pointwise | Mixture):
            layer = int(part.split(".")[1])
            part += f" ('{objective.network.architecture.activations[layer].name}')"
    message = f"complex-step differentiation: {part} cannot take complex numbers"
    return ConfigError(Problem(message, hint="use --method central, which needs real numbers only"))

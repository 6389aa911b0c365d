"""The first update that a config's optimizer makes of a gradient: what `mlp trace` ends with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.config.fading_spec import decay_of
from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.optim.first_order import OPTIMIZERS
from mlpcli.optim.quasi_newton import Objective, minimize
from mlpcli.parallel.pool import SerialPool
from mlpcli.run.experiment import Experiment, ExperimentEvaluator
from mlpcli.run.fit import trainer_of

LINE_SEARCH = "θ ← θ − η g in the first iteration, where a line search finds η"


class FirstUpdate(NamedTuple):
    """What the optimizer did: its rule in a line, and the rate."""

    formula: str
    rate: float


def first_update(experiment: Experiment, x: Matrix, y: Matrix, weights: Matrix | None) -> FirstUpdate:
    """Change the weights as training would, first of all, by the gradient that the network has.

    It is that of these rows: x (rows, inputs), y (rows, outputs), weights (rows, 1). A first-order method
    takes a step, with the rate and the decay of the first update; a quasi-Newton method one iteration over
    these rows, with the dropout masks that the network's plan for so many rows has.
    """
    choice, network = experiment.config.spec.optimizer, experiment.network
    if isinstance(choice, QuasiNewtonSpec):
        plan = network.training_plan(len(x))

        def evaluate() -> float:
            return network.objective_parts(plan, x, y, weights) + network.penalty_value()

        before, gradient = network.theta.copy(), network.grad.copy()
        once = choice.model_copy(update={"iterations": 1})
        minimize(once, Objective(evaluate, network.theta, network.grad), lambda *_: None)
        norm = float(np.linalg.norm(gradient))
        step = float(np.linalg.norm(network.theta - before)) / norm if norm else 0.0
        network.grad[:] = gradient
        return FirstUpdate(LINE_SEARCH, step)
    pool = SerialPool()
    trainer = trainer_of(ExperimentEvaluator.of(experiment, pool), choice, lambda: False, pool)
    decay = trainer.set_rates(0)
    trainer.stepper.step(trainer.rate, decay)
    decays, clip = decay_of(choice.weight_decay).amount, experiment.config.spec.training.clip_norm
    formula = OPTIMIZERS[choice.name].rule.formula
    formula += f", weight decay {decays:g}" if decays else ""
    formula += f", g clipped to the norm {clip:g} before" if clip is not None else ""
    return FirstUpdate(formula, trainer.rate)

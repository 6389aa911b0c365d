"""What the training will take: memory by estimate, time by a few updates and one judgement, measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np

from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.doctor.findings import Finding
from mlpcli.doctor.patient import Patient
from mlpcli.memory import available_bytes
from mlpcli.parallel.pool import SerialPool
from mlpcli.run.experiment import ExperimentEvaluator
from mlpcli.run.fit import trainer_of
from mlpcli.run.limits import rows_per_step, training_bytes
from mlpcli.terminal.console import number
from mlpcli.training.batches import rows_at_a_time
from mlpcli.training.loop import Trainer

MEMORY: Final = "memory"
TIME: Final = "time"
UPDATES, SECONDS = 20, 0.5  # that are measured, at most
EVALUATIONS: Final = 1.25  # of the loss in an iteration of a quasi-Newton method, about
LONG: Final = 3600.0  # seconds
FULL: Final = 0.8  # of what is free


def memory(patient: Patient) -> Finding:
    """The data, and what the steps of a training need besides, against what is free now."""
    experiment = patient.experiment
    config, train, shape = experiment.config, experiment.training, experiment.network.architecture
    data = sum(array.nbytes for part in experiment.parts.values() for array in (part.rows.x, part.rows.y))
    gathered = rows_at_a_time(train, rows_per_step(config, len(train)))
    data += gathered * train.x.shape[1] * train.x.dtype.itemsize
    steps = training_bytes(config, shape, len(train))
    needed, free = data + steps, available_bytes()
    numbers = {"data": data, "training": steps, "free": free}
    says = f"about {max(1.0, needed / 1e6):,.0f} MB besides Python's own"
    if free is None:
        return Finding(MEMORY, "ok", says, None, numbers)
    says += f", {free / 1e6:,.0f} MB are free"
    if needed > FULL * free:
        return Finding(MEMORY, "look", says, "smaller layers, or a smaller training.batch_size", numbers)
    return Finding(MEMORY, "ok", says, None, numbers)


class Pace(NamedTuple):
    """Seconds of an update and of a judgement; how many updates an epoch has, how many epochs there are."""

    update: float
    judging: float
    updates: float
    epochs: int

    @property
    def epoch(self) -> float:
        """Seconds of an epoch."""
        return self.updates * self.update + self.judging


def duration(patient: Patient) -> Finding:
    """Seconds of a processor for all epochs of all networks, at the pace of a few updates."""
    spec = patient.experiment.config.spec
    members = 1 if spec.ensemble is None else spec.ensemble.count
    with np.errstate(all="ignore"):
        pace = _pace(patient)
    total = members * pace.epochs * pace.epoch
    numbers: dict[str, Any] = {**pace._asdict(), "members": members, "total": total}
    several = f", {members} networks" if members > 1 else ""
    says = (
        f"at most about {said(total)} of a processor: {pace.epochs:,} epochs of {said(pace.epoch)}{several}"
    )
    if total > LONG:
        hint = "fewer epochs, early_stopping, or a larger training.batch_size"
        return Finding(TIME, "look", says, hint, numbers)
    return Finding(TIME, "ok", says, None, numbers)


def _pace(patient: Patient) -> Pace:
    """By a few of the real updates, and by one judgement of all rows."""
    experiment = replace(patient.experiment, network=patient.network())
    spec, network, part = experiment.config.spec, experiment.network, experiment.training
    if isinstance(spec.optimizer, QuasiNewtonSpec):
        evaluation = _seconds(lambda: network.loss_and_grad(*part.arrays()))
        return Pace(evaluation, 0.0, EVALUATIONS, spec.optimizer.iterations)
    pool = SerialPool()
    evaluator = ExperimentEvaluator.of(experiment, pool)
    trainer = trainer_of(evaluator, spec.optimizer, lambda: False, pool)
    update = _seconds(lambda: _updated(trainer))
    judging = _seconds(lambda: (evaluator.metrics("train"), evaluator.validation()))
    return Pace(update, judging, len(trainer.batches), spec.training.epochs)


def _updated(trainer: Trainer) -> None:
    """An update at a rate of 0."""
    trainer.set_rates(0)
    trainer.batches.bring(0)
    trainer.network.loss_and_grad(*trainer.batches[0])
    trainer.stepper.step(0.0)


def _seconds(work: Callable[[], object]) -> float:
    """The median of some runs, after a first one that warms up."""
    work()
    taken: list[float] = []
    until = time.perf_counter() + SECONDS
    while len(taken) < UPDATES and (not taken or time.perf_counter() < until):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))


def said(seconds: float) -> str:
    """`3.1 s`, `12 min`, `4.5 h`."""
    if seconds < 0.1:
        return f"{number(1000 * seconds, 2)} ms"
    if seconds < 120:
        return f"{number(seconds, 2)} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * LONG else f"{seconds / 3600:.1f} h"

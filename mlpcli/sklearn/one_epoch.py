"""One epoch over some rows, after those over others: `partial_fit`, for rows that come bit by bit.

The first rows decide how inputs and targets are encoded. Optimizer, schedule, random numbers and the average
of the weights go on where the epoch before has left them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlpcli.arrays import Array
from mlpcli.config.load import Config
from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.parallel.thread_pool import ThreadPool
from mlpcli.run.experiment import Experiment, ExperimentEvaluator
from mlpcli.run.fit import trainer_of
from mlpcli.run.resources import Resources
from mlpcli.sklearn.arrays import Given
from mlpcli.sklearn.networks import TrainedNetwork, TrainedNetworks
from mlpcli.sklearn.training import start_from, study_of_arrays
from mlpcli.training.callbacks import Epoch, Observer
from mlpcli.training.loop import Trainer, fit


@dataclass(frozen=True, eq=False)
class Steps:
    """Where a training stands between two epochs: what `Trainer.state` says of it, in plain values."""

    arrays: Mapping[str, Array]
    values: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Going:
    """A network in training: what it predicts by now, and how it goes on; `steps` only after an epoch."""

    networks: TrainedNetworks
    steps: Steps | None = None


def train_one_epoch(
    config: Config, given: Given, going: Going | None, observers: Sequence[Observer] = ()
) -> Going:
    """One epoch over the rows; raises as `train_arrays` does."""
    before = None if going is None else going.networks
    study = study_of_arrays(config, given, before)
    resources = Resources.of(study.whole, None, 1)
    optimizer = config.spec.optimizer
    assert not isinstance(optimizer, QuasiNewtonSpec), "partial_fit is there for others alone"
    with resources.in_use(), resources.pool(ThreadPool) as pool:
        evaluator = ExperimentEvaluator.of(study.whole, pool)
        trainer = trainer_of(evaluator, optimizer, lambda: False, pool)
        if going is not None:
            _take_up(trainer, study.whole, going)
        fit(trainer, observers, last=len(trainer.history) + 1)
        arrays, values = trainer.state()
        steps = Steps({name: array.copy() for name, array in arrays.items()}, values)
        network = TrainedNetwork.of(study.whole, slice(0, study.whole.prepared.inputs.width))
    rows = [epoch.row() for epoch in trainer.history]
    inputs, decoder = study.whole.prepared.inputs, study.whole.decoder
    return Going(TrainedNetworks(inputs, (network,), decoder, rows, len(rows)), steps)


def _take_up(trainer: Trainer, experiment: Experiment, going: Going) -> None:
    """Go on from the last epoch: of `fit`, which leaves the weights alone, or of this function."""
    start_from(experiment, going.networks)
    history = [Epoch.of_row(row) for row in going.networks.history]
    if going.steps is None:
        trainer.history = history
        return
    values = dict(going.steps.values)
    if values["shuffling"] is None and trainer.shuffling is not None:
        # the rows of the epoch before were all in one batch
        values["shuffling"] = trainer.shuffling.bit_generator.state
    trainer.restore(going.steps.arrays, values, history)
    trainer.epochs = max(trainer.epochs, len(history) + 1)

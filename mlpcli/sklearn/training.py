"""Training on arrays, by the code that `mlp train` runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.calibration.calibrated import NOT_CALIBRATED
from mlpcli.config.calibration_rules import asked_for
from mlpcli.config.load import Config
from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.data.joined_encoder import joined
from mlpcli.errors import ConfigError
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.parallel.pool import WorkerPool
from mlpcli.parallel.thread_pool import ThreadPool
from mlpcli.run.calibrating import calibrate
from mlpcli.run.experiment import Experiment, ExperimentEvaluator
from mlpcli.run.fit import (
    FitResult,
    Watch,
    early_stopping_of,
    ending_after,
    fit_first_order,
    fit_quasi_newton,
    trainer_of,
)
from mlpcli.run.member import as_trained
from mlpcli.run.member_scores import MemberScores
from mlpcli.run.resources import Resources
from mlpcli.run.results import history_rows
from mlpcli.run.study import RunRows, Study, study_of_rows
from mlpcli.run.trained_study import TrainedStudy, refit_of
from mlpcli.sklearn.arrays import Given, Known, gather_arrays
from mlpcli.sklearn.networks import TrainedNetwork, TrainedNetworks
from mlpcli.sklearn.settings import PARAMETERS
from mlpcli.training.callbacks import Observer


def train_arrays(
    config: Config, given: Given, observers: Sequence[Observer] = (), before: TrainedNetworks | None = None
) -> TrainedNetworks:
    """Train the networks of a config on arrays, one after the other; observers hear of every epoch.

    A single network starts from the weights that it had `before`, and encodes as it did then. Raises the
    kinds of MlpError that `mlp train` does.
    """
    study = study_of_arrays(config, given, before)
    resources = Resources.of(study.whole, None, len(study.members))
    with resources.in_use(), resources.pool(ThreadPool) as pool:
        if before is not None:
            start_from(study.whole, before)
        first = _trained(study, pool, observers)
        again = refit_of(study, [one.fitted.best_epoch for one in first])
        kept = first if again is None else _trained(again, pool, observers)
    found = calibrate(_done(study, first)) if asked_for(config.spec) else NOT_CALIBRATED
    inputs = joined([one.experiment.prepared.inputs for one in kept])
    networks = [TrainedNetwork.of(one.experiment, own) for one, own in zip(kept, inputs.columns, strict=True)]
    fits = [one.fitted for one in first]
    return TrainedNetworks(
        inputs.inputs,
        tuple(replace(network, decoder=found.read_by(network.decoder)) for network in networks),
        found.read_by((again or study).whole.decoder),
        history_rows(study, fits),
        max(len(fitted.history) for fitted in fits),
        found.intervals,
        found.warnings,
    )


def study_of_arrays(config: Config, given: Given, before: TrainedNetworks | None = None) -> Study:
    """A run on arrays before its first update; what was fitted `before` stays as it was."""
    known = None if before is None else Known(before.inputs, before.decoder.target)
    with config.places():
        gathered = gather_arrays(config.spec, given, known)
    return study_of_rows(config, RunRows.of(config, gathered), MAX_PARAMETERS)


def start_from(experiment: Experiment, before: TrainedNetworks) -> None:
    """Give a network the weights that it had before; ConfigError where it is another one now."""
    network, (only,) = experiment.network, before.members
    if network.architecture != only.architecture:
        message = "the layers are not those of the network that is to go on"
        raise ConfigError.of(message, PARAMETERS, "fit a clone, whose weights start anew")
    network.load(only.arrays)


@dataclass(frozen=True, eq=False)
class _Trained:
    """A network with the weights that it is to have, how it came to them, and what it says, if asked."""

    experiment: Experiment
    fitted: FitResult
    scores: MemberScores


def _done(study: Study, trained: Sequence[_Trained]) -> TrainedStudy:
    """The run as those see it who fit something after the weights: by rows that its networks had not seen."""
    return TrainedStudy(study, [as_trained(one.experiment, one.fitted, one.scores) for one in trained])


def _trained(study: Study, pool: WorkerPool, observers: Sequence[Observer]) -> list[_Trained]:
    """Each network of a run, trained."""
    trained = []
    for member in study.members:
        last = () if member.most_epochs is None else (ending_after(member.most_epochs),)
        trained.append(_fit(member.make(), pool, (*observers, *last)))
    return trained


def _fit(experiment: Experiment, pool: WorkerPool, observers: Sequence[Observer]) -> _Trained:
    stopping, evaluator = early_stopping_of(experiment), ExperimentEvaluator.of(experiment, pool)
    optimizer = experiment.config.spec.optimizer
    if isinstance(optimizer, QuasiNewtonSpec):
        fitted = fit_quasi_newton(evaluator, optimizer, stopping, Watch(observers), pool)
    else:
        watch = Watch(observers)
        fitted = fit_first_order(
            trainer_of(evaluator, optimizer, watch.stop_requested, pool), stopping, watch
        )
    if stopping is not None:
        stopping.restore_best()
    parts = experiment.parts if asked_for(experiment.config.spec) else ()
    with np.errstate(all="ignore"):  # rows far outside of the training data may overflow
        scores = {part: evaluator.scores(part).copy() for part in parts}
    return _Trained(experiment, fitted, MemberScores(scores, experiment.decoder))

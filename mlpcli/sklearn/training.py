"""Training on arrays, by the code that `mlp train` runs."""

from __future__ import annotations

from mlpcli.config.load import Config
from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.data.joined_encoder import joined
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.parallel.pool import WorkerPool
from mlpcli.parallel.thread_pool import ThreadPool
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
from mlpcli.run.resources import Resources
from mlpcli.run.results import columns_of, history_frame, history_rows
from mlpcli.run.study import Study, study_of_rows
from mlpcli.run.trained_study import refit_of
from mlpcli.sklearn.arrays import Given, gather_arrays
from mlpcli.sklearn.networks import TrainedNetwork, TrainedNetworks


def train_arrays(config: Config, given: Given) -> TrainedNetworks:
    """Train the networks of a config on arrays, one after the other.

    Raises the kinds of MlpError that `mlp train` does.
    """
    with config.places():
        gathered = gather_arrays(config.spec, given)
    study = study_of_rows(config, gathered, MAX_PARAMETERS)
    resources = Resources.of(study.whole, None, len(study.members))
    with resources.in_use(), resources.pool(ThreadPool) as pool:
        experiments, fits = _trained(study, pool)
        again = refit_of(study, [fitted.best_epoch for fitted in fits])
        if again is not None:
            experiments, _ = _trained(again, pool)
    inputs = joined([experiment.prepared.inputs for experiment in experiments])
    columns = columns_of(study.whole, several=not study.is_single)
    return TrainedNetworks(
        inputs.inputs,
        tuple(map(TrainedNetwork.of, experiments, inputs.columns)),
        (again or study).whole.decoder,
        history_frame(history_rows(study, fits), columns),
        max(len(fitted.history) for fitted in fits),
    )


def _trained(study: Study, pool: WorkerPool) -> tuple[list[Experiment], list[FitResult]]:
    """Each network of a run, trained, and how that went."""
    experiments, fits = [], []
    for member in study.members:
        experiments.append(member.make())
        fits.append(_fit(experiments[-1], pool, member.most_epochs))
    return experiments, fits


def _fit(experiment: Experiment, pool: WorkerPool, most_epochs: int | None) -> FitResult:
    stopping, evaluator = early_stopping_of(experiment), ExperimentEvaluator.of(experiment, pool)
    optimizer = experiment.config.spec.optimizer
    if isinstance(optimizer, QuasiNewtonSpec):
        fitted = fit_quasi_newton(evaluator, optimizer, stopping, Watch(), pool)
    else:
        watch = Watch(() if most_epochs is None else (ending_after(most_epochs),))
        fitted = fit_first_order(
            trainer_of(evaluator, optimizer, watch.stop_requested, pool), stopping, watch
        )
    if stopping is not None:
        stopping.restore_best()
    return fitted

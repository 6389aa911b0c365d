"""Networks' trainings with what surrounds them: checkpoints, resuming, a stop on a signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.errors import UsageError
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.parallel.pool import WorkerPool
from mlpcli.run.by_epochs import ByEpochs, fit_by_epochs
from mlpcli.run.experiment import Experiment, ExperimentEvaluator
from mlpcli.run.fit import FitResult, Watch, early_stopping_of, fit_quasi_newton
from mlpcli.run.pace import Pace
from mlpcli.run.surroundings import Surroundings


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A network that trains within a run, with the one who evaluates it."""

    evaluator: ExperimentEvaluator
    around: Surroundings
    pool: WorkerPool

    @property
    def experiment(self) -> Experiment:
        """What is trained."""
        return self.evaluator.experiment

    def by_iterations(self, choice: QuasiNewtonSpec) -> FitResult:
        """Train by iterations over all rows."""
        around, stopping = self.around, early_stopping_of(self.experiment)
        if around.only_finish:
            message = f"--finish: {choice.name} keeps no checkpoint that a model could be made of"
            raise UsageError.of(message, hint="--resume alone trains it again from its start")
        with around.observing(choice.iterations, 0) as observer:
            watch = Watch((observer,), around.stop_requested)
            fitted = fit_quasi_newton(self.evaluator, choice, stopping, watch, self.pool)
        if around.stop_requested():
            again = "with --resume it is trained again from its start"
            raise InterruptedTaskError(f"iteration {len(fitted.history)}", again)
        if stopping is not None:
            stopping.restore_best()
        return fitted


def fit_all(runs: Sequence[TrainingRun]) -> list[FitResult]:
    """Train networks of one config; the weights are then those to be kept.

    Where a stop is asked for, states are saved and InterruptedTaskError raised. UsageError where what there
    is was to be finished, and there is nothing.
    """
    optimizer, pace = runs[0].experiment.config.spec.optimizer, Pace()
    if isinstance(optimizer, QuasiNewtonSpec):
        return [run.by_iterations(optimizer) for run in runs]
    return fit_by_epochs(
        [ByEpochs.begun(run.evaluator, optimizer, run.around, run.pool, pace) for run in runs]
    )

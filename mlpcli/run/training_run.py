"""One network's training with what surrounds it: checkpoints, resuming, a stop on a signal."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlpcli.config.optimizer_spec import FirstOrderSpec, QuasiNewtonSpec
from mlpcli.errors import UsageError
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.parallel.pool import WorkerPool
from mlpcli.run.experiment import Experiment, ExperimentEvaluator
from mlpcli.run.fit import (
    FitResult,
    Watch,
    early_stopping_of,
    fit_first_order,
    fit_quasi_newton,
    is_patient,
    trainer_of,
    what_there_is,
)
from mlpcli.run.resume import Checkpoints
from mlpcli.run.surroundings import Surroundings
from mlpcli.training.callbacks import EarlyStopping
from mlpcli.training.loop import InterruptedTrainingError, Trainer


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

    def fit(self) -> FitResult:
        """Train the network; the weights are then those to be kept.

        Where a stop is asked for, its state is saved and InterruptedTaskError raised. UsageError where what
        there is was to be finished, and there is nothing.
        """
        stopping = early_stopping_of(self.experiment)
        optimizer = self.experiment.config.spec.optimizer
        if isinstance(optimizer, QuasiNewtonSpec):
            fitted = self._by_iterations(optimizer, stopping)
        else:
            fitted = self._by_epochs(optimizer, stopping)
        if stopping is not None:
            stopping.restore_best()
        return fitted

    def _by_iterations(self, choice: QuasiNewtonSpec, stopping: EarlyStopping | None) -> FitResult:
        around = self.around
        if around.only_finish:
            message = f"--finish: {choice.name} keeps no checkpoint that a model could be made of"
            raise UsageError.of(message, hint="--resume alone trains it again from its start")
        with around.observing(choice.iterations, 0) as observer:
            watch = Watch((observer,), around.stop_requested)
            fitted = fit_quasi_newton(self.evaluator, choice, stopping, watch, self.pool)
        if around.stop_requested():
            again = "with --resume it is trained again from its start"
            raise InterruptedTaskError(f"iteration {len(fitted.history)}", again)
        return fitted

    def _by_epochs(self, choice: FirstOrderSpec, stopping: EarlyStopping | None) -> FitResult:
        around = self.around
        trainer = trainer_of(self.evaluator, choice, around.stop_requested, self.pool)
        checkpoints = Checkpoints(self.experiment, trainer, stopping, around)
        resumed, done = checkpoints.resume(), len(trainer.history)
        last = min(trainer.epochs, around.most_epochs or trainer.epochs)
        if around.only_finish and done < last and is_patient(stopping):
            self._require_an_epoch(done)
            return what_there_is(trainer, stopping)
        if resumed and done < last:
            around.console.note(f"going on after epoch {done}")
        try:
            with around.observing(last, done) as observer:
                watch = Watch((observer, checkpoints), around.stop_requested)
                fitted = fit_first_order(trainer, stopping, watch, last)
        except InterruptedTrainingError:
            raise self._saved(trainer, checkpoints) from None
        if len(trainer.history) > done:
            checkpoints.try_to_save()
        return replace(fitted, past=done)

    def _require_an_epoch(self, done: int) -> None:
        if not done:
            name = self.around.run.output.name
            message = f"--finish: the run in {name} was stopped before its first epoch ended"
            raise UsageError.of(message, hint="there is nothing to make a model of: --resume alone goes on")

    def _saved(self, trainer: Trainer, checkpoints: Checkpoints) -> InterruptedTaskError:
        checkpoints.save()
        now = ", or make a model of what there is with --resume --finish" if trainer.history else ""
        return InterruptedTaskError(
            f"epoch {len(trainer.history) + 1}", f"go on from there with --resume{now}"
        )

"""One training with what surrounds it: progress, checkpoints, resuming, a stop on a signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from mlpcli.artifacts.model_file import read_model
from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.artifacts.run_files import Artifact
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.artifacts.strict_json import loads
from mlpcli.config.optimizer_spec import FirstOrderSpec, QuasiNewtonSpec
from mlpcli.errors import UsageError
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
from mlpcli.run.resolved_config import resolved_text
from mlpcli.run.resume import Checkpoints, refuse_other_model
from mlpcli.signals import StoppedBySignal, StopRequest
from mlpcli.terminal.console import Console
from mlpcli.terminal.progress import progress
from mlpcli.training.callbacks import EarlyStopping
from mlpcli.training.loop import InterruptedTrainingError, Trainer

LAST_FILE: Artifact = "config.yaml"  # of those that every finished run has, the one written last
ALWAYS: tuple[Artifact, ...] = ("model.npz", "history.csv", "metrics.json", LAST_FILE)


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """An experiment that trains in its run directory, with the one who evaluates it.

    `only_finish` takes a stopped run as it is: no update more. UsageError where there is nothing yet.
    """

    evaluator: ExperimentEvaluator
    run: RunDirectory
    threads: int
    console: Console
    stop: StopRequest
    pool: WorkerPool
    only_finish: bool = False

    @property
    def experiment(self) -> Experiment:
        """What is trained."""
        return self.evaluator.experiment

    def fit(self) -> FitResult | None:
        """Train the experiment's network; None where the directory's run, which goes on, is already finished.

        Where a signal ends the training, its state is saved and StoppedBySignal is raised.
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

    def _by_iterations(self, choice: QuasiNewtonSpec, stopping: EarlyStopping | None) -> FitResult | None:
        if self._is_whole():
            refuse_other_model(self.experiment, read_model(self.run.path / "model.npz").meta)
        if self._is_finished():
            return None
        if self.only_finish:
            message = f"--finish: {choice.name} keeps no checkpoint that a model could be made of"
            raise UsageError.of(message, hint="--resume alone trains it again from its start")
        with progress(self.console, choice.iterations) as observer:
            fitted = fit_quasi_newton(
                self.evaluator, choice, stopping, Watch((observer,), self.stop), self.pool
            )
        if self.stop.signal is not None:
            self._die(f"iteration {len(fitted.history)}", "with --resume it is trained again from its start")
        return fitted

    def _by_epochs(self, choice: FirstOrderSpec, stopping: EarlyStopping | None) -> FitResult | None:
        trainer = trainer_of(self.evaluator, choice, self.stop, self.pool)
        checkpoints = Checkpoints(self.run, self.experiment, trainer, stopping, self.threads, self.console)
        resumed, done = checkpoints.resume(), len(trainer.history)
        if self.only_finish and done < trainer.epochs and is_patient(stopping):
            self._require_an_epoch(done)
            return what_there_is(trainer, stopping)
        if resumed and done < trainer.epochs:
            self.console.note(f"going on after epoch {done}")
        try:
            with progress(self.console, trainer.epochs, done) as observer:
                fitted = fit_first_order(trainer, stopping, Watch((observer, checkpoints), self.stop))
        except InterruptedTrainingError:
            self._save_and_die(trainer, checkpoints)
        if len(trainer.history) == done and self._is_finished() and self._epochs_written() == done:
            return None
        checkpoints.try_to_save()
        return fitted

    def _is_finished(self) -> bool:
        """Whether the directory holds everything of this very run: its last file says so.

        The files of a run that was finished and then went on with more epochs say something else.
        """
        if not self._is_whole():
            return False
        return self.run.read(LAST_FILE) == resolved_text(self.experiment, self.run.output).encode()

    def _epochs_written(self) -> int | None:
        """Of how many epochs the results are: of fewer, where a run was finished by hand and then went on."""
        try:
            return loads(self.run.read("metrics.json")).get("epochs")
        except FileFormatError:
            return None

    def _require_an_epoch(self, done: int) -> None:
        if not done:
            message = f"--finish: the run in {self.run.output.name} was stopped before its first epoch ended"
            raise UsageError.of(message, hint="there is nothing to make a model of: --resume alone goes on")

    def _is_whole(self) -> bool:
        """Whether some run was finished here, and nothing of it has been lost."""
        return all(map(self.run.has, ALWAYS))

    def _save_and_die(self, trainer: Trainer, checkpoints: Checkpoints) -> NoReturn:
        checkpoints.save()
        now = ", or make a model of what there is with --resume --finish" if trainer.history else ""
        self._die(f"epoch {len(trainer.history) + 1}", f"go on from there with --resume{now}")

    def _die(self, where: str, what_next: str) -> NoReturn:
        assert self.stop.signal is not None
        self.console.warn(f"stopped in {where} by {self.stop.signal.name}: {what_next}")
        raise StoppedBySignal(self.stop.signal)

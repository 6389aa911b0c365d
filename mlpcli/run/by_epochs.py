"""Trainings by epochs within a run, of one network or of several: begun, watched, ended, saved."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from mlpcli.config.optimizer_spec import FirstOrderSpec
from mlpcli.errors import UsageError
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.parallel.pool import WorkerPool
from mlpcli.run.experiment import ExperimentEvaluator
from mlpcli.run.fit import (
    FitResult,
    Watch,
    early_stopping_of,
    ending_after,
    is_patient,
    trainer_of,
    what_came_of,
    what_there_is,
)
from mlpcli.run.pace import Pace
from mlpcli.run.resume import Checkpoints
from mlpcli.run.surroundings import Surroundings
from mlpcli.terminal.console import counted
from mlpcli.training.callbacks import EarlyStopping, Observer
from mlpcli.training.loop import InterruptedTrainingError, Trainer
from mlpcli.training.together import fit_together


@dataclass(frozen=True, eq=False)
class ByEpochs:
    """A network's training, as it was left or before its first update; `past` epochs are over.

    `watching` is whoever has to be told when it ends.
    """

    around: Surroundings
    trainer: Trainer
    stopping: EarlyStopping | None
    checkpoints: Checkpoints
    past: int
    watching: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def begun(
        cls,
        evaluator: ExperimentEvaluator,
        choice: FirstOrderSpec,
        around: Surroundings,
        pool: WorkerPool,
        pace: Pace,
    ) -> ByEpochs:
        """Taken up where its checkpoint left it; UsageError where there is nothing to be finished."""
        stopping = early_stopping_of(evaluator.experiment)
        trainer = trainer_of(evaluator, choice, around.stop_requested, pool)
        checkpoints = Checkpoints(evaluator.experiment, trainer, stopping, around, pace)
        resumed = checkpoints.resume()
        training = cls(around, trainer, stopping, checkpoints, len(trainer.history))
        if training.is_left_as_it_is:
            training.require_an_epoch()
            return training
        if around.most_epochs is not None and training.past < training.last:
            rows, epochs = counted(len(evaluator.experiment.training), "row"), counted(training.last, "epoch")
            around.console.note(f"training again on {rows} for {epochs}")
        if resumed and training.past < training.last:
            around.console.note(f"going on after epoch {training.past}")
        return training

    @property
    def last(self) -> int:
        """The epoch after which it ends."""
        return min(self.trainer.epochs, self.around.most_epochs or self.trainer.epochs)

    @property
    def goes_on(self) -> bool:
        """Whether there are epochs to come."""
        return self.past < self.last and is_patient(self.stopping) and not self.around.only_finish

    @property
    def is_left_as_it_is(self) -> bool:
        """Whether it would go on, and is not to."""
        return self.around.only_finish and self.past < self.last and is_patient(self.stopping)

    def require_an_epoch(self) -> None:
        """Raise UsageError where there is nothing that a model could be made of."""
        if not self.past:
            name = self.around.run.output.name
            message = f"--finish: the run in {name} was stopped before its first epoch ended"
            raise UsageError.of(message, hint="there is nothing to make a model of: --resume alone goes on")

    def watched(self) -> tuple[Observer, ...]:
        """Who is told of every epoch, from now on until it ends."""
        observer = self.watching.enter_context(self.around.observing(self.last, self.past))
        return Watch((observer, self.checkpoints, ending_after(self.last))).after(self.stopping)

    def ended(self) -> FitResult:
        """What came of it: saved, and the weights are then those to be kept."""
        if self.is_left_as_it_is:
            fitted = what_there_is(self.trainer, self.stopping)
        else:
            self.watching.close()
            if len(self.trainer.history) > self.past:
                self.checkpoints.try_to_save()
            fitted = replace(what_came_of(self.trainer, self.stopping), past=self.past)
            if len(self.trainer.history) < self.last:  # by early stopping, or by whoever watches
                fitted = replace(fitted, status="early_stopped")
        if self.stopping is not None:
            self.stopping.restore_best()
        return fitted


def fit_by_epochs(trainings: Sequence[ByEpochs]) -> list[FitResult]:
    """Let trainings of one config come to their ends, those together that can be.

    Where a stop is asked for, the states of those that have not ended are saved and InterruptedTaskError
    raised.
    """
    results: dict[ByEpochs, FitResult] = {}
    going = [one for one in trainings if one.goes_on]

    def ended(number: int) -> None:
        results[going[number]] = going[number].ended()

    try:
        with ExitStack() as stack:
            for one in trainings:
                stack.push(one.watching)
            observers = {one: one.watched() for one in trainings if not one.is_left_as_it_is}
            results |= {one: one.ended() for one in trainings if not one.goes_on}
            watching = [observers[one] for one in going]
            fit_together([one.trainer for one in going], watching, max(one.last for one in trainings), ended)
    except InterruptedTrainingError:
        raise saved([one for one in going if one not in results]) from None
    return [results[one] for one in trainings]


def saved(trainings: Sequence[ByEpochs]) -> InterruptedTaskError:
    """Save them; what there is to say of it."""
    for one in trainings:
        one.checkpoints.save()
    histories = [one.trainer.history for one in trainings]
    now = ", or make a model of what there is with --resume --finish" if all(histories) else ""
    again = "" if trainings[0].around.most_epochs is None else " of the refit"
    return InterruptedTaskError(
        f"epoch {len(histories[0]) + 1}{again}", f"go on from there with --resume{now}"
    )

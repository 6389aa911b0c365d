"""Training an experiment with the optimizer that its config names, watched by what its config asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mlpcli.config.fading_spec import decay_of, dropout_of
from mlpcli.config.optimizer_spec import FirstOrderSpec, QuasiNewtonSpec
from mlpcli.config.shuffle_spec import rows_of_block
from mlpcli.config.spec import Spec
from mlpcli.optim import first_order, schedules
from mlpcli.optim.average import WeightAverage
from mlpcli.optim.moment import SHARES, Fading
from mlpcli.optim.plateau import Direction
from mlpcli.optim.stepper import Stepper
from mlpcli.parallel.pool import WorkerPool
from mlpcli.rng import stream
from mlpcli.run.experiment import Experiment, ExperimentEvaluator
from mlpcli.run.limits import rows_per_step
from mlpcli.training.callbacks import EarlyStopping, Epoch, Observer
from mlpcli.training.full_batch import FullBatch, fit_full_batch
from mlpcli.training.loop import StopRequested, Trainer, fit
from mlpcli.training.metrics import greater_is_better


@dataclass(frozen=True, eq=False)
class FitResult:
    """What training came to: its history, whose epoch the weights are, how it ended.

    `chosen`: the best epoch, where early stopping has put its weights back. `status`: `finished`,
    `early_stopped`, or `stopped` by a person. And what else one should know, or be warned of.
    `past`: how many epochs there were before this time.
    """

    history: list[Epoch]
    chosen: int | None
    status: str
    remark: str | None = None
    warning: str | None = None
    past: int = 0

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights these are: the last one, unless one was chosen."""
        return self.chosen or len(self.history)


@dataclass(frozen=True, eq=False)
class Watch:
    """Who is told of every epoch, and who may ask for a stop between two batches."""

    observers: Iterable[Observer] = ()
    stop_requested: StopRequested = field(default=lambda: False)

    def after(self, stopping: EarlyStopping | None) -> tuple[Observer, ...]:
        """All observers; early stopping is the first to hear."""
        return tuple(self.observers) if stopping is None else (stopping, *self.observers)


def trainer_of(
    evaluator: ExperimentEvaluator, choice: FirstOrderSpec, stop_requested: StopRequested, pool: WorkerPool
) -> Trainer:
    """The first-order trainer of an evaluator's experiment, before its first update."""
    experiment = evaluator.experiment
    spec, network = experiment.config.spec, experiment.network
    layout, average = network.layout, spec.training.average
    optimizer, n_weights = first_order.build(choice, layout.slots), layout.n_weights
    monitor = spec.schedule.monitor if spec.schedule.name == "plateau" else None
    direction: Direction = "max" if monitor is not None and greater_is_better(monitor) else "min"
    size = rows_per_step(experiment.config, len(experiment.training))
    shuffled = spec.training.shuffle is not False and size < len(experiment.training)
    return Trainer(
        network=network,
        batches=experiment.training.batches(size, pool, rows_of_block(spec.training.shuffle)),
        stepper=Stepper(optimizer, network.theta, network.grad, n_weights, spec.training.clip_norm),
        schedule=schedules.build(spec.schedule, choice.learning_rate, direction),
        evaluator=evaluator,
        epochs=spec.training.epochs,
        shuffling=stream(spec.seed, "shuffling") if shuffled else None,
        schedule_monitor=monitor,
        fading=fading_of(spec),
        average=None if average is None else WeightAverage(network.state, average.ema),
        stop_requested=stop_requested,
        pool=pool,
    )


def fading_of(spec: Spec) -> Fading | None:
    """What schedules leave of dropout and weight decay; None where neither has one, which is all of it."""
    decay = None if isinstance(spec.optimizer, QuasiNewtonSpec) else decay_of(spec.optimizer.weight_decay)
    dropout, of_decay = dropout_of(spec.model.dropout).schedule, decay.schedule if decay else "constant"
    return None if {dropout, of_decay} == {"constant"} else Fading(SHARES[dropout], SHARES[of_decay])


def early_stopping_of(experiment: Experiment) -> EarlyStopping | None:
    """The observer that the config asks for, if any."""
    asked = experiment.config.spec.training.early_stopping
    if asked is None:
        return None
    return EarlyStopping(
        theta=experiment.network.state,
        monitor=asked.monitor,
        greater_is_better=greater_is_better(asked.monitor),
        patience=None if asked.patience == "none" else asked.patience,
        min_delta=asked.min_delta,
        keep_last=asked.keep == "last",
    )


def fit_first_order(trainer: Trainer, stopping: EarlyStopping | None, watch: Watch) -> FitResult:
    """Train by epochs. The weights are the last ones: `stopping` still has the best."""
    fit(trainer, watch.after(stopping))
    return what_came_of(trainer, stopping)


def ending_after(last: int) -> Observer:
    """An observer that ends a training after that epoch, though the schedule goes on to more."""
    return lambda epoch: epoch.epoch >= last


def what_came_of(trainer: Trainer, stopping: EarlyStopping | None) -> FitResult:
    """A training by epochs that has come to its end, or that early stopping has ended."""
    return _fitted(trainer.history, stopping, "finished" if is_patient(stopping) else "early_stopped")


def is_patient(stopping: EarlyStopping | None) -> bool:
    """Whether early stopping would go on, if there is any."""
    return stopping is None or stopping.is_patient


def what_there_is(trainer: Trainer, stopping: EarlyStopping | None) -> FitResult:
    """A training that goes no further than it is: no update more."""
    trainer.show_average(True)
    done = f"epoch {len(trainer.history):,} of {trainer.epochs:,}"
    if trainer.batch:
        done += f" and {trainer.batch:,} of {len(trainer.batches):,} batches of the next"
    remark = f"the model of what there is after {done}; --resume goes on"
    return replace(_fitted(trainer.history, stopping, "stopped"), remark=remark)


def fit_quasi_newton(
    evaluator: ExperimentEvaluator,
    choice: QuasiNewtonSpec,
    stopping: EarlyStopping | None,
    watch: Watch,
    pool: WorkerPool,
) -> FitResult:
    """Train by iterations over all rows, until the tolerance, their number, or early stopping."""
    experiment = evaluator.experiment
    problem = FullBatch(experiment.network, experiment.training, evaluator, watch.stop_requested, pool)
    outcome = fit_full_batch(problem, choice, watch.after(stopping))
    early = outcome.reason == "stopped" and not watch.stop_requested()
    fitted = _fitted(problem.history, stopping, "early_stopped" if early else "finished")
    ends = {
        "converged": f"converged: largest gradient {outcome.max_gradient:.2g}",
        "iterations": f"reached {outcome.iterations} iterations",
        "precision": "no further decrease can be found in floating point",
    }
    return replace(fitted, remark=ends.get(outcome.reason))


def _fitted(history: list[Epoch], stopping: EarlyStopping | None, status: str) -> FitResult:
    if stopping is None:
        return FitResult(history, None, status)
    blind = f"{stopping.monitor} has no value in any epoch: early stopping had nothing to go by"
    warning = blind if stopping.best is None else None
    return FitResult(history, stopping.best_epoch or None, status, warning=warning)

"""The training loop: batches, updates, epochs, and nothing that is not needed to read it in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import nan
from typing import Any, Protocol

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import DivergedError
from mlpcli.nn.network import Network
from mlpcli.optim.average import WeightAverage
from mlpcli.optim.moment import Fading, Moment
from mlpcli.optim.schedules import Schedule
from mlpcli.optim.stepper import Stepper
from mlpcli.parallel.pool import SerialPool, WorkerPool
from mlpcli.training.callbacks import Epoch, Observer, Values
from mlpcli.training.data_parallel import diverged, first_bad, gradient_job, is_finite
from mlpcli.training.numbered import BatchesOfEpoch

OPTIMIZER = "optimizer."  # what the names of the optimizer's arrays begin with in a state
AVERAGE = "average"  # the name of the mean of the weights there

StopRequested = Callable[[], bool]


class Evaluator(Protocol):
    """Says what the weights, as they then are, are worth on a part of the data: losses without penalties."""

    def metrics(self, part: str, /) -> Values: ...

    def loss_and_metrics(self, part: str, /) -> tuple[float, Values]: ...

    def validation(self) -> tuple[float | None, Values]:
        """Loss and metrics of the validation rows: None without any, a loss of nan where it is none."""


class InterruptedTrainingError(Exception):
    """A signal asked for a stop; the batch under way was finished."""


@dataclass(eq=False)
class Trainer:
    """First-order training of one network: everything that the next update depends on.

    `shuffling` orders the rows of every epoch anew; None keeps the order of the file. `schedule_monitor`
    names the quantity that the schedule wants to hear of, if any. `fading` says what is left of dropout and
    weight decay at every update. `stop_requested` is asked after every update, which the `pool` shares in.
    The `average` of the weights is what an epoch is judged by, and what `network` holds from the end of one
    to the beginning of the next; the losses of batches are those of the weights themselves. Where an epoch
    has been left half way, `batch` counts its updates and `loss_sum` the row-weighted losses so far; `order`
    is the generator's state from before its shuffle.
    """

    network: Network
    batches: BatchesOfEpoch
    stepper: Stepper
    schedule: Schedule
    evaluator: Evaluator
    epochs: int
    shuffling: np.random.Generator | None = None
    schedule_monitor: str | None = None
    fading: Fading | None = None
    average: WeightAverage | None = None
    stop_requested: StopRequested = lambda: False
    pool: WorkerPool = field(default_factory=SerialPool)
    history: list[Epoch] = field(default_factory=list)
    batch: int = 0
    loss_sum: float = 0.0
    order: Mapping[str, Any] | None = None
    rate: float = 0.0

    def __post_init__(self) -> None:
        self._loss_and_grad = gradient_job(self.network, self.batches, self.pool)
        self.stepper.share_with(self.pool)
        if self.average is not None:
            self.average.share_with(self.pool)

    def run_epoch(self) -> Epoch:
        """The updates of one epoch, or what is left of it, and its record.

        Raises DivergedError, and InterruptedTrainingError after the batch in which a stop was asked for.
        """
        self.begin_epoch()
        for index in range(self.batch, len(self.batches)):
            self.update(index)
            if self.stop_requested():
                self.require_finite()
                raise InterruptedTrainingError
        return self.finish_epoch()

    def begin_epoch(self) -> None:
        """The weights themselves, and the rows in a new order."""
        self.show_average(False)
        if self.shuffling is not None:
            self.order = self.shuffling.bit_generator.state
            self.batches.shuffle(self.shuffling)

    def update(self, index: int) -> None:
        """One batch: loss and gradient, checked before they change a weight, then a step."""
        decay = self.set_rates(index)
        self.batches.bring(index)
        loss, finite = self._loss_and_grad(index)
        if not finite:
            raise self.divergence(index, loss)
        self.stepper.step(self.rate, decay)
        if self.average is not None:
            self.average.update(self.stepper.t)
        self.count(index, loss)

    def set_rates(self, index: int) -> float:
        """The rate of batch `index` (from 0), the share of dropout; returns that of the weight decay."""
        now = len(self.history) + 1, index + 1, len(self.batches), self.epochs
        self.rate = self.schedule.rate(*now)
        if self.fading is None:
            return 1.0
        t = Moment(*now).t
        self.network.dropout_share.fill(self.fading.dropout(t))
        return self.fading.decay(t)

    def count(self, index: int, loss: float) -> None:
        """Batch `index` is done."""
        self.loss_sum += loss * self.batches.rows_of(index)
        self.batch = index + 1

    def finish_epoch(self) -> Epoch:
        """The record of an epoch whose updates are done."""
        self.require_finite()
        self.pool.require_same(self.network.state, f"epoch {len(self.history) + 1}")
        self.show_average(True)
        metrics, (val_loss, val_metrics) = self.evaluator.metrics("train"), self.evaluator.validation()
        loss = self.loss_sum / self.batches.rows
        record = Epoch(len(self.history) + 1, loss, self.rate, metrics, val_loss, val_metrics)
        self.history.append(record)
        if self.schedule_monitor is not None:
            value = record.quantity(self.schedule_monitor)
            self.schedule.observe(nan if value is None else value)
        self.batch, self.loss_sum, self.order = 0, 0.0, None
        return record

    def show_average(self, shown: bool) -> None:
        """Let the network be the average of its weights, where there is one, or the weights themselves."""
        if self.average is not None:
            self.average.show(shown)

    def require_finite(self) -> None:
        """Raise DivergedError for weights that are not finite: they are never recorded, never saved."""
        if not is_finite(self.network.state):
            raise self.divergence(self.batch - 1, self.loss_sum / self.batches.rows)

    def divergence(self, index: int, loss: float) -> DivergedError:
        """The error for batch `index` (from 0), naming the first array that is not finite."""
        network, layout = self.network, self.network.layout
        where = f"epoch {len(self.history) + 1}, batch {index + 1}"
        weight, gradient = first_bad(layout, network.theta), first_bad(layout, network.grad)
        gathered = first_bad(network.architecture.statistics(), network.state[layout.size :])
        if weight is not None:
            what = f"weight {weight} is not finite"
        elif gradient is not None:
            what = f"the gradient of {gradient} is not finite"
        elif gathered is not None:
            what = f"{gathered} is not finite"
        else:
            what = "the loss is not finite"
        return diverged(where, f"{what} (loss {loss:g})", self.rate)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """What the next update depends on besides data and config: arrays by name, and plain values."""
        arrays: dict[str, Array] = {"theta": self.network.state}
        if self.average is not None:
            arrays |= {"theta": self.average.theta, AVERAGE: self.average.mean}
        arrays |= {OPTIMIZER + name: array for name, array in self.stepper.state().items()}
        return arrays, {
            "batch": self.batch,
            "loss_sum": self.loss_sum,
            "rate": self.rate,
            "order": self.order,
            "shuffling": None if self.shuffling is None else self.shuffling.bit_generator.state,
            "dropout": self.network.rng.bit_generator.state,
            "schedule": self.schedule.state(),
        }

    def restore(
        self, arrays: Mapping[str, Array], state: Mapping[str, Any], history: Iterable[Epoch]
    ) -> None:
        """Go on from what `state` gave after the epochs of `history`."""
        if self.average is None:
            np.copyto(self.network.state, arrays["theta"])
        else:
            self.average.restore(arrays["theta"], arrays[AVERAGE])
        steps = self.stepper.state()
        self.stepper.restore({name: arrays[OPTIMIZER + name].reshape(a.shape) for name, a in steps.items()})
        self.schedule.restore(state["schedule"])
        self.history = list(history)
        self.batch, self.loss_sum, self.rate = state["batch"], state["loss_sum"], state["rate"]
        self.order = state["order"]
        self.show_average(not self.batch)
        self.network.rng.bit_generator.state = state["dropout"]
        if self.shuffling is not None:
            # an epoch that was left half way is shuffled again, from the state before its shuffle
            self.shuffling.bit_generator.state = self.order or state["shuffling"]


def fit(trainer: Trainer, observers: Iterable[Observer] = (), last: int | None = None) -> bool:
    """Train until the epochs are done, or the `last` one, or an observer says stop; whether one did.

    Every observer sees every epoch, in the order given.
    """
    observers, last = tuple(observers), trainer.epochs if last is None else last
    with np.errstate(all="ignore"):  # overflow is looked for where it matters, in `Trainer.update`
        while len(trainer.history) < last:
            record = trainer.run_epoch()
            answers = [observer(record) for observer in observers]
            if any(answers):
                return True
    return False

"""Training by quasi-Newton methods: every evaluation sees every row, every iteration is a history row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite

from mlpcli.nn.network import Network
from mlpcli.optim.quasi_newton import Objective, Outcome, QuasiNewtonChoice, minimize
from mlpcli.parallel.pool import SerialPool, WorkerPool
from mlpcli.training.batches import Part
from mlpcli.training.callbacks import Epoch, Observer
from mlpcli.training.data_parallel import diverged, first_bad, gradient_job
from mlpcli.training.loop import Evaluator, StopRequested


@dataclass(eq=False)
class FullBatch:
    """The objective of all training rows at once, penalties included, and the record of its iterations.

    The running statistics of batch_norm are those of all rows at the accepted point: there is no other
    batch, and so the network that is evaluated is the very one that is minimised.
    """

    network: Network
    part: Part
    evaluator: Evaluator
    stop_requested: StopRequested
    pool: WorkerPool = field(default_factory=SerialPool)
    history: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._loss_and_grad = gradient_job(self.network, self.part.as_one_batch(self.pool), self.pool)

    def evaluate(self) -> float:
        """Loss and penalties at `theta`; their gradient into `grad`.

        A trial point of a line search may overflow: SciPy takes an infinite value as too far. Raises
        DivergedError until a first point has been accepted: the start itself may be at fault.
        """
        loss, finite = self._loss_and_grad(0)
        value = loss + self.network.penalty_value()
        if finite and isfinite(value):
            return value
        if not self.history:
            bad = first_bad(self.network.layout, self.network.grad) or "the loss"
            raise diverged("the first iteration", f"{bad} is not finite (loss {loss:g})", None)
        return float("inf")

    def record(self, iteration: int) -> Epoch:
        """The history row of an accepted point: the loss there, without penalties."""
        self.adopt_statistics()
        self.pool.require_same(self.network.state, f"iteration {iteration}")
        loss, metrics = self.evaluator.loss_and_metrics("train")
        val_loss, val_metrics = self.evaluator.validation()
        epoch = Epoch(iteration, loss, None, metrics, val_loss, val_metrics)
        self.history.append(epoch)
        return epoch

    def adopt_statistics(self) -> None:
        """Make the statistics of all rows at the point as it is the running ones."""
        network = self.network
        if network.statistics:
            if self.pool.leads:
                network.adopt_statistics(len(self.part))
            self.pool.spread(network.state[network.layout.size :])


def fit_full_batch(
    problem: FullBatch, choice: QuasiNewtonChoice, observers: Iterable[Observer] = ()
) -> Outcome:
    """Minimise until the tolerance, the iterations or an observer ends it.

    A search that ends where it starts has accepted that point: it is the only record of the history.
    """
    observers = tuple(observers)

    def observe(iteration: int, _loss: float, _max_gradient: float) -> bool:
        record = problem.record(iteration)
        answers = [observer(record) for observer in observers]
        return any(answers) or problem.stop_requested()

    network = problem.network
    outcome = minimize(choice, Objective(problem.evaluate, network.theta, network.grad), observe)
    if not problem.history:
        observe(1, outcome.loss, outcome.max_gradient)
    problem.adopt_statistics()
    return outcome

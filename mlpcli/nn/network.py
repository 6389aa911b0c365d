"""The network: one vector of parameters, one of gradients, and the loss that connects them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.evaluation import CHUNK, Evaluation
from mlpcli.nn.initializers import Draw
from mlpcli.nn.layers import Draws
from mlpcli.nn.losses import Loss
from mlpcli.nn.outputs import outputs_of
from mlpcli.nn.penalty import NO_PENALTY, Penalty
from mlpcli.nn.plan import Plan
from mlpcli.nn.planner import Arrays, Planner
from mlpcli.nn.total_loss import total_loss
from mlpcli.parallel import threads

Zeros: TypeAlias = Callable[[tuple[int, ...], np.dtype[Any]], Array]


class Network:
    """Parameters `theta` and their gradient `grad`, flat vectors of one dtype that are never reallocated.

    `parameters` and `gradients` are named views into them: `layers.0.weight` (inputs, outputs),
    `layers.0.bias` (outputs,), and so on. `statistics` are what training gathers and does not learn, the
    running means and variances of batch_norm; `state` is one vector of `theta` and these. Dropout masks come
    from `rng`, at a share of their rates that is in `dropout_share` (1,). It and the two vectors come from
    `zeros`: somewhere that everybody sees who computes with them.
    """

    def __init__(
        self,
        architecture: Architecture,
        loss: Loss,
        penalty: Penalty = NO_PENALTY,
        dtype: npt.DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
        zeros: Zeros = np.zeros,
    ) -> None:
        self.architecture = architecture
        self.loss = loss
        self.penalty = penalty
        self.dtype = np.dtype(dtype)
        self.layout = architecture.layout()
        self.rng = rng if rng is not None else np.random.default_rng(0)
        self._zeros = zeros
        self.dropout_share = zeros((1,), np.dtype(np.float64))
        self.dropout_share.fill(1.0)
        self.grad: Vector = zeros((self.layout.size,), self.dtype)
        self.gradients = self.layout.views(self.grad)
        self._stand_on(zeros((self.layout.size + architecture.statistics().size,), self.dtype))
        self._training: dict[tuple[int, int], Plan] = {}
        penalised = self.layout.n_weights if penalty.l1 or penalty.l2 else 0
        self._scratch = np.empty(penalised, self.dtype)

    def _stand_on(self, state: Vector) -> None:
        """Make these the parameters and statistics, before there is any plan."""
        self.state: Vector = state
        self.theta: Vector = state[: self.layout.size]
        self.parameters = self.layout.views(self.theta)
        self.statistics = self.architecture.statistics().views(state[self.layout.size :])
        arrays = Arrays(self.parameters, self.gradients, self.statistics)
        self._planner = Planner(self.architecture, self.loss, arrays, self.rng)
        own = () if self.architecture.numeric_embedding else pairwise(self.architecture.widths)
        self._evaluation = Evaluation(self._planner.evaluation, [n * m for n, m in own])

    def twin(self) -> Network:
        """A network over the very same parameters whose gradient, plans and random numbers are its own.

        The penalties are left to this one: gradients of parts of a batch add up to that of the batch.
        """
        other = Network(self.architecture, self.loss, dtype=self.dtype, zeros=self._zeros)
        other._stand_on(self.state)
        other.dropout_share = self.dropout_share
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what it was made of and its state; views and plans are made anew over that."""
        return _remade, (
            self.architecture,
            self.loss,
            self.penalty,
            self.dtype,
            (self.rng, self.state),
        )

    @property
    def drops_out(self) -> bool:
        """Whether training draws random numbers."""
        return any(self.architecture.dropout)

    def initialize(self, draw: Draw, rng: np.random.Generator, draw_bias: Draw | None = None) -> None:
        """Starting weights from `draw`; biases zero, or from `draw_bias`; the rest as each kind has it."""
        draws, entries = Draws(rng, draw, draw_bias), self.architecture.entries()
        for name, array in self.arrays().items():
            array[...] = entries[name].start(draws)

    def training_plan(self, rows: int, batch: int | None = None) -> Plan:
        """The plan for `rows` rows of a `batch`, all of it by default; an epoch has at most two sizes."""
        size = rows, batch or rows
        if size not in self._training:
            self._training[size] = self._planner.training(*size)
        return self._training[size]

    def loss_and_grad(
        self, x: Matrix, y: Matrix, weights: Matrix | None = None, batch: int | None = None
    ) -> float:
        """The loss of a batch, penalties not included; the gradient of loss and penalties into `grad`.

        x (rows, inputs), y (rows, outputs) as `loss.prepare` made it, weights (rows, 1). Of rows that are
        only a part of a `batch` of so many, their share in its loss. The statistics of the batch count in the
        running ones.
        """
        plan = self.training_plan(len(x), batch)
        plan.draw_masks(self.dropout_share.item())
        loss = self.objective_parts(plan, x, y, weights)
        plan.gather_statistics()
        return loss

    def adopt_statistics(self, rows: int) -> None:
        """Make the statistics of the last batch, of so many rows, the running ones: it is always the same."""
        if self.statistics:
            self.training_plan(rows).adopt_statistics()

    def objective_parts(self, plan: Plan, x: Matrix, y: Matrix, weights: Matrix | None) -> float:
        """`loss_and_grad` with the dropout masks that `plan` has."""
        plan.forward(x)
        loss = self.loss_of(plan, y, weights)
        plan.backward()
        if self._scratch.size:
            n = self.layout.n_weights
            self.penalty.add_gradient(self.theta[:n], self.grad[:n], self._scratch)
        return loss

    def loss_of(self, plan: Plan, y: Matrix, weights: Matrix | None) -> float:
        """The loss of the scores in `plan`, and its derivative into `plan.dscores`."""
        dz, of_rows = plan.dscores, plan.loss(y)
        total: float = of_rows.dot(plan.ones if weights is None else weights[:, 0]).item()
        if weights is not None:
            np.multiply(dz, weights, dz)
        if self.loss.reduction == "sum":
            return total
        np.multiply(dz, plan.per_row, dz)
        return total / plan.batch

    def penalty_value(self) -> float:
        """What the penalties add to the loss."""
        return self.penalty.value(self.theta[: self.layout.n_weights])

    def scores(self, x: Matrix) -> Matrix:
        """Forward passes over `x`: the scores (rows, outputs), in the network's own precision.

        Threads share chunks that are worth it.
        """
        scores = np.empty((len(x), self.architecture.widths[-1]), self.dtype)
        workers = min(threads.choose(self.architecture.widths, CHUNK), -(-len(x) // CHUNK))
        self._evaluation.scores(x, scores, max(workers, 1))
        return scores

    def scores_into(self, x: Matrix, out: Matrix) -> None:
        """`scores` into `out` (rows, outputs), by one thread."""
        self._evaluation.scores(x, out)

    def predict(self, x: Matrix) -> Matrix:
        """The outputs (rows, outputs) after the output activation, in float64."""
        return outputs_of(self.scores(x), self.architecture.activations[-1])

    def evaluate(self, x: Matrix, y: Matrix, weights: Matrix | None = None) -> tuple[float, Matrix]:
        """The loss of all rows together, penalties not included, and their scores."""
        scores = self.scores(x)
        return self.total_loss(scores, y, weights), scores

    def total_loss(self, scores: Matrix, y: Matrix, weights: Matrix | None) -> float:
        """The loss of rows with these scores, which stay as they are, in double precision."""
        return total_loss(self.loss, self.architecture.activations[-1], scores, y, weights)

    def load(self, arrays: Mapping[str, Array]) -> None:
        """Take everything from `arrays`, which has exactly the names and shapes of `arrays()`."""
        for name, array in self.arrays().items():
            array[...] = arrays[name]

    def arrays(self) -> dict[str, Array]:
        """All that a prediction depends on, by name: parameters and running statistics."""
        return {**self.parameters, **self.statistics}


def _remade(
    architecture: Architecture,
    loss: Loss,
    penalty: Penalty,
    dtype: np.dtype[Any],
    rng_and_state: tuple[np.random.Generator, Vector],
) -> Network:
    rng, state = rng_and_state
    network = Network(architecture, loss, penalty, dtype, rng)
    np.copyto(network.state, state)
    return network

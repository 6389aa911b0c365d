"""The network: one vector of parameters, one of gradients, and the loss that connects them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.initializers import Draw, normal
from mlpcli.nn.links import Workspace
from mlpcli.nn.losses import Loss
from mlpcli.nn.plan import Plan
from mlpcli.nn.planner import Arrays, Planner

# rows of one forward pass outside training: every pass has this many, so that a row's prediction
# does not depend on how many rows came with it
CHUNK = 256
# what is neither drawn nor zero at the start
STARTS = {"gamma": 1.0, "running_variance": 1.0}


@dataclass(frozen=True)
class Penalty:
    """l1 Σ|w| + l2/2 Σ w² over the weights; biases are free."""

    l1: float = 0.0
    l2: float = 0.0

    def value(self, weights: Vector) -> float:
        """The penalty of `weights`, a complex one for complex weights."""
        total = 0.0
        if self.l1:
            total += self.l1 * np.maximum(weights, -weights).sum().item()
        if self.l2:
            total += 0.5 * self.l2 * np.dot(weights, weights).item()
        return total

    def add_gradient(self, weights: Vector, gradient: Vector, scratch: Vector) -> None:
        """gradient += l1 sign w + l2 w, through `scratch` of the same size."""
        if self.l1:
            np.sign(weights, scratch)
            np.multiply(scratch, self.l1, scratch)
            np.add(gradient, scratch, gradient)
        if self.l2:
            np.multiply(weights, self.l2, scratch)
            np.add(gradient, scratch, gradient)


class Network:
    """Parameters `theta` and their gradient `grad`, flat vectors of one dtype that are never reallocated.

    `parameters` and `gradients` are named views into them: `layers.0.weight` (inputs, outputs),
    `layers.0.bias` (outputs,), and so on. `statistics` are what training gathers and does not learn, the
    running means and variances of batch_norm; `state` is one vector of `theta` and these. Dropout masks come
    from `rng`.
    """

    def __init__(
        self,
        architecture: Architecture,
        loss: Loss,
        penalty: Penalty = Penalty(),
        dtype: npt.DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.architecture = architecture
        self.loss = loss
        self.penalty = penalty
        self.dtype = np.dtype(dtype)
        self.layout = architecture.layout()
        gathered = architecture.statistics()
        self.state: Vector = np.zeros(self.layout.size + gathered.size, self.dtype)
        self.theta: Vector = self.state[: self.layout.size]
        self.grad: Vector = np.zeros(self.layout.size, self.dtype)
        self.parameters = self.layout.views(self.theta)
        self.gradients = self.layout.views(self.grad)
        self.statistics = gathered.views(self.state[self.layout.size :])
        self.rng = rng if rng is not None else np.random.default_rng(0)
        arrays = Arrays(self.parameters, self.gradients, self.statistics)
        self._planner = Planner(architecture, loss, arrays, self.rng)
        self._formula, self._link = loss.formula, loss.link
        self._training: dict[int, Plan] = {}
        self._evaluation: Plan | None = None
        penalised = self.layout.n_weights if penalty.l1 or penalty.l2 else 0
        self._scratch = np.empty(penalised, self.dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what it was made of and its state; views and plans are made anew over that."""
        return _remade, (
            self.architecture,
            self.loss,
            self.penalty,
            self.dtype,
            (self.rng, self.state),
        )

    def initialize(self, draw: Draw, rng: np.random.Generator, draw_bias: Draw | None = None) -> None:
        """Starting weights from `draw`; biases zero, or from `draw_bias`.

        Vectors of embeddings are normal, of length 1 on average; γ = 1, β = 0; running mean 0, variance 1.
        """
        for name, parameter in self.arrays().items():
            if name.startswith("embeddings."):
                parameter[...] = normal(parameter.shape[1] ** -0.5)(parameter.shape, rng)
            elif name.endswith(".weight"):
                parameter[...] = draw(parameter.shape, rng)
            elif name.endswith(".bias") and draw_bias is not None:
                parameter[...] = draw_bias((1, parameter.size), rng)[0]
            else:
                parameter.fill(STARTS.get(name.rsplit(".", 1)[1], 0.0))

    def training_plan(self, rows: int) -> Plan:
        """The plan for batches of `rows` rows, made at the first use: an epoch has at most two sizes."""
        if rows not in self._training:
            self._training[rows] = self._planner.training(rows)
        return self._training[rows]

    def loss_and_grad(self, x: Matrix, y: Matrix, weights: Matrix | None = None) -> float:
        """The loss of a batch, penalties not included; the gradient of loss and penalties into `grad`.

        x (rows, inputs), y (rows, outputs) as `loss.prepare` made it, weights (rows, 1). The statistics of
        the batch count in the running ones.
        """
        plan = self.training_plan(len(x))
        plan.draw_masks()
        loss = self.objective_parts(plan, x, y, weights)
        plan.gather_statistics()
        return loss

    def adopt_statistics(self, rows: int) -> None:
        """Make the statistics of the last batch, of so many rows, the running ones: it is always the same."""
        self.training_plan(rows).adopt_statistics()

    def objective_parts(self, plan: Plan, x: Matrix, y: Matrix, weights: Matrix | None) -> float:
        """`loss_and_grad` with the dropout masks that `plan` has."""
        plan.forward(x)
        loss = self.loss_of(plan, y, weights)
        plan.backward()
        n = self.layout.n_weights
        if self._scratch.size:
            self.penalty.add_gradient(self.theta[:n], self.grad[:n], self._scratch)
        return loss

    def loss_of(self, plan: Plan, y: Matrix, weights: Matrix | None) -> float:
        """The loss of the scores in `plan`, and its derivative into `plan.dscores`."""
        z, dz = plan.scores, plan.dscores
        self._formula(z, y, dz, plan.work)
        if weights is not None:
            np.multiply(z, weights, z)
            np.multiply(dz, weights, dz)
        total: float = np.add.reduce(z, None).item()
        if self.loss.reduction == "sum":
            return total
        np.multiply(dz, plan.share, dz)
        return total / len(z)

    def penalty_value(self) -> float:
        """What the penalties add to the loss."""
        return self.penalty.value(self.theta[: self.layout.n_weights])

    def scores(self, x: Matrix) -> Iterator[tuple[slice, Plan]]:
        """Forward passes over `x`, CHUNK rows each: where the rows are, and a plan that holds their scores.

        The last chunk is filled up with zero rows; only the first `stop - start` scores of it count.
        """
        plan = self._evaluation = self._evaluation or self._planner.evaluation(CHUNK)
        for start in range(0, len(x), CHUNK):
            rows = slice(start, min(start + CHUNK, len(x)))
            chunk = x[rows]
            if len(chunk) < CHUNK:
                padded = np.zeros((CHUNK, x.shape[1]), self.dtype)
                padded[: len(chunk)] = chunk
                chunk = padded
            plan.forward(np.ascontiguousarray(chunk, self.dtype))
            yield rows, plan

    def predict(self, x: Matrix) -> Matrix:
        """The outputs (rows, outputs) after the output activation: probabilities, or scaled targets."""
        outputs = np.empty((len(x), self.architecture.widths[-1]), self.dtype)
        for rows, plan in self.scores(x):
            self._link(plan.scores, plan.work)
            outputs[rows] = plan.scores[: rows.stop - rows.start]
        return outputs

    def evaluate(self, x: Matrix, y: Matrix, weights: Matrix | None = None) -> tuple[float, Matrix]:
        """The loss of all rows together, penalties not included, and the outputs of `predict`."""
        outputs = np.empty((len(x), self.architecture.widths[-1]), self.dtype)
        total = 0.0
        for rows, plan in self.scores(x):
            n = rows.stop - rows.start
            z, work = plan.scores[:n], plan.work.of_first(n)
            dz = np.empty_like(z)
            outputs[rows] = z
            self._formula(z, y[rows], dz, work)
            if weights is not None:
                np.multiply(z, weights[rows], z)
            total += z.sum(dtype=np.result_type(z.dtype, np.float64)).item()
        self._link(outputs, Workspace.like(outputs))
        return (total if self.loss.reduction == "sum" else total / len(x)), outputs

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

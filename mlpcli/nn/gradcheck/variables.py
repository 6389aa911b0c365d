"""What a derivative is taken with respect to: a parameter array, or the outputs of a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.nn.affine import Affine
from mlpcli.nn.gradcheck.objective import Evaluation, Objective
from mlpcli.nn.layout import Slot
from mlpcli.nn.steps import Kinked


class Variable(Protocol):
    """A named array inside the network whose entries can be moved; `base` (size,) is where it is."""

    name: str
    shape: tuple[int, ...]
    base: Vector

    def at(self, k: int, value: complex) -> Evaluation:
        """The loss with entry `k` set to `value`."""

    def at_all(self, values: Vector) -> Evaluation:
        """The loss with every entry set."""

    def penalty(self, values: Array) -> complex:
        """What the penalties say of these values of some of its entries."""

    def zero_by_definition(self) -> Array:
        """(size,): the entries that lie on a kink, where the derivative is defined as 0."""


class Parameter:
    """A parameter array, moved in place in `theta`; only the steps from its owner on run again."""

    def __init__(self, objective: Objective, slot: Slot) -> None:
        network = objective.network
        self.name, self.shape = slot.name, slot.shape
        self.owner = owner_of(objective, slot.name)
        self._objective = objective
        self._values = network.theta[slot.start : slot.stop]
        self.base: Vector = self._values.copy()
        self._penalty = network.penalty if slot.start < network.layout.n_weights else None
        self._restart = _restart(objective, self.owner)
        step = objective.steps[self.owner]
        objective.evaluate(0)
        self._columns = Columns(objective, self.owner, step) if isinstance(step, Affine) else None

    def at(self, k: int, value: complex) -> Evaluation:
        """The loss with entry `k` set to `value`."""
        self._values[k] = value
        if self._columns is None:
            result = self._objective.evaluate(self._restart)
        else:
            result = self._columns.evaluate(k % self.shape[-1])
        result = self._with_penalty_sides(result, self._values[k : k + 1], self.base[k : k + 1])
        self._values[k] = self.base[k]
        return result

    def at_all(self, values: Vector) -> Evaluation:
        """The loss with every entry set."""
        self._values[...] = values
        result = self._with_penalty_sides(self._objective.evaluate(self._restart), values, self.base)
        self._values[...] = self.base
        return result

    def penalty(self, values: Array) -> complex:
        """The penalties are sums over entries: those of the entries that move are enough."""
        return self._penalty.value(values) if self._penalty else 0.0

    def zero_by_definition(self) -> Array:
        """None: a parameter is not itself the argument of a kinked function."""
        return np.zeros(self.base.size, np.bool_)

    def _with_penalty_sides(self, result: Evaluation, values: Array, base: Array) -> Evaluation:
        """|w| has a kink at 0; a weight that is 0 is no obstacle, since the two sides cancel."""
        if not (self._penalty and self._penalty.l1):
            return result
        crossed = np.sign(values.real) * np.sign(base.real) < 0.0
        return Evaluation(result.value, result.sides + crossed.tobytes())


class Columns:
    """Moving W[i, j] or b[j] changes column j of z = x W + b alone: only that is computed again."""

    def __init__(self, objective: Objective, index: int, affine: Affine) -> None:
        self._objective, self._index, self._affine = objective, index, affine
        affine.forward()
        self._z = affine.z.copy()
        self._narrow: dict[int, Affine] = {}

    def evaluate(self, j: int) -> Evaluation:
        """The loss once column j of W and b has changed."""
        narrow = self._column(j)
        narrow.forward()
        z = self._affine.z
        np.copyto(z, self._z)
        z[:, j] = narrow.z[:, 0]
        return self._objective.evaluate(self._index + 1)

    def _column(self, j: int) -> Affine:
        """The layer's own step with one output."""
        if j not in self._narrow:
            affine, only = self._affine, slice(j, j + 1)
            b = None if affine.b is None else affine.b[only]
            self._narrow[j] = replace(affine, W=affine.W[:, only], b=b, z=np.empty_like(affine.z[:, only]))
        return self._narrow[j]


class Output:
    """The outputs of step number `index`, which the steps after it turn into the loss."""

    def __init__(self, objective: Objective, index: int) -> None:
        self.name = objective.names[index]
        self.shape: tuple[int, ...] = objective.steps[index].output[0].shape
        self._objective, self._index = objective, index
        self._values = objective.steps[index].output[0].reshape(-1)
        objective.plan.forward(objective.batch.x)
        self._zero = self._on_kinks()
        for step in objective.steps[: index + 1]:
            step.forward()
        self.base: Vector = self._values.copy()

    def at(self, k: int, value: complex) -> Evaluation:
        """The loss with entry `k` set to `value`."""
        np.copyto(self._values, self.base)
        self._values[k] = value
        return self._objective.evaluate(self._index + 1)

    def at_all(self, values: Vector) -> Evaluation:
        """The loss with every entry set."""
        np.copyto(self._values, values)
        return self._objective.evaluate(self._index + 1)

    def penalty(self, _values: Array) -> complex:
        """No penalty looks at outputs."""
        return 0.0

    def zero_by_definition(self) -> Array:
        """The entries on a kink of the next step, or of the loss."""
        return self._zero

    def _on_kinks(self) -> Array:
        objective = self._objective
        if self._index + 1 == len(objective.steps):
            sides = objective.network.loss.sides(objective.plan.scores, objective.batch.y)
        else:
            step = objective.steps[self._index + 1]
            sides = step.sides() if isinstance(step, Kinked) else None
        if sides is None or sides.shape != self.shape:
            return np.zeros(self._values.size, np.bool_)
        return np.asarray(sides == 0).reshape(-1)


def owner_of(objective: Objective, name: str) -> int:
    """The number of the step that has the parameter `name`, and computes its gradient."""
    array, steps = objective.network.parameters[name], objective.steps
    # tables of embeddings are in lookups: the first step's
    return next((i for i, step in enumerate(steps) if any(v is array for v in vars(step).values())), 0)


def _restart(objective: Objective, owner: int) -> int:
    """The last step up to `owner` that finds its inputs untouched: Affine writes to an array of its own."""
    return next((i for i in range(owner, 0, -1) if isinstance(objective.steps[i], Affine)), 0)


def parameters(objective: Objective) -> Iterator[Parameter]:
    """Every parameter array, in the order of `theta`, each made when its turn comes."""
    for slot in objective.network.layout.slots:
        yield Parameter(objective, slot)


def outputs(objective: Objective) -> Iterator[Output]:
    """The outputs of every step, in forward order, each made when its turn comes."""
    for index in range(len(objective.steps)):
        yield Output(objective, index)

"""What a derivative is taken with respect to: a parameter array, or the outputs of a step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Sequence

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.affine import Affine
from mlpcli.nn.gradcheck.columns import Columns
from mlpcli.nn.gradcheck.copies import Copies, copies_of, is_coupled
from mlpcli.nn.gradcheck.objective import Evaluation, Evaluations, Objective
from mlpcli.nn.layout import Slot

FEW = 4  # changes that are made one after the other: a pass over many copies takes longer
SMALLEST_INPUT = 1e-3  # a weight's step is made for inputs of this size at least


class Variable(ABC):
    """A named array inside the network whose entries can be moved; `base` (size,) is where it is."""

    name: str
    shape: tuple[int, ...]
    base: Vector
    _sides: bytes | None = None

    def at(self, ks: Indices, values: Array) -> Evaluations:
        """The losses with entry `ks[n]` set to `values[n]`, each by itself, all others where they are."""
        copies = self._copies() if len(ks) > FEW else None
        if copies is None:
            return self._seen([self._one(k, value) for k, value in zip(ks.tolist(), values, strict=True)])
        parts = [slice(start, start + copies.count) for start in range(0, len(ks), copies.count)]
        found = [self._many(copies, ks[part], values[part]) for part in parts]
        return Evaluations(*(np.concatenate(of_parts) for of_parts in zip(*found, strict=True)))

    def at_all(self, points: Sequence[Vector]) -> Evaluations:
        """The losses with every entry set, to each of `points` (size,) in turn."""
        return self._seen([self._all(point) for point in points])

    def unit(self, ks: Indices) -> Vector:
        """A step of each entry that is neither large nor small: 1, or the entry itself if that is larger."""
        return np.maximum(1.0, np.abs(self.base[ks].real))

    def penalty(self, _values: Array) -> complex:
        """What the penalties say of these values of some of its entries: nothing, of outputs."""
        return 0.0

    def zero_by_definition(self) -> Array:
        """(size,): the entries on a kink, where the derivative is defined as 0: none of a parameter."""
        return np.zeros(self.base.size, np.bool_)

    def _seen(self, found: list[Evaluation]) -> Evaluations:
        if self._sides is None:
            self._sides = self._all(self.base).sides
        values, crossed = [one.value for one in found], [one.sides != self._sides for one in found]
        return Evaluations(np.array(values), np.array(crossed, np.bool_))

    @abstractmethod
    def _one(self, k: int, value: complex) -> Evaluation:
        """The loss with entry `k` set to `value`."""

    @abstractmethod
    def _all(self, values: Vector) -> Evaluation:
        """The loss with every entry set."""

    @abstractmethod
    def _copies(self) -> Copies | None:
        """Copies of the batch, made when they are wanted for the first time; None where there are none."""

    @abstractmethod
    def _many(self, copies: Copies, ks: Indices, values: Array) -> Evaluations:
        """The losses with an entry set in each of the first copies."""


class Parameter(Variable):
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
        self._made: list[Copies | None] = []
        objective.evaluate(0)
        step = objective.steps[self.owner]
        self._columns = Columns(step, network.parameters[slot.name]) if isinstance(step, Affine) else None
        self._largest_input = self._columns.largest_input() if self._columns else None

    def unit(self, ks: Indices) -> Vector:
        """Of a weight what moves z by about 1, or by as much as the weight's own part in it."""
        if self._largest_input is None:
            return super().unit(ks)
        seen = np.maximum(self._largest_input[ks // self.shape[-1]], SMALLEST_INPUT)
        return np.maximum(1.0 / seen, np.abs(self.base[ks].real))

    def penalty(self, values: Array) -> complex:
        """The penalties are sums over entries: those of the entries that move are enough."""
        return self._penalty.value(values) if self._penalty else 0.0

    def _one(self, k: int, value: complex) -> Evaluation:
        self._values[k] = value
        result = self._with_penalty_sides(
            self._objective.evaluate(self._restart), self._values[k : k + 1], self.base[k : k + 1]
        )
        self._values[k] = self.base[k]
        return result

    def _all(self, values: Vector) -> Evaluation:
        self._values[...] = values
        result = self._with_penalty_sides(self._objective.evaluate(self._restart), values, self.base)
        self._values[...] = self.base
        return result

    def _copies(self) -> Copies | None:
        if not self._made:
            self._made.append(copies_of(self._objective, 2 * self.base.size, len(self._objective.batch.x)))
        return self._made[0]

    def _many(self, copies: Copies, ks: Indices, values: Array) -> Evaluations:
        output = copies.outputs[self.owner]
        z = output.reshape(copies.count, copies.rows, output.shape[1])[: len(ks)]
        if self._columns is not None:
            self._columns.fill(z, ks, values)
        else:
            self._fill(z, ks, values)
        found = copies.evaluate(self.owner + 1)
        crossed = found.crossed[: len(ks)]
        if self._penalty and self._penalty.l1:
            crossed = crossed | _across(values, self.base[ks])
        return Evaluations(found.values[: len(ks)], crossed)

    def _fill(self, z: Array, ks: Indices, values: Array) -> None:
        """The outputs of the owner with each change, one after the other."""
        steps = self._objective.steps[self._restart : self.owner + 1]
        for n, k in enumerate(ks.tolist()):
            self._values[k] = values[n]
            for step in steps:
                step.forward()
            z[n] = steps[-1].output[0]
            self._values[k] = self.base[k]

    def _with_penalty_sides(self, result: Evaluation, values: Array, base: Array) -> Evaluation:
        """|w| has a kink at 0; a weight that is 0 is no obstacle, since the two sides cancel."""
        if not (self._penalty and self._penalty.l1):
            return result
        return Evaluation(result.value, result.sides + bytes([bool(_across(values, base).any())]))


class Output(Variable):
    """The outputs of step number `index`, which the steps after it turn into the loss."""

    def __init__(self, objective: Objective, index: int) -> None:
        self.name = objective.names[index]
        self.shape: tuple[int, ...] = objective.steps[index].output[0].shape
        self._objective, self._index = objective, index
        self._values = objective.steps[index].output[0].reshape(-1)
        self._coupled = is_coupled(objective)
        self._made: list[Copies | None] = []
        objective.plan.forward(objective.batch.x)
        self._zero = objective.on_kinks(index + 1).reshape(-1)
        for step in objective.steps[: index + 1]:
            step.forward()
        self.base: Vector = self._values.copy()

    def zero_by_definition(self) -> Array:
        """The entries on a kink of the next step, or of the loss."""
        return self._zero

    def _one(self, k: int, value: complex) -> Evaluation:
        np.copyto(self._values, self.base)
        self._values[k] = value
        return self._objective.evaluate(self._index + 1)

    def _all(self, values: Vector) -> Evaluation:
        np.copyto(self._values, values)
        return self._objective.evaluate(self._index + 1)

    def _copies(self) -> Copies | None:
        if not self._made:
            rows = self.shape[0] if self._coupled else 1
            self._made.append(copies_of(self._objective, 2 * self.base.size, rows))
            for step in self._objective.steps[: self._index + 1]:
                step.forward()
        return self._made[0]

    def _many(self, copies: Copies, ks: Indices, values: Array) -> Evaluations:
        """Where no row knows of another, the row of the entry is enough."""
        rows, columns = np.divmod(ks, self.shape[1])
        n, output = np.arange(len(ks)), copies.outputs[self._index]
        if self._coupled:
            z = output.reshape(copies.count, *self.shape)
            z[...] = self.base.reshape(self.shape)
            z[n, rows, columns] = values
        else:
            copies.take(np.resize(rows, copies.count))
            copies.forward(0, self._index + 1)
            output[n, columns] = values
        found = copies.evaluate(self._index + 1)
        return Evaluations(found.values[: len(ks)], found.crossed[: len(ks)])


def owner_of(objective: Objective, name: str) -> int:
    """The number of the step that has the parameter `name`, and computes its gradient."""
    array = objective.network.parameters[name]
    # tables of embeddings are in lookups: the first step's
    return next((i for i, step in enumerate(objective.steps) if _holds(vars(step).values(), array)), 0)


def _holds(values: Iterable[object], array: Array) -> bool:
    """Whether the array is one of the values, or in a tuple among them."""
    return any(v is array or (isinstance(v, tuple) and _holds(v, array)) for v in values)


def _restart(objective: Objective, owner: int) -> int:
    """The last step up to `owner` that finds its inputs untouched: Affine writes to an array of its own."""
    return next((i for i in range(owner, 0, -1) if isinstance(objective.steps[i], Affine)), 0)


def _across(values: Array, base: Array) -> Array:
    """Whether a weight is on the other side of 0."""
    return np.asarray(np.sign(values.real) * np.sign(base.real) < 0.0)


def variables(objective: Objective, names: Container[str]) -> Iterator[Variable]:
    """Parameter arrays and outputs of steps of these names, forward, each made when its turn comes."""
    for slot in objective.network.layout.slots:
        if slot.name in names:
            yield Parameter(objective, slot)
    for index, name in enumerate(objective.names):
        if name in names:
            yield Output(objective, index)

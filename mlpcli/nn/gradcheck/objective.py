"""The loss of one batch as training computes it, after a forward pass that may start at any step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.errors import DivergedError
from mlpcli.nn.network import Network
from mlpcli.nn.steps import Kinked, Step

Measured = TypeVar("Measured")

EPSILON = float(np.finfo(np.float64).eps)
PROBES = 4  # random roundings of the parameters that measure how much round-off moves the loss
REDRAWN = 64.0 * EPSILON  # moves the last places of all that a gradient is a sum of, and little else
NEARBY = 1e-10  # where a complex score is taken to be on a kink of the loss


@dataclass(frozen=True)
class Batch:
    """Rows to check on: x (rows, inputs), y (rows, outputs) as `loss.prepare` made it, weights (rows, 1)."""

    x: Matrix
    y: Matrix
    weights: Matrix | None = None


class Evaluation(NamedTuple):
    """A loss, complex when the network is, and on which side of every kink each number lies."""

    value: complex
    sides: bytes


class Evaluations(NamedTuple):
    """Losses (n,), and for each whether some number lies beyond a kink, seen from where the base is."""

    values: Array
    crossed: Array


class Objective:
    """The training plan of `network` on `batch`, its dropout masks drawn once or taken from `masks`."""

    def __init__(self, network: Network, batch: Batch, masks: Sequence[Matrix] | None = None) -> None:
        self.network = network
        self.batch = Batch(np.ascontiguousarray(batch.x, network.dtype), batch.y, batch.weights)
        self.plan = network.training_plan(len(batch.x))
        if masks is None:
            self.plan.draw_masks()
        else:
            for mask, frozen in zip(self.plan.masks, masks, strict=True):
                mask[...] = frozen
        self.steps: tuple[Step, ...] = self.plan.steps
        self.names = self.plan.names
        self.plan.forward(self.batch.x)
        self.kinked = [i for i, step in enumerate(self.steps) if sides_of(step) is not None]
        self.faithful_copies: dict[int, bool] = {}  # by their rows; see `copies`
        self.value = self.evaluate(0).value
        if not np.isfinite(self.value):
            raise DivergedError.of(
                f"the loss of the rows to check is {self.value.real}",
                hint="a gradient exists only where the loss is finite: look at init and the inputs' scale",
            )

    def evaluate(self, first: int) -> Evaluation:
        """The loss, penalties not included, after the steps from number `first` on."""
        for step in self.steps[first:]:
            step.forward()
        sides = b"".join([side.tobytes() for side in self.sides(first)])
        return Evaluation(self.network.loss_of(self.plan, self.batch.y, self.batch.weights), sides)

    def sides(self, first: int) -> list[Array]:
        """After a forward pass: the sides of the kinks of steps number `first` and later, and of the loss."""
        sides = [sides_of(self.steps[i]) for i in self.kinked if i >= first]
        sides.append(self.network.loss.sides(off_kinks(self.plan.scores, 1), self.batch.y))
        return [side for side in sides if side is not None]

    def on_kinks(self, index: int) -> Array:
        """After a forward pass: which outputs of the step before number `index` are on a kink of that step.

        The loss comes after the last one.
        """
        if index == len(self.steps):
            before, sides = self.plan.scores, self.network.loss.sides(self.plan.scores, self.batch.y)
        else:
            before, sides = self.steps[index - 1].output[0], sides_of(self.steps[index])
        fits = sides is not None and sides.shape == before.shape
        return np.asarray(sides == 0) if fits else np.zeros(before.shape, np.bool_)

    def gradient(self) -> Array:
        """The gradient that training follows, penalties included (a copy)."""
        self.network.objective_parts(self.plan, self.batch.x, self.batch.y, self.batch.weights)
        return self.network.grad.copy()

    def output_gradients(self) -> list[Array]:
        """∂loss/∂(outputs) of each step, as backpropagation has them just before that step's turn."""
        self.evaluate(0)
        gradients: list[Array] = []
        for step in reversed(self.steps):
            gradients.append(step.output[1].copy())
            step.backward()
        return gradients[::-1]

    @cached_property
    def rounding(self) -> float:
        """How much round-off moves the loss: one unit in the last place of each parameter, and of the loss.

        The second part counts a loss of 1 per row at least: formulas round at the size of their terms.
        """
        moved = [abs(value - self.value) for value in self._nearby(lambda: self.evaluate(0).value)]
        return EPSILON * (abs(self.value) + self._unit()) + max(moved)

    def slope_rounding(self) -> float:
        """How much round-off moves the derivative by the scores, summed over rows and outputs.

        However large the loss is, one that grows with a far target has a derivative of modest size. It counts
        as 1 per row at least, as the loss does above: what comes of it may cancel.
        """
        slope = self._slope()
        moved = [float(np.abs(near - slope).sum()) for near in self._nearby(self._slope)]
        return EPSILON * (float(np.abs(slope).sum()) + self._unit()) + max(moved)

    def gradient_rounding(self) -> dict[str, float]:
        """How much round-off moves the analytic gradient: of each parameter array and output at most.

        It matters where a gradient is a sum that cancels: of equal rows in front of a batch_norm, say.
        """
        here, moved = self._gradients(), dict.fromkeys([*self.network.gradients, *self.names], 0.0)
        for near in self._nearby(self._gradients, REDRAWN):
            for name, gradient in near.items():
                change = np.nan_to_num(np.abs(gradient - here[name]), posinf=0.0)
                moved[name] = max(moved[name], float(change.max(initial=0.0)))
        return moved

    def _gradients(self) -> dict[str, Array]:
        """Those of the parameters and of every step's outputs."""
        parameters = self.network.layout.views(self.gradient())
        return {**parameters, **dict(zip(self.names, self.output_gradients(), strict=True))}

    def _unit(self) -> float:
        """What a loss of 1 in every row comes to."""
        rows = len(self.batch.x)
        total = float(rows if self.batch.weights is None else np.abs(self.batch.weights).sum())
        return total if self.network.loss.reduction == "sum" else total / rows

    def _slope(self) -> Array:
        self.evaluate(0)
        return self.steps[-1].output[1].copy()

    def _nearby(self, measure: Callable[[], Measured], by: float = EPSILON) -> Iterator[Measured]:
        """What is measured with every parameter moved by one unit in the last place, or by another share."""
        theta = self.network.theta
        kept, rng = theta.copy(), np.random.default_rng(0)
        for _ in range(PROBES):
            np.multiply(kept, 1.0 + by * rng.choice((-1.0, 1.0), kept.size), theta)
            yield measure()
        theta[...] = kept


def off_kinks(z: Matrix, copies: int) -> Matrix:
    """Scores of `copies` batches; complex ones as real numbers a little way along where each batch's move."""
    if not np.iscomplexobj(z):
        return z
    rows = z.reshape(copies, -1)
    fastest = np.abs(rows.imag).max(axis=1, keepdims=True)
    reach = NEARBY * np.maximum(1.0, np.abs(rows.real))
    moved = rows.real + reach * np.divide(rows.imag, fastest, out=np.zeros_like(rows.real), where=fastest > 0)
    return np.asarray(moved.reshape(z.shape))


def sides_of(step: Step) -> Array | None:
    """The sides of a step's kinks; None where it has none."""
    return step.sides() if isinstance(step, Kinked) else None

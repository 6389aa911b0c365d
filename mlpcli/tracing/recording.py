"""Runs a network's own training step, step by step, and writes down what each one leaves behind.

Steps work in place: scores become activations where they lie, and derivatives likewise. So every array is
copied as soon as it is there. Nothing is computed a second time: the numbers are those that train.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.nn.network import Network
from mlpcli.nn.outputs import outputs_of
from mlpcli.nn.pointwise import Pointwise
from mlpcli.tracing.formulas import WRITTEN, back_formula, forward_formula
from mlpcli.tracing.losses import loss_text, slope_text
from mlpcli.tracing.notation import INPUTS, OUTPUTS, derivative_of, parameter_of, value_of
from mlpcli.tracing.placing import Labels, Placed, placed_steps
from mlpcli.tracing.values import Line, Objective, Stage, Trace, Update

NO_DROPOUT = "nothing drops out here; in training each unit does at its rate"


@dataclass(frozen=True, eq=False)
class Rows:
    """Some training rows: x, y and weights as a batch has them, and what they and columns are called."""

    x: Matrix
    y: Matrix
    weights: Matrix | None
    numbers: tuple[int, ...]
    inputs: Sequence[str]
    outputs: Sequence[str]

    @property
    def labels(self) -> tuple[str, ...]:
        """`row 3` of each."""
        return tuple(f"row {number}" for number in self.numbers)


def trace(network: Network, rows: Rows, update: Callable[[], Update]) -> Trace:
    """One training step of these rows, nothing dropped out; `update` changes the weights by the gradient."""
    recorder = _Recorder(network, rows)
    with np.errstate(all="ignore"):  # what overflows is there to be seen
        forward = recorder.forward()
        objective = recorder.objective()
        backward = recorder.backward()
        step = update()
    after = tuple(
        recorder.parameter(name, network.parameters[name], " afterwards") for name in recorder.learnt
    )
    shape = network.architecture
    return Trace(
        widths=shape.widths,
        activations=tuple(choice.name for choice in shape.activations),
        rows=rows.numbers,
        dtype=network.dtype.name,
        forward=forward,
        objective=objective,
        backward=backward,
        update=replace(step, lines=after),
        remarks=(NO_DROPOUT,) if network.drops_out else (),
    )


class _Recorder:
    """One pass of a network over its rows: forward, loss, backward, in this order."""

    def __init__(self, network: Network, rows: Rows) -> None:
        self._network, self._rows = network, rows
        self._plan = network.training_plan(len(rows.x))
        for mask in self._plan.masks:
            mask.fill(1.0)
        self._placed = placed_steps(network, self._plan)
        self._labels = Labels(self._placed, rows.inputs, rows.outputs)
        self._at = {name: one for one in self._placed for name in one.learnt}
        self.learnt = tuple(self._at)

    def forward(self) -> tuple[Stage, ...]:
        """The inputs, then what each step computes of what is there, its parameters before it."""
        self._plan.take(self._rows.x)
        stages: list[tuple[str, Line]] = [("Inputs", self._value(INPUTS, "", self._rows.x))]
        for one in self._placed:
            one.step.forward()
            if one.is_silent:
                continue
            own = self._network.parameters
            stages += [(one.title, self.parameter(name, own[name])) for name in one.learnt]
            bias = any(name.endswith(".bias") for name in one.learnt)
            formula = forward_formula(one.kind, one.words, bias=bias)
            stages.append((one.title, self._value(one.y, formula, one.step.output[0])))
        return (*_stages(stages), self._end())

    def _end(self) -> Stage:
        """The outputs, where no step of its own made them, beside the targets."""
        output, last = self._network.architecture.activations[-1], self._placed[-1]
        lines = []
        if last.y != OUTPUTS:
            formula = last.y if output.name == "identity" else f"{output.name}({last.y})"
            lines.append(self._value(OUTPUTS, formula, outputs_of(self._plan.scores, output)))
        lines.append(self._value("y", "", self._rows.y, OUTPUTS))
        if self._rows.weights is not None:
            lines.append(Line("w", "", self._rows.weights.copy(), self._rows.labels, ("weight",)))
        return Stage("Outputs and targets", tuple(lines))

    def objective(self) -> Objective:
        """J, and its derivative by the scores, where backward begins."""
        network, (x, y, weights) = self._network, (self._rows.x, self._rows.y, self._rows.weights)
        loss = network.loss_of(self._plan, y, weights)
        formula = loss_text(network.loss, y.shape[1], len(x), weighted=weights is not None)
        penalty = network.penalty
        formula += f" + {penalty.l1:g} Σ|W|" if penalty.l1 else ""
        formula += f" + {penalty.l2 / 2:g} Σ W²" if penalty.l2 else ""
        return Objective(formula, loss, network.penalty_value())

    def backward(self) -> tuple[Stage, ...]:
        """From the loss to the first layer: the derivative by every value, and by every parameter."""
        network, rows = self._network, self._rows
        slope = slope_text(network.loss, rows.y.shape[1], len(rows.x), weighted=rows.weights is not None)
        formulas = {self._placed[-1].y: slope}
        stages: list[tuple[str, Line]] = []
        for one in reversed(self._placed):
            if one.is_silent:
                one.step.backward()
                if one.kind == "shortcut":
                    formulas[one.x] += f" + {derivative_of(value_of('r', one.layer))}"
                continue
            stages += [(one.title, line) for line in self._derivatives(one, formulas[one.y])]
            one.step.backward()
            formulas[one.x] = back_formula(one.kind, one.words)
            stages += [(one.title, self._gradient(name, one)) for name in one.learnt]
        if network.penalty.l1 or network.penalty.l2:
            n = network.layout.n_weights
            network.penalty.add_gradient(network.theta[:n], network.grad[:n], np.empty(n, network.dtype))
        return _stages([(title, self._copied(line)) for title, line in stages])

    def _derivatives(self, one: Placed, formula: str) -> list[Line]:
        """That of J by what a step puts out, and the slope of an activation."""
        lines = [self._value(derivative_of(one.y), formula, one.step.output[1], one.y)]
        if isinstance(one.step, Pointwise):
            slope = one.step.prime.astype(self._network.dtype)
            lines.append(self._value(f"{one.words['phi']}′({one.x})", "", slope, one.y))
        return lines

    def _gradient(self, name: str, one: Placed) -> Line:
        """The gradient of an array, which is copied when all of it is there."""
        formula = WRITTEN[one.kind].gradients[name.rpartition(".")[2]].format_map(one.words)
        penalty, symbol = self._network.penalty, parameter_of(name)
        slot = next(slot for slot in self._network.layout.slots if slot.name == name)
        if slot.stop <= self._network.layout.n_weights:
            formula += f" + {penalty.l1:g} sign {symbol}" if penalty.l1 else ""
            formula += f" + {penalty.l2:g} {symbol}" if penalty.l2 else ""
        down, across = self._labels.of_parameter(name, slot.shape, one)
        return Line(f"∂J/∂{symbol}", formula, self._network.gradients[name], down, across, name)

    def _copied(self, line: Line) -> Line:
        return replace(line, values=line.values.copy()) if line.name else line

    def parameter(self, name: str, array: Array, when: str = "") -> Line:
        """An array that is learnt, as it now is."""
        down, across = self._labels.of_parameter(name, array.shape, self._at[name])
        return Line(parameter_of(name) + when, "", array.copy(), down, across, name)

    def _value(self, symbol: str, formula: str, array: Matrix, like: str = "") -> Line:
        """A value of every row, as it now is, with the columns of the value `like`."""
        return Line(symbol, formula, array.copy(), self._rows.labels, self._labels.of(like or symbol))


def _stages(lines: Sequence[tuple[str, Line]]) -> tuple[Stage, ...]:
    """Lines of one title after another as a stage."""
    found: list[Stage] = []
    for title, line in lines:
        if found and found[-1].title == title:
            found[-1] = replace(found[-1], lines=(*found[-1].lines, line))
        else:
            found.append(Stage(title, (line,)))
    return tuple(found)

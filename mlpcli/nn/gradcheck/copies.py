"""Many copies of the batch in one pass: as many numerical derivatives at once.

One pass over 32 rows is mostly waiting for Python; one over 64 copies of them is mostly arithmetic. The
copies go through the steps that training has, put up by the same planner, one copy below the other as if they
were more rows. What tells them apart is the one number that is changed in each (`variables`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix
from mlpcli.nn.batch_norm import BatchNorm
from mlpcli.nn.gradcheck.objective import Evaluations, Objective, off_kinks, sides_of
from mlpcli.nn.steps import Step

NUMBERS = 1 << 17  # in the widest matrix of a pass: what a core keeps near it
SAME = 1e-9  # of the loss: copies that differ by more from the batch are not of the same function
NUDGE = 1e-3  # how far all parameters move to see that


@dataclass(frozen=True)
class EachCopy:
    """A step that looks at all rows of the batch together: one for each copy."""

    steps: Sequence[Step]

    def forward(self) -> None:
        """One copy after the other."""
        for step in self.steps:
            step.forward()


class Copies:
    """`count` copies of `rows` rows each; `take` says which rows of the batch these are."""

    def __init__(self, objective: Objective, count: int, rows: int) -> None:
        self.count, self.rows = count, rows
        self._objective = objective
        batch = objective.batch
        self.plan = objective.network.twin().training_plan(count * rows, len(batch.x))
        self.outputs: list[Matrix] = [step.output[0] for step in self.plan.steps]
        self._steps = [_apart(step, count, rows) for step in self.plan.steps]
        objective.plan.forward(batch.x)
        self._base_sides = objective.sides(0)
        weights = np.ones(len(batch.x)) if batch.weights is None else batch.weights[:, 0]
        mean = objective.network.loss.reduction == "mean"
        self._row_weights = weights / len(batch.x) if mean else weights
        self.take(np.resize(np.arange(len(batch.x)), count * rows))

    def take(self, which: Indices) -> None:
        """Begin with these rows of the batch (count · rows,)."""
        objective = self._objective
        batch = objective.batch
        self.plan.take(batch.x[which])
        for mask, frozen in zip(self.plan.masks, objective.plan.masks, strict=True):
            mask[...] = frozen[which]
        self._y, self._weights = batch.y[which], self._row_weights[which]
        self._sides = [side[which] for side in self._base_sides]

    def forward(self, first: int, stop: int) -> None:
        """The steps from number `first` on, before number `stop`."""
        for step in self._steps[first:stop]:
            step.forward()

    def evaluate(self, first: int) -> Evaluations:
        """Of each copy its rows' part in the loss, after the steps from number `first` on."""
        self.forward(first, len(self._steps))
        crossed = self._crossed(first)
        losses = self.plan.loss(self._y) * self._weights
        return Evaluations(losses.reshape(self.count, self.rows).sum(axis=1), crossed)

    def is_faithful(self, rounding: float) -> bool:
        """Whether the copies have the loss of the batch, here and with all parameters nudged."""
        objective, theta = self._objective, self._objective.network.theta
        kept, same = theta.copy(), True
        nudge = NUDGE * np.random.default_rng(0).normal(size=theta.size)
        rows = len(objective.batch.x)
        for moved in (kept + nudge, kept):
            theta[...] = moved
            expected = objective.evaluate(0).value
            found = self.evaluate(0).values
            if self.rows < rows:
                found = found[:rows].sum(keepdims=True)
            allowed = SAME * abs(expected) + rounding / SAME**0.5
            same = same and bool(np.all(np.abs(found - expected) <= allowed))
        return same

    def _crossed(self, first: int) -> Array:
        """(count,): whether a copy has a number on another side than the batch has it."""
        objective = self._objective
        steps = [self.plan.steps[i] for i in objective.kinked if i >= first]
        here = [sides_of(step) for step in steps]
        here.append(objective.network.loss.sides(off_kinks(self.plan.scores, self.count), self._y))
        sides = [side for side in here if side is not None]
        crossed = np.zeros(self.count, np.bool_)
        for side, base in zip(sides, self._sides[len(self._sides) - len(sides) :], strict=True):
            crossed |= (side != base).reshape(self.count, -1).any(axis=1)
        return crossed


def copies_of(objective: Objective, wanted: int, rows: int) -> Copies | None:
    """As many copies as are `wanted` and a pass does well; None where their loss is not that of the batch."""
    widest = max(step.output[0].shape[1] for step in objective.steps)
    most, least = NUMBERS // (rows * widest), len(objective.batch.x) // rows
    copies = Copies(objective, max(min(wanted, most), least), rows)
    if rows not in objective.faithful_copies:
        objective.faithful_copies[rows] = copies.is_faithful(objective.rounding)
        objective.evaluate(0)
    copies.forward(0, len(copies.outputs))
    return copies if objective.faithful_copies[rows] else None


def is_coupled(objective: Objective) -> bool:
    """Whether what becomes of a row depends on the others."""
    return any(isinstance(step, BatchNorm) for step in objective.steps)


def _apart(step: Step, count: int, rows: int) -> Step | EachCopy:
    """The step itself, unless it looks at all rows together."""
    if not isinstance(step, BatchNorm):
        return step
    parts = [slice(copy * rows, (copy + 1) * rows) for copy in range(count)]
    return EachCopy([_of_rows(step, part) for part in parts])


def _of_rows(step: BatchNorm, part: slice) -> BatchNorm:
    return replace(
        step,
        z=step.z[part],
        dz=step.dz[part],
        normalized=step.normalized[part],
        scratch=step.scratch[part],
        ones=step.ones[part],
    )

"""The gradient check: analytic gradient against numerical derivatives, array by array, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import DivergedError, UsageError
from mlpcli.nn.gradcheck.complex_twin import complex_twin
from mlpcli.nn.gradcheck.copies import is_coupled
from mlpcli.nn.gradcheck.diagnosis import Findings, diagnose, obstacle
from mlpcli.nn.gradcheck.differences import IMAGINARY_STEP, Central, ComplexStep, Differentiator
from mlpcli.nn.gradcheck.evidence import Evidence, Tolerance, largest
from mlpcli.nn.gradcheck.examine import LARGEST_OUTPUT, SMALL, Choice, Examiner, choices, limit_for
from mlpcli.nn.gradcheck.objective import Batch, Objective
from mlpcli.nn.gradcheck.report import Moved, Report, overall
from mlpcli.nn.gradcheck.shift import LEAST, MOST, SEED, moving, shifted
from mlpcli.nn.gradcheck.variables import variables
from mlpcli.nn.network import Network

Method = Literal["central", "complex-step"]
Chosen: TypeAlias = Mapping[str, Choice]
INJECTED = 1.05  # the factor on the gradient that --inject-error breaks
NEGLIGIBLE = 1e-3  # a gradient this small beside the largest is broken by an addend, lest nobody notice


@dataclass(frozen=True)
class CheckOptions:
    """How to check: `eps` fixes the one step to take, `inject_error` names what to break.

    That is a layer (`1` or `layers.1`), an embedding table (`embeddings.0`), `numeric_embedding` or
    `scaling`. `every` entry is checked, however large the arrays are.
    """

    method: Method = "central"
    rtol: float = 1e-6
    eps: float | None = None
    inject_error: str | None = None
    every: bool = False


def check(network: Network, batch: Batch, options: CheckOptions = CheckOptions()) -> Report:
    """Check the gradient of `network` on `batch`, penalties, weights and one dropout mask included.

    The network must be of float64. Its parameters are left as they were. Raises UsageError for a layer
    that does not exist, DivergedError where the loss is not finite, ConfigError where complex-step
    differentiation is asked of a part that cannot take complex numbers.
    """
    if network.dtype != np.float64:
        raise ValueError(f"a gradient is checked in float64, this network is of {network.dtype}")
    with np.errstate(all="ignore"):
        point = Point(Objective(network, batch), options)
        findings = Findings(point.objective, point.arrays(), point.between())
        return _report(_judged_elsewhere(findings, options), options)


class Point:
    """The weights at which a gradient is checked, the gradient there, and the way to its numerical twin."""

    def __init__(self, objective: Objective, options: CheckOptions) -> None:
        self.objective, self._options = objective, options
        self._gradient = objective.gradient()
        if options.inject_error is not None:
            _break(objective.network, self._gradient, options.inject_error)
        self._inner = objective.output_gradients()
        self._rounding = objective.gradient_rounding()
        self._differentiator, self._moving = _way(objective, options)

    def arrays(self, chosen: Chosen | None = None) -> tuple[Evidence, ...]:
        """Every parameter array, or what is `chosen` of some."""
        size = self._gradient.size
        limit = size if self._options.every else limit_for(size)
        tolerance = Tolerance(self._options.rtol, largest([self._gradient]), largest(self._inner))
        views = self.objective.network.layout.views(self._gradient)
        return self._examined(views, choices(views, limit) if chosen is None else chosen, tolerance)

    def between(self, chosen: Chosen | None = None) -> tuple[Evidence, ...]:
        """The outputs of every step, or what is `chosen` of some."""
        few = limit_for(self._gradient.size) == SMALL or is_coupled(self.objective)
        limit = SMALL if few and not self._options.every else LARGEST_OUTPUT
        inner = dict(zip(self.objective.names, self._inner, strict=True))
        tolerance = Tolerance(self._options.rtol, largest(self._inner))
        return self._examined(inner, choices(inner, limit) if chosen is None else chosen, tolerance)

    def _examined(
        self, expected: Mapping[str, Array], chosen: Chosen, tolerance: Tolerance
    ) -> tuple[Evidence, ...]:
        examiner = Examiner(self._differentiator, tolerance, self._rounding)
        return tuple(
            examiner.examine(variable, expected[variable.name], chosen[variable.name])
            for variable in variables(self._moving, chosen)
        )


def _break(network: Network, gradient: Array, asked: str) -> None:
    """Make the gradient of the first array of a layer, or of what stands before the first, wrong."""
    name = f"layers.{asked}" if asked.isdecimal() else asked
    slot = next((slot for slot in network.layout.slots if slot.name.rpartition(".")[0] == name), None)
    if slot is None:
        parts = network.architecture.parameters_by_part()
        before = "".join(f" or {part}" for part in parts if not part.startswith("layers."))
        last = len(network.architecture.widths) - 2
        raise UsageError.of(f"--inject-error: expected a layer from 0 to {last}{before}, found {asked}")
    broken, size = gradient[slot.start : slot.stop], largest([gradient])
    broken *= INJECTED
    if largest([broken]) <= NEGLIGIBLE * size:
        broken += size or 1.0


def _way(objective: Objective, options: CheckOptions) -> tuple[Differentiator, Objective]:
    """How to differentiate, and the objective to do it on."""
    rounding = objective.rounding
    if options.method == "central":
        return Central(rounding, options.rtol, options.eps), objective
    # a loss of 1e18 costs only those digits who subtract two of them
    unsubtracted = min(rounding, objective.slope_rounding())
    return ComplexStep(unsubtracted, options.eps or IMAGINARY_STEP), complex_twin(objective)


def _judged_elsewhere(findings: Findings, options: CheckOptions) -> Findings:
    """The findings, completed by what could not be judged here: it is, with biases moved a little."""
    left = _left(findings.arrays)
    if not left:
        return findings
    objective = findings.objective
    with shifted(objective.network):
        try:
            there = Point(Objective(objective.network, objective.batch, objective.plan.masks), options)
        except DivergedError:
            return findings  # the loss overflows there: nothing more can be said
        arrays = _with(findings.arrays, there.arrays(left))
        between = _with(findings.between, there.between(_left(findings.between)))
    return replace(findings, arrays=arrays, between=between)


def _left(arrays: Sequence[Evidence]) -> dict[str, Choice]:
    """By name, the entries and the number of directions that could not be judged."""
    unfinished = [array for array in arrays if len(array.left) or array.lost]
    return {array.name: Choice(array.left, array.lost) for array in unfinished}


def _with(arrays: Sequence[Evidence], there: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The arrays, each with what was found of it at the other point."""
    moved = {array.name: array for array in there}
    return tuple(replace(array, moved=moved.get(array.name)) for array in arrays)


def _report(findings: Findings, options: CheckOptions) -> Report:
    arrays = tuple(evidence.summary() for evidence in findings.arrays)
    between = tuple(evidence.summary() for evidence in findings.between)
    found = diagnose(findings)
    again = sum(array.moved for array in arrays)
    return Report(
        overall(arrays, between),
        options.method,
        options.rtol,
        arrays,
        between,
        found.located if found else None,
        found.sentence if found else None,
        Moved(moving(findings.objective.network), LEAST, MOST, SEED, again) if again else None,
        obstacle(findings.arrays, options.eps),
    )

"""The gradient check: analytic gradient against numerical derivatives, array by array, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import UsageError
from mlpcli.nn.gradcheck.complex_twin import complex_twin
from mlpcli.nn.gradcheck.diagnosis import Findings, diagnose
from mlpcli.nn.gradcheck.differences import IMAGINARY_STEP, Central, ComplexStep, Differentiator
from mlpcli.nn.gradcheck.evidence import Evidence, Tolerance, largest
from mlpcli.nn.gradcheck.examine import LARGEST_OUTPUT, SMALL, Examiner, limit_for
from mlpcli.nn.gradcheck.objective import Batch, Objective
from mlpcli.nn.gradcheck.report import Report, overall
from mlpcli.nn.gradcheck.variables import outputs, parameters
from mlpcli.nn.network import Network

Method = Literal["central", "complex-step"]
INJECTED = 1.05  # the factor on the gradient that --inject-error breaks
NEGLIGIBLE = 1e-3  # a gradient this small beside the largest is broken by an addend, lest nobody notice


@dataclass(frozen=True)
class CheckOptions:
    """How to check: `eps` fixes the one step to take, `inject_error` names what to break.

    That is a layer (`1` or `layers.1`) or an embedding table (`embeddings.0`).
    """

    method: Method = "central"
    rtol: float = 1e-6
    eps: float | None = None
    inject_error: str | None = None


def check(network: Network, batch: Batch, options: CheckOptions = CheckOptions()) -> Report:
    """Check the gradient of `network` on `batch`, penalties, weights and one dropout mask included.

    The network must be of float64. Its parameters are left as they were. Raises UsageError for a layer
    that does not exist, DivergedError where the loss is not finite, ConfigError where complex-step
    differentiation is asked of a part that cannot take complex numbers.
    """
    if network.dtype != np.float64:
        raise ValueError(f"a gradient is checked in float64, this network is of {network.dtype}")
    with np.errstate(all="ignore"):
        objective = Objective(network, batch)
        gradient = objective.gradient()
        if options.inject_error is not None:
            _break(network, gradient, options.inject_error)
        return _report(_examine(objective, gradient, options), options)


def _break(network: Network, gradient: Array, asked: str) -> None:
    """Make the gradient of the first array of a layer, or of an embedding table, wrong."""
    name = f"layers.{asked}" if asked.isdecimal() else asked
    slot = next((slot for slot in network.layout.slots if slot.name.rpartition(".")[0] == name), None)
    if slot is None:
        shape = network.architecture
        tables = "".join(f" or embeddings.{number}" for number in range(len(shape.embeddings)))
        raise UsageError.of(
            f"--inject-error: expected a layer from 0 to {len(shape.widths) - 2}{tables}, found {asked}"
        )
    broken, size = gradient[slot.start : slot.stop], largest([gradient])
    broken *= INJECTED
    if largest([broken]) <= NEGLIGIBLE * size:
        broken += size or 1.0


def _examine(objective: Objective, gradient: Array, options: CheckOptions) -> Findings:
    """Every parameter array, and the outputs of every step."""
    network = objective.network
    inner = objective.output_gradients()
    differentiator, moved = _way(objective, options)
    limit = limit_for(gradient.size)
    wide = LARGEST_OUTPUT if limit > SMALL else SMALL
    views = network.layout.views(gradient)
    between_layers = largest(inner)
    tolerance = Tolerance(options.rtol, largest([gradient]), between_layers)
    examiner = Examiner(differentiator, tolerance, limit)
    arrays = [examiner.examine(variable, views[variable.name]) for variable in parameters(moved)]
    examiner = Examiner(differentiator, Tolerance(options.rtol, between_layers), wide)
    between: list[Evidence] = []
    for variable, expected in zip(outputs(moved), inner, strict=True):
        between.append(examiner.examine(variable, expected))
    return Findings(objective, tuple(arrays), tuple(between))


def _way(objective: Objective, options: CheckOptions) -> tuple[Differentiator, Objective]:
    """How to differentiate, and the objective to do it on."""
    rounding = objective.rounding()
    if options.method == "central":
        return Central(rounding, options.rtol, options.eps), objective
    # a loss of 1e18 costs only those digits who subtract two of them
    unsubtracted = min(rounding, objective.slope_rounding())
    return ComplexStep(unsubtracted, options.eps or IMAGINARY_STEP), complex_twin(objective, rounding)


def _report(findings: Findings, options: CheckOptions) -> Report:
    arrays = tuple(evidence.summary() for evidence in findings.arrays)
    between = tuple(evidence.summary() for evidence in findings.between)
    found = diagnose(findings)
    return Report(
        overall(arrays, between),
        options.method,
        options.rtol,
        arrays,
        between,
        found.located if found else None,
        found.sentence if found else None,
    )

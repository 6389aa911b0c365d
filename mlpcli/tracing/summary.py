"""What stands for an array that is too large to be read number by number."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

import numpy as np

from mlpcli.arrays import Array
from mlpcli.tracing.values import Line, Stage, Trace

READABLE: Final = 400  # numbers of a network's parameters, or of a value of all rows, that a person may read
LARGEST: Final = 100_000  # numbers of an array in a document


@dataclass(frozen=True)
class Summary:
    """√Σ v², the least and the largest number, and which share of them is 0."""

    norm: float
    least: float
    largest: float
    zeros: float

    @classmethod
    def of(cls, values: Array) -> Summary:
        """That of an array, in float64."""
        with np.errstate(all="ignore"):
            numbers = values.astype(np.float64)
            norm = float(np.sqrt(np.square(numbers).sum()))
        return cls(norm, float(numbers.min()), float(numbers.max()), float(np.mean(numbers == 0.0)))


def is_readable(trace: Trace) -> bool:
    """Whether a person may want to read every number."""
    largest = max(line.values.size for stage in (*trace.forward, *trace.backward) for line in stage.lines)
    return trace.parameters <= READABLE and largest <= READABLE


def document(trace: Trace, task: str) -> dict[str, Any]:
    """The trace as `--json` prints it; numbers that are not finite are null, as are arrays too large."""
    objective, update = trace.objective, trace.update
    return {
        "task": task,
        "layers": list(trace.widths),
        "activations": list(trace.activations),
        "parameters": trace.parameters,
        "dtype": trace.dtype,
        "rows": list(trace.rows),
        "forward": [_stage(stage) for stage in trace.forward],
        "objective": {
            "formula": f"J = {objective.formula}",
            "loss": _number(objective.loss),
            "penalty": _number(objective.penalty),
            "value": _number(objective.value),
        },
        "backward": [_stage(stage) for stage in trace.backward],
        "update": {
            "optimizer": update.optimizer,
            "formula": update.formula,
            "rate": None if update.rate is None else _number(update.rate),
            "parameters": [_line(line) for line in update.lines],
        },
        "remarks": list(trace.remarks),
    }


def _stage(stage: Stage) -> dict[str, Any]:
    return {"title": stage.title, "lines": [_line(line) for line in stage.lines]}


def _line(line: Line) -> dict[str, Any]:
    summary = Summary.of(line.values)
    return {
        "symbol": line.symbol,
        "formula": line.formula or None,
        "name": line.name or None,
        "shape": list(line.values.shape),
        "norm": _number(summary.norm),
        "min": _number(summary.least),
        "max": _number(summary.largest),
        "zeros": summary.zeros,
        "values": _numbers(line.values.tolist()) if line.values.size <= LARGEST else None,
    }


def _numbers(values: Any) -> Any:
    return [_numbers(value) for value in values] if isinstance(values, list) else _number(values)


def _number(value: float) -> float | None:
    return value if isfinite(value) else None

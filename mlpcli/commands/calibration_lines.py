"""What a person reads of a temperature, a threshold and intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlpcli.calibration.calibrated import Calibrated
from mlpcli.commands.parts_table import PART_NAMES
from mlpcli.data.target import TargetEncoder
from mlpcli.errors import clean
from mlpcli.terminal.console import number


def calibration_lines(found: Calibrated, target: TargetEncoder) -> Iterator[str]:
    """What was fitted on the validation rows, and what that changed there."""
    temperature, threshold = found.temperature, found.threshold
    if temperature is not None:
        losses = f"log loss {number(temperature.before)} before, {number(temperature.after)} after"
        yield f"temperature {number(temperature.temperature)}: {losses}, on the validation rows"
    if threshold is not None:
        line = f"{clean(target.positive_class or '')} from a probability of {threshold.threshold:g} on"
        goal = threshold.goal
        yield line if goal is None else f"{line}: {goal.of} {number(threshold.value)} on the validation rows"


def interval_lines(parts: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[str]:
    """How the intervals of each level do, by part and level."""
    for part, levels in parts.items():
        for level, values in levels.items():
            yield interval_line(level, values, f"{PART_NAMES[part]} rows")


def interval_line(level: str, values: Mapping[str, float], rows: str = "rows") -> str:
    """`intervals of 0.9 hold 0.9125 of the test rows, mean width 30.27`."""
    what = "intervals" if "mean_width" in values else "sets"
    width = next(name for name in values if name != "coverage")
    shown = f"mean {width.removeprefix('mean_')} {number(values[width])}"
    return f"{what} of {level} hold {number(values['coverage'])} of the {rows}, {shown}"

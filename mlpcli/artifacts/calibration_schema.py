"""What a model file may say of what was fitted after the weights: a temperature, a threshold, intervals."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from mlpcli.artifacts.exact import Exact, Items, Number, Positive, without
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.config.calibration_rules import objection
from mlpcli.config.levels import rows_needed
from mlpcli.memory import MOST_MEMBERS

MOST_LEVELS = 1000
MAX_TARGETS = 10_000
COLDEST, HOTTEST = 1e-8, 1e8  # no temperature is fitted beyond e^-16 and e^16

Loss = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Level = Annotated[float, Field(gt=0, lt=1)]


class LogLosses(Exact):
    """The mean log loss of the rows that a temperature was fitted on."""

    before: Loss
    after: Loss


class CalibrationDocument(Exact):
    """The temperature that scores are divided by before they become probabilities."""

    temperature: Annotated[float, Field(ge=COLDEST, le=HOTTEST)]
    log_loss: LogLosses


class IntervalsDocument(Exact):
    """The levels, and for each the largest error of every target, or the largest misfit of a class.

    Of folds there are the errors themselves, as arrays: `folds` says how many rows each has. One of the two.
    """

    levels: Annotated[Items[Level], Field(min_length=1, max_length=MOST_LEVELS)]
    limits: Annotated[
        Items[Annotated[Items[Number], Field(min_length=1, max_length=MAX_TARGETS)]],
        Field(max_length=MOST_LEVELS),
    ] = ()
    folds: Annotated[Items[Positive], Field(max_length=MOST_MEMBERS)] = ()

    @model_serializer(mode="wrap")
    def _used(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without(serialize(self), {"limits": [], "folds": []})


def check_fits(key: str, task: str, output: str, classes: int) -> None:
    """Raise FileFormatError where a model of such a task cannot have what stands at a key of its metadata."""
    message = objection(key, task, output, classes)
    if message is not None:
        raise FileFormatError(f"metadata: {message}")


def check_intervals(intervals: IntervalsDocument, columns: int, members: int) -> None:
    """Raise FileFormatError unless each level has a limit of so many columns, or each member its errors."""
    levels = intervals.levels
    if len(set(levels)) < len(levels):
        raise FileFormatError("metadata: a level of the intervals occurs twice")
    if intervals.folds:
        if intervals.limits or len(intervals.folds) != members:
            found = f"{len(intervals.folds)} folds, {len(intervals.limits)} limits"
            raise FileFormatError(f"metadata: intervals of {members} members, found {found}")
        if sum(intervals.folds) < max(map(rows_needed, levels)):
            raise FileFormatError("metadata: the folds have too few rows for the levels of the intervals")
    elif [len(limits) for limits in intervals.limits] != [columns] * len(levels):
        raise FileFormatError(f"metadata: {len(levels)} levels need as many limits of {columns} each")

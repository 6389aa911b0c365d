"""Rules between what is fitted after the weights, the task, and the rows that it is fitted on."""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.config.activation_spec import PROBABILITIES
from mlpcli.config.calibration_spec import ThresholdGoal
from mlpcli.config.loss_spec import default_loss
from mlpcli.config.refusals import Finding
from mlpcli.config.spec import Spec, only, possible_tasks

VALIDATE = "for example `validation: 0.2` below `data`, or `ensemble: {folds: 5}`"
CALIBRATE = "for example `calibration: 0.2` below `data`, or `ensemble: {folds: 5}`"
WHAT = {
    "calibration": ("a temperature is for probabilities", frozenset({"classification", "multilabel"})),
    "threshold": ("a threshold is for two classes", frozenset({"classification"})),
    "intervals": ("intervals are for numbers and for classes", frozenset({"regression", "classification"})),
}


def asked_for(spec: Spec) -> list[str]:
    """The keys of what is to be fitted after the weights."""
    there = {
        "calibration": spec.calibration is not None,
        "threshold": spec.threshold is not None,
        "intervals": bool(spec.intervals),
    }
    return [name for name, wanted in there.items() if wanted]


def objection(name: str, task: str, output: str, classes: int = 2) -> str | None:
    """Why such a key has no meaning for a task, an output activation and so many classes."""
    what, tasks = WHAT[name]
    if task not in tasks:
        return f"{what}, the task is {task}"
    if task != "regression" and output not in PROBABILITIES:
        return f"{what}: it needs sigmoid or softmax at the output, found {output}"
    if name == "threshold" and classes != 2:
        return f"{what}, found {classes}"
    return None


def calibration_fits_task(spec: Spec) -> Iterator[Finding]:
    """Temperatures are of probabilities, thresholds of two classes, intervals of numbers or of classes."""
    task = only(possible_tasks(spec))
    if task is None:
        return
    activation = spec.model.activation
    output = (spec.loss or default_loss(task, 2)).output_activation
    if isinstance(activation, tuple) and activation:
        output = activation[-1].name
    for name in asked_for(spec):
        message = objection(name, task, output)
        if message is not None:
            yield Finding((name,), message)


def calibration_has_rows(spec: Spec) -> Iterator[Finding]:
    """A temperature and the best threshold are fitted on validation rows, which folds have too."""
    if spec.validates:
        return
    needs = "needs validation rows, and `data.validation` is not set"
    if spec.calibration is not None:
        yield Finding(("calibration",), f"a temperature {needs}", VALIDATE)
    if isinstance(spec.threshold, ThresholdGoal):
        yield Finding(("threshold",), f"a threshold with a goal {needs}", VALIDATE)


def intervals_have_rows(spec: Spec) -> Iterator[Finding]:
    """Intervals are fitted on folds, or else on rows of their own, which are for nothing else."""
    given = spec.data.calibration is not None
    if spec.intervals and not given and spec.folds is None:
        message = "intervals need rows that nothing else is fitted on, and `data.calibration` is not set"
        yield Finding(("intervals",), message, CALIBRATE)
    if given and not spec.intervals:
        message = "calibration rows are for intervals, and `intervals` is not set"
        hint = "a temperature is fitted on validation rows: add `intervals: [0.9]`, or leave the key out"
        yield Finding(("data", "calibration"), message, hint)

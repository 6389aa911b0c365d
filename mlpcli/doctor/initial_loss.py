"""The loss before the first update, against what chance gives: a constant prediction, ln C of C classes."""

from __future__ import annotations

from math import isfinite, log
from typing import Any, Final

from mlpcli.config.activation_spec import PROBABILITIES
from mlpcli.doctor.findings import Finding, Verdict
from mlpcli.doctor.patient import Patient
from mlpcli.doctor.probing import Probe
from mlpcli.terminal.console import number
from mlpcli.training.baseline import constant_loss

CHECK: Final = "initial loss"
LOOK, WRONG = 5.0, 1e4  # times the loss of a constant prediction
SCALE_IT = "scale the target (`data.target_scale`) and the features, or begin with smaller weights"


def initial_loss(patient: Patient, probe: Probe) -> Finding:
    """Whether the network begins about where one that has learnt nothing is."""
    experiment, rows = patient.experiment, patient.some_rows
    chance = constant_loss(experiment.network.loss, experiment.training, rows)
    if experiment.network.loss.reduction == "sum":
        chance, start = chance / len(rows), probe.loss / len(rows)
    else:
        start = probe.loss
    numbers: dict[str, Any] = {"loss": start, "chance": chance}
    says = f"{number(start)}, where a constant prediction has {number(chance)}"
    classes = len(experiment.prepared.target.classes)
    if classes and experiment.prepared.loss.output_activation in PROBABILITIES:
        numbers["ln_classes"] = log(classes)
        says += f" (ln {classes} = {log(classes):.3f} for classes of one size)"
    verdict, hint = _judged(start, chance)
    return Finding(CHECK, verdict, says, hint, numbers)


def _judged(start: float, chance: float) -> tuple[Verdict, str | None]:
    if not isfinite(start):
        return "wrong", SCALE_IT
    times = start / chance if chance > 0 else 1.0
    if times >= WRONG:
        return "wrong", SCALE_IT
    return ("look", SCALE_IT) if times >= LOOK else ("ok", None)

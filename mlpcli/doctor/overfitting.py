"""A few rows learnt by heart: a network that cannot do that cannot learn at all."""

from __future__ import annotations

from math import isfinite, nan
from types import SimpleNamespace
from typing import Final

import numpy as np

from mlpcli.arrays import Indices
from mlpcli.doctor.findings import Finding, Verdict
from mlpcli.doctor.patient import Patient, rows_of
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.optim.first_order import build
from mlpcli.optim.stepper import Stepper
from mlpcli.storage.rows import whole
from mlpcli.terminal.console import counted, number
from mlpcli.training.baseline import constant_loss
from mlpcli.training.batches import Part

CHECK: Final = "a few rows by heart"
ROWS: Final = 8
STEPS: Final = 300
RATES: Final = (1e-2, 1e-3, 1e-1)  # of Adam, one after the other where the ones before did not do
LEARNT, MOVED = 0.3, 0.98  # of what a constant prediction loses; of the loss at the start
ADAM = SimpleNamespace(name="adam", weight_decay=0.0, rates=None, beta1=0.9, beta2=0.999, epsilon=1e-8)


def by_heart(patient: Patient) -> Finding:
    """Train on a few rows alone, by Adam, without dropout and penalties, and look at how far the loss falls.

    What cannot be lost is taken away: that of smoothed labels, say.
    """
    loss = patient.experiment.network.loss
    part = rows_of(patient.experiment.training, chosen(patient.experiment.training))
    part = Part(part.x, part.y, None)
    least = least_loss(loss, part)
    chance = constant_loss(loss, part, part) - least
    start, end = nan, nan
    for rate in RATES:
        first, last = trained(patient.network(), part, rate)
        start = first - least
        left = max(last - least, 0.0)  # which may be rounding, the other way round
        end = min(end, left) if isfinite(end) else left
        if end <= LEARNT * chance:
            break
    rows = counted(len(part), "row")
    numbers = {"rows": len(part), "start": start, "end": end, "constant": chance}
    says = f"{rows}: from {number(start)} to {number(end)}, where a constant has {number(chance)}"
    if not isfinite(start) or not isfinite(end) or end > MOVED * start > 0:
        hint = "it learns nothing: look at init and activations, and run `mlp gradcheck`"
        return Finding(CHECK, "wrong", says, hint, numbers)
    verdict: Verdict = "ok" if end <= LEARNT * max(chance, 1e-12) or chance <= 0 else "look"
    wider = "a wider network, or an output activation that reaches the targets"
    return Finding(CHECK, verdict, says, wider if verdict == "look" else None, numbers)


def chosen(part: Part) -> Indices:
    """A few rows whose targets lie far from each other: all classes, or the range of a number."""
    order = np.lexsort([*whole(part.x).T[:1], *part.y.T])
    places = np.linspace(0, len(part) - 1, min(ROWS, len(part))).round().astype(np.intp)
    return np.sort(order[places])


def least_loss(loss: Loss, part: Part) -> float:
    """The loss of scores that are right for every row."""
    scores = np.vstack([loss.constant_scores(row) for row in part.y.astype(np.float64)])
    scores = np.clip(scores, -700.0, 700.0)
    of_rows = loss.bind(scores, np.empty_like(scores))(part.y.astype(np.float64))
    return float(of_rows.sum() if loss.reduction == "sum" else of_rows.mean())


def trained(network: Network, part: Part, rate: float) -> tuple[float, float]:
    """The loss before and after: the least of the last tenth of the steps."""
    network.dropout_share.fill(0.0)
    stepper = Stepper(build(ADAM), network.theta, network.grad, network.layout.n_weights, clip_norm=None)
    losses: list[float] = []
    with np.errstate(all="ignore"):
        for _ in range(STEPS + 1):
            losses.append(network.loss_and_grad(*part.arrays()))
            if not isfinite(losses[-1]):
                break
            stepper.step(rate)
    end = losses[-STEPS // 10 :]
    return losses[0], min(end) if all(map(isfinite, end)) else losses[-1]

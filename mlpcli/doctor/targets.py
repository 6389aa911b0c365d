"""The target of the training rows: rare classes, one class for nearly all rows, numbers that are constant."""

from __future__ import annotations

from typing import Final

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.doctor.findings import Finding
from mlpcli.doctor.patient import Patient
from mlpcli.terminal.console import counted, number

CHECK: Final = "target"
FEW: Final = 10  # rows of a class
NEARLY_ALL: Final = 0.9  # of the rows of one class
TAIL: Final = 8.0  # standard deviations from the mean


def target(patient: Patient) -> Finding:
    """Whether every class, every label, every number has rows to be learnt from."""
    split, encoder = patient.experiment.parts["train"], patient.experiment.prepared.target
    if encoder.task == "regression":
        return _numbers(patient, split.truth.reshape(len(split.rows), -1))
    if encoder.task == "multilabel":
        return _labels(
            dict(zip(encoder.columns, split.truth.mean(axis=0).tolist(), strict=True)), len(split.rows)
        )
    return _classes(patient, np.bincount(split.truth, minlength=len(encoder.classes)).tolist())


def _labels(shares: dict[str, float], rows: int) -> Finding:
    rare = [name for name, share in shares.items() if min(share, 1 - share) * rows < FEW]
    least, most = min(shares.values()), max(shares.values())
    says = f"{counted(len(shares), 'label')}, there in {least:.1%} to {most:.1%} of the rows"
    hint = f"too few rows to learn from: {', '.join(rare[:4])}" if rare else None
    return Finding(CHECK, "look" if rare else "ok", says, hint, {"shares": shares})


def _classes(patient: Patient, counts: list[int]) -> Finding:
    names = patient.experiment.prepared.target.classes
    rows = sum(counts)
    least, most = int(np.argmin(counts)), int(np.argmax(counts))
    numbers = {"classes": {str(name): count for name, count in zip(names, counts, strict=True)}}
    says = f"{len(names):,} classes of {counted(counts[least], 'row')} each"
    if counts[least] != counts[most]:
        fewest = f"{counts[least]:,} ({names[least]})"
        says = f"{len(names):,} classes, from {fewest} to {counts[most]:,} rows ({names[most]})"
    if counts[most] == rows:
        hint = "all training rows have one class: there is nothing to learn"
        return Finding(CHECK, "wrong", says, hint, numbers)
    if counts[most] > NEARLY_ALL * rows:
        hint = "accuracy tells little here: look at f1, pr_auc, and try `class_weight: balanced`"
        return Finding(CHECK, "look", says, hint, numbers)
    if counts[least] < FEW and rows >= FEW * len(names):
        rare = f"{counted(counts[least], 'row')} of {names[least]}"
        hint = f"{rare} can hardly be learnt from: get more, or join classes"
        return Finding(CHECK, "look", says, hint, numbers)
    return Finding(CHECK, "ok", says, None, numbers)


def _numbers(patient: Patient, truth: Matrix) -> Finding:
    names = patient.experiment.prepared.target.columns
    means, spreads = truth.mean(axis=0), truth.std(axis=0)
    with np.errstate(all="ignore"):
        tails = np.abs(truth - means).max(axis=0) / spreads
    columns = zip(names, means.tolist(), spreads.tolist(), tails.tolist(), strict=True)
    numbers = {
        "columns": {name: {"mean": mean, "std": std, "farthest": tail} for name, mean, std, tail in columns}
    }
    constant = [name for name, std in zip(names, spreads, strict=True) if std == 0.0]
    says = f"mean {number(float(means[0]))}, standard deviation {number(float(spreads[0]))}"
    if constant:
        return Finding(CHECK, "wrong", f"{constant[0]} is the same in all training rows", None, numbers)
    far = int(np.argmax(tails))
    if tails[far] > TAIL:
        says = f"{names[far]}: a row is {tails[far]:.0f} standard deviations from the mean"
        hint = "a long tail: try `data.target_transform: log1p`, or `loss: huber`"
        return Finding(CHECK, "look", says, hint, numbers)
    return Finding(CHECK, "ok", says, None, numbers)

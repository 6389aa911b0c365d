"""Rows that come again: in the parts that are held out, and among the training rows with other targets."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix
from mlpcli.doctor.findings import Finding, Verdict
from mlpcli.doctor.patient import Patient
from mlpcli.terminal.console import counted

SHARED: Final = "rows in two parts"
REPEATED: Final = "rows that come again"
PARTS: Final = {"val": "validation", "cal": "calibration", "test": "test"}
LOOK, WRONG = 0.02, 0.2  # shares of the rows of a part
FEWEST: Final = 5  # rows in two parts below which it may be chance
OFTEN, CONFLICTS = 0.3, 0.02  # shares of the training rows
MOST: Final = 100_000  # training rows that are compared with each other


def shared_rows(patient: Patient) -> Finding:
    """Rows that are held out, inputs and target, and are training rows too: their scores say nothing."""
    experiment = patient.experiment
    found: dict[str, Any] = {}
    shares = {}
    for part, name in PARTS.items():
        if part in experiment.parts:
            rows = experiment.parts[part].rows
            overlap = experiment.row_digests.overlap(rows.x, rows.y)
            found[part] = {"rows": overlap.rows, "training_rows": overlap.training_rows}
            shares[name] = overlap.training_rows / overlap.rows
    if not shares:
        return Finding(SHARED, "ok", "no part is held out", None, found)
    worst = max(shares, key=lambda name: shares[name])
    count = max(part["training_rows"] for part in found.values())
    enough = count >= FEWEST
    verdict: Verdict = "ok"
    if shares[worst] >= LOOK and enough:
        verdict = "wrong" if shares[worst] >= WRONG else "look"
    equal = "is" if count == 1 else "are"
    says = f"{shares[worst]:.1%} of the {worst} rows are training rows too" if count else "none"
    if count and not enough:
        says = f"{counted(count, 'row')} held out {equal} equal to a training row"
    hint = (
        "drop repeated rows, or keep those of one thing together: `data.group`" if verdict != "ok" else None
    )
    return Finding(SHARED, verdict, says, hint, found)


def repeated_rows(patient: Patient) -> Finding:
    """Training rows with equal inputs, and those among them whose targets differ."""
    part = patient.experiment.training
    x, y = part.x[:MOST], part.y[:MOST]
    of_inputs, of_rows = _same(x), _same(np.hstack([x, y.astype(x.dtype)]))
    counts = np.bincount(of_rows)
    repeated = float(np.mean(counts[of_rows] > 1))
    targets = np.zeros(of_inputs.max() + 1, np.intp)
    np.add.at(targets, of_inputs[np.unique(of_rows, return_index=True)[1]], 1)
    conflicting = float(np.mean(targets[of_inputs] > 1))
    numbers = {"rows": len(x), "repeated": repeated, "conflicting": conflicting}
    says = f"{repeated:.1%} come again, {conflicting:.1%} have inputs that come again with another target"
    if not repeated and not conflicting:
        says = "none"
    if conflicting >= CONFLICTS:
        hint = "equal inputs cannot be told apart: is a column missing that tells them apart?"
        return Finding(REPEATED, "look", says, hint, numbers)
    if repeated >= OFTEN:
        hint = "rows of one thing belong into one part: `data.group`; or drop repeated rows"
        return Finding(REPEATED, "look", says, hint, numbers)
    return Finding(REPEATED, "ok", says, None, numbers)


def _same(rows: Matrix) -> Indices:
    """A number for each row; equal rows have the same."""
    bytes_of: Array = np.ascontiguousarray(rows + 0).view(np.dtype((np.void, rows.itemsize * rows.shape[1])))
    return np.asarray(np.unique(bytes_of.ravel(), return_inverse=True)[1])

"""Inputs that say nothing, or too much: constant columns, unscaled ones, and those that tell the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.doctor.findings import Finding
from mlpcli.doctor.patient import Patient
from mlpcli.storage.rows import whole
from mlpcli.terminal.console import counted, number

LEAKS: Final = "leaks"
CONSTANT: Final = "constant columns"
SCALE: Final = "scale of the inputs"
NEARLY: Final = 0.995  # of the rows with the most frequent value
FEWEST: Final = 200  # rows from which on that is strange
LARGE: Final = 30.0  # root mean square of an input that goes in as it is
SHOWN: Final = 4  # names
ROWS: Final = 20_000


def leaks(patient: Patient) -> Finding:
    """Features that alone tell the target."""
    found = patient.leaks
    numbers = {"columns": [{"column": leak.column, "told": leak.told} for leak in found]}
    if not found:
        return Finding(LEAKS, "ok", "no column tells the target alone", None, numbers)
    is_sure = any(leak.told > 1 - 1e-12 for leak in found)
    names = ", ".join(leak.column for leak in found)
    hint = f"leave out what is not known when you predict: `exclude: [{names}]`"
    return Finding(LEAKS, "wrong" if is_sure else "look", found[0].note, hint, numbers)


def constant_columns(patient: Patient) -> Finding:
    """Inputs with one value in all training rows, and numbers with one in nearly all."""
    x, names = whole(patient.experiment.training.x), patient.experiment.prepared.inputs.names
    constant = [
        name for name, low, high in zip(names, x.min(axis=0), x.max(axis=0), strict=True) if low == high
    ]
    numbers_of = patient.experiment.prepared.inputs.quantities
    nearly = [
        names[column]
        for column in numbers_of
        if names[column] not in constant and len(x) >= FEWEST and _most_frequent(x[:ROWS, column]) >= NEARLY
    ]
    numbers = {"constant": constant, "nearly": nearly}
    if not constant and not nearly:
        return Finding(CONSTANT, "ok", "none", None, numbers)
    says = "; ".join(
        f"{counted(len(found), 'input')} {what}: {_shown(found)}"
        for found, what in ((constant, "with one value"), (nearly, "with nearly one value"))
        if found
    )
    return Finding(CONSTANT, "look", says, "they say nothing, or of few rows: `exclude` them", numbers)


def input_scale(patient: Patient) -> Finding:
    """The size of the inputs as the network takes them."""
    x, inputs = whole(patient.some_rows.x), patient.experiment.prepared.inputs
    codes = {one.column for one in inputs.codes}
    sizes = np.sqrt(np.mean(np.square(x.astype(np.float64)), axis=0))
    kept = [column for column in range(x.shape[1]) if column not in codes]
    if not kept:
        return Finding(SCALE, "ok", "all of them are codes", None, {"largest": None})
    largest = max(kept, key=lambda column: float(sizes[column]))
    far = [inputs.names[column] for column in kept if sizes[column] > LARGE]
    numbers = {"largest": float(sizes[largest]), "column": inputs.names[largest], "unscaled": far}
    says = f"at most {number(float(sizes[largest]), 3)} ({inputs.names[largest]})"
    if far:
        hint = f"`features: {{{far[0]}: standardize}}`"
        return Finding(SCALE, "look", f"{says}; {counted(len(far), 'input')} beyond {LARGE:g}", hint, numbers)
    return Finding(SCALE, "ok", says, None, numbers)


def _most_frequent(values: Vector) -> float:
    return float(np.unique(values, return_counts=True)[1].max() / len(values))


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more

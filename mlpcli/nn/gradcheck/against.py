"""Gradients that someone else's code computed, compared with those of the same network on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from math import inf

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import ConfigError, DataError, Problem
from mlpcli.nn.gradcheck.diagnosis import Findings, diagnose
from mlpcli.nn.gradcheck.evidence import Comparison, Evidence, Tolerance, largest
from mlpcli.nn.gradcheck.objective import Batch, Objective
from mlpcli.nn.gradcheck.report import Report, overall
from mlpcli.nn.layout import Slot
from mlpcli.nn.network import Network

FLOAT32_ERROR = 1e-3  # errors below this may be nothing but single precision


def compare_gradients(
    network: Network, batch: Batch, theirs: Mapping[str, Array], rtol: float = 1e-6
) -> Report:
    """Judge `theirs`, named as in a model file (`layers.0.weight`, ...), by the gradient of `network`.

    In the report `analytic` is theirs and `numerical` is ours; penalties and row weights belong to it.
    The network must be of float64. Raises DataError for a name that is missing or unknown, a wrong shape
    or a value that is not a finite number, ConfigError for a network with dropout.
    """
    if any(network.architecture.dropout):
        raise ConfigError.of(
            "model.dropout: expected 0, since other code cannot know the mask that is drawn",
            hint="compare without it: --set model.dropout=0",
        )
    slots = network.layout.slots
    _refuse(slots, theirs)
    with np.errstate(all="ignore"):
        objective = Objective(network, batch)
        ours = network.layout.views(objective.gradient())
        rounding = objective.rounding
    tolerance = Tolerance(rtol, largest(list(ours.values())))
    arrays = tuple(_evidence(network, slot.name, (theirs, ours), (tolerance, rounding)) for slot in slots)
    found = diagnose(Findings(objective, arrays))
    summaries = tuple(array.summary() for array in arrays)
    sentence = found.sentence + _precision(theirs, arrays) if found else None
    located = found.located if found else None
    return Report(overall(summaries, ()), "against", rtol, summaries, (), located, sentence)


def _evidence(
    network: Network,
    name: str,
    gradients: tuple[Mapping[str, Array], Mapping[str, Array]],
    measure: tuple[Tolerance, float],
) -> Evidence:
    tolerance, rounding = measure
    theirs, ours = (np.asarray(each[name], np.float64).reshape(-1) for each in gradients)
    empty = np.empty(0)
    values = (theirs, ours, np.full(ours.size, rounding))
    return Evidence(
        name,
        network.parameters[name].shape,
        network.parameters[name].reshape(-1).copy(),
        theirs,
        np.arange(theirs.size),
        Comparison.of(values, largest([theirs]), tolerance),
        Comparison(empty, empty, empty, empty),
        tolerance.rtol,
        inf,
        np.arange(0),
    )


def _precision(theirs: Mapping[str, Array], arrays: tuple[Evidence, ...]) -> str:
    """A word on single precision where that may be all that differs."""
    single = any(np.asarray(array).dtype.itemsize < 8 for array in theirs.values())
    if single and all(np.all(array.entries.errors <= FLOAT32_ERROR) for array in arrays):
        return " Their gradients are in single precision, which alone differs by this much: try --rtol 1e-3."
    return ""


def _refuse(slots: tuple[Slot, ...], theirs: Mapping[str, Array]) -> None:
    """All that is wrong with the names, shapes and values, at once."""
    shapes = {slot.name: slot.shape for slot in slots}
    problems = [_unknown(name, list(shapes)) for name in theirs if name not in shapes]
    for name, shape in shapes.items():
        message = _mismatch(theirs.get(name), shape)
        if message:
            problems.append(Problem(f"{name}: expected an array {shape}, found {message}", hint=HINT))
    if problems:
        raise DataError(*problems)


HINT = "rows are examples and a weight is (inputs, outputs); the names and shapes are those of model.npz"


def _unknown(name: str, known: list[str]) -> Problem:
    close = get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"the names are {', '.join(known)}"
    return Problem(f"unknown array '{name}': expected the parameters of this network", hint=hint)


def _mismatch(array: Array | None, shape: tuple[int, ...]) -> str | None:
    """What is found instead of finite numbers of this shape, or None."""
    if array is None:
        return "none"
    array = np.asarray(array)
    if array.shape != shape:
        turned = ": it is transposed" if array.shape == shape[::-1] else ""
        return f"one of shape {array.shape}{turned}"
    if array.dtype.kind not in "fiu":
        return f"one of type {array.dtype}"
    bad = np.argwhere(~np.isfinite(array))
    return f"{array[tuple(bad[0])]} at {bad[0].tolist()}" if len(bad) else None

"""ONNX documents run on the cells of a table: by onnxruntime, or by the evaluator that comes with onnx."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from math import inf, nan
from typing import Final, TypeAlias

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.config.date_format import EPOCHS
from mlpcli.exporting.columns import Date, TextColumn
from mlpcli.exporting.exporter import Answers, Cells
from mlpcli.exporting.onnx.graph import DOUBLE, TEXT
from mlpcli.exporting.onnx.inputs import Given
from mlpcli.tables.dates import dates_of

Runner: TypeAlias = Callable[[Mapping[str, Array]], Mapping[str, Array]]
"""From inputs (rows, 1) by name to outputs (rows, columns) by name."""

# onnxruntime 1.29 and later write into the home directory when they are imported without it
NO_TELEMETRY: Final = "ORT_DISABLE_TELEMETRY"


def runner_name() -> str:
    """What runs a document here."""
    if find_spec("onnxruntime"):
        return f"onnxruntime {version('onnxruntime')}"
    return f"the reference evaluator of onnx {version('onnx')}"


def runner_of(document: bytes) -> Runner:
    """A document put to work by what `runner_name` says."""
    return onnxruntime_runner(document) if find_spec("onnxruntime") else reference_runner(document)


def onnxruntime_runner(document: bytes) -> Runner:
    """The document run by onnxruntime, which says nothing about it and sends nothing anywhere."""
    os.environ.setdefault(NO_TELEMETRY, "1")
    # which declares no types
    session = import_module("onnxruntime").InferenceSession(document, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Mapping[str, Array]) -> dict[str, Array]:
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))

    return run


def reference_runner(document: bytes) -> Runner:
    """The document run by the evaluator that comes with onnx, which is NumPy and slow."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(onnx.load_from_string(document))

    def run(inputs: Mapping[str, Array]) -> dict[str, Array]:
        with np.errstate(all="ignore"):
            return dict(zip(evaluator.output_names, evaluator.run(None, dict(inputs)), strict=True))

    return run


def fed(cells: Cells, given: Sequence[Given]) -> dict[str, Array]:
    """The inputs of a graph, from the cells of a table."""
    return {one.column.name: _fed(cells, one)[:, np.newaxis] for one in given}


def _fed(cells: Cells, given: Given) -> Array:
    name = given.column.name
    if given.date is not None:
        return seconds_of(cells.texts[name], given.column.blanks, given.date)
    if isinstance(given.column, TextColumn):
        return np.array(cells.texts[name], dtype=TEXT)
    return cells.numbers[name]


def seconds_of(texts: Sequence[str], blanks: Sequence[str], date: Date) -> Vector:
    """Dates as a graph is given them: NaN where one is missing, and infinite for what is none."""
    moments = dates_of(texts, date.form)
    found = np.array([nan if text in blanks else inf for text in texts])
    known = ~(np.isnat(moments) | np.isnan(found))
    found[known] = moments[known].astype(np.int64) / 1e6 * EPOCHS.get(date.form or "", 1)
    return found


def answers_of(found: Mapping[str, Array]) -> Answers:
    """The columns of `mlp predict` from the outputs of a graph; None where there is no text."""
    columns = [column for values in found.values() for column in values.T]
    return [column if column.dtype == DOUBLE else _without_empty(column) for column in columns]


def _without_empty(column: Array) -> Array:
    """Texts, as objects, with None in the place of those without a letter."""
    texts = column.astype(TEXT)
    texts[texts == ""] = None
    return texts

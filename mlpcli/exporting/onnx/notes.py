"""What an ONNX document says in words, and in its metadata, about what goes in and comes out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from mlpcli.config.date_format import is_time_alone
from mlpcli.exporting.columns import Absent, Code, Date, OneHot
from mlpcli.exporting.description import Description, Outputs
from mlpcli.exporting.onnx.graph import TEXT
from mlpcli.exporting.onnx.inputs import Given
from mlpcli.exporting.onnx.outputs import PROBABILITY

EPOCH_WORDS: Final = {"epoch": "the seconds since 1970", "epoch_ms": "the milliseconds since 1970"}


def input_note(given: Given, description: Description) -> str:
    """What to give for a column, what stands for a missing cell, and what comes of it."""
    missing = " or ".join(missing_cells(given))
    then = "" if fills_all(given, description) else ", and the row then has no prediction"
    return f"{content_of(given)}; where it is missing {missing}{then}"


def content_of(given: Given) -> str:
    """What the values of an input are."""
    if given.date is not None:
        return date_words(given.date)
    if given.dtype == TEXT:
        return "the text of the cell"
    return "the number of the cell"


def date_words(date: Date) -> str:
    """How a date is given as a number."""
    if date.form in EPOCH_WORDS:
        return EPOCH_WORDS[date.form]
    if is_time_alone(date.form):
        return "the seconds since midnight"
    return "the seconds from 1970-01-01 00:00 to the date, both by the same clock"


def missing_cells(given: Given) -> list[str]:
    """What means that a cell is missing: texts in quotes, or numbers."""
    if given.dtype == TEXT:
        return [json.dumps(text, ensure_ascii=False) for text in given.column.blanks]
    return ["NaN", *(f"{number:g}" for number in given.marks)]


def fills_all(given: Given, description: Description) -> bool:
    """Whether every network knows what to take for a missing cell."""
    features = chain.from_iterable(description.encodings)
    mine = [one for one in features if one.column == given.column.name and not isinstance(one, Absent)]
    return not any(
        (one.levels.absent if isinstance(one, OneHot | Code) else one.fill) is None for one in mine
    )


def output_note(name: str, outputs: Outputs) -> str:
    """What an output is."""
    if outputs.task == "regression":
        return "in the units of the target, NaN where there is no prediction"
    if name == PROBABILITY:
        return f"of each class, in the order {', '.join(outputs.classes)}; NaN where there is no prediction"
    if outputs.task == "multilabel" and name.endswith(f"_{PROBABILITY}"):
        return f"of {outputs.classes[1]}, NaN where there is no prediction"
    return f"one of {', '.join(outputs.classes)}; empty where there is no prediction"


def properties(description: Description, given: tuple[Given, ...]) -> dict[str, str]:
    """The metadata, by key; what is no text is JSON."""
    outputs = description.outputs
    found: dict[str, Any] = {
        "model_sha256": description.sha256,
        "mlp_version": description.version,
        "task": outputs.task,
        "targets": list(outputs.targets),
        "units": "those of the targets in the training table" if outputs.task == "regression" else None,
        "classes": list(outputs.classes) or None,
        "inputs": list(_inputs(description, given)),
    }
    return {
        key: text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
        for key, text in found.items()
        if text is not None
    }


def _inputs(description: Description, given: tuple[Given, ...]) -> Iterator[dict[str, Any]]:
    for one in given:
        yield {"name": one.column.name, "note": input_note(one, description)}

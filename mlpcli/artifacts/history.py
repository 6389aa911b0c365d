"""history.csv and metrics.json: how a run went, epoch by epoch, and what its model is worth."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, TypeAlias

from mlpcli.artifacts.atomic import Content
from mlpcli.artifacts.strict_json import dumps, without_nan

Row: TypeAlias = Mapping[str, float | None]  # one epoch: the columns by name, None where there is no value

TRAINING_ROWS, VALIDATION_ROWS = "", "val_"  # what the names of their columns begin with


def history_columns(metrics: Sequence[str], parts: Sequence[str]) -> list[str]:
    """`epoch`, then loss and metrics of each part (TRAINING_ROWS, VALIDATION_ROWS), then `learning_rate`."""
    scores = [part + name for part in parts for name in ("loss", *metrics)]
    return ["epoch", *scores, "learning_rate"]


def history_content(columns: Sequence[str], rows: Sequence[Row]) -> Content:
    """What writes history.csv: numbers that read back to the same value, an empty field for None."""

    def write(stream: BinaryIO) -> None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_field(row.get(name), name) for name in columns] for row in rows)
        stream.write(text.getvalue().encode("utf-8"))

    return write


def metrics_content(document: Mapping[str, Any]) -> Content:
    """What writes metrics.json, where an undefined value is null."""
    text = dumps(without_nan(document), indent=2) + "\n"

    def write(stream: BinaryIO) -> None:
        stream.write(text.encode("utf-8"))

    return write


def _field(value: float | None, name: str) -> str:
    if value is None:
        return ""
    return str(int(value)) if name == "epoch" else repr(float(value))

"""history.csv and metrics.json: every digit, plain line ends, nothing that a JSON reader would choke on."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.artifacts.atomic import Content
from mlpcli.artifacts.history import (
    TRAINING_ROWS,
    VALIDATION_ROWS,
    history_columns,
    history_content,
    metrics_content,
)


def written(content: Content) -> bytes:
    stream = io.BytesIO()
    content(stream)
    return stream.getvalue()


def test_columns_with_and_without_validation() -> None:
    assert history_columns(["r2"], [TRAINING_ROWS]) == ["epoch", "loss", "r2", "learning_rate"]
    assert history_columns(["accuracy", "f1"], [TRAINING_ROWS, VALIDATION_ROWS]) == [
        *("epoch", "loss", "accuracy", "f1", "val_loss", "val_accuracy", "val_f1", "learning_rate")
    ]


def test_the_file_is_exactly_this() -> None:
    rows = [
        {"epoch": 1, "loss": 0.1 + 0.2, "learning_rate": 1e-3},
        {"epoch": 2, "loss": 1, "learning_rate": None},
    ]
    assert written(history_content(["epoch", "loss", "learning_rate"], rows)) == (
        b"epoch,loss,learning_rate\n1,0.30000000000000004,0.001\n2,1.0,\n"
    )


values = st.floats(allow_nan=False) | st.none()


@given(st.lists(st.tuples(values, values), max_size=20))
def test_what_is_written_reads_back_to_the_same_values(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[float | None, float | None]]
) -> None:
    columns = history_columns([], [TRAINING_ROWS])
    rows = [{"epoch": i, "loss": a, "learning_rate": b} for i, (a, b) in enumerate(pairs, 1)]
    path = tmp_path_factory.mktemp("history") / "history.csv"
    path.write_bytes(written(history_content(columns, rows)))
    with path.open(newline="") as lines:
        header, *outside = csv.reader(lines)
    assert header == columns
    assert [row[0] for row in outside] == [str(row["epoch"]) for row in rows]
    assert [[float(text) if text else None for text in row[1:]] for row in outside] == [
        list(p) for p in pairs
    ]


def test_a_run_that_wrote_nothing_has_a_header(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(written(history_content(["epoch", "loss"], [])))
    assert path.read_bytes() == b"epoch,loss\n"


def test_metrics_are_json_in_the_order_given_with_null_for_what_is_undefined() -> None:
    document: dict[str, Any] = {
        "train": {"r2": float("nan"), "mae": 0.1 + 0.2, "baseline": {"r2": float("-inf")}},
        "status": "finished",
        "epochs": 3,
        "names": ("ü", [float("inf")]),
    }
    text = written(metrics_content(document)).decode("utf-8")
    assert text.splitlines() == [
        *("{", '  "train": {', '    "r2": null,', '    "mae": 0.30000000000000004,', '    "baseline": {'),
        *('      "r2": null', "    }", "  },", '  "status": "finished",', '  "epochs": 3,', '  "names": ['),
        *('    "ü",', "    [", "      null", "    ]", "  ]", "}"),
    ]
    assert text.endswith("}\n")
    assert json.loads(text)["train"]["mae"] == 0.1 + 0.2

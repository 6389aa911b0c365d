"""Write the tables and the starting weights of the documents' configs from tests/reference/*.json.

python configs/documents/from_reference.py

Writes configs/documents/*_weights.npz (members layers.0.weight, layers.0.bias, ...) and those tables in
data/documents/ that are too long to type. Run it again only when a reference file changes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS, TABLES = ROOT / "configs" / "documents", ROOT / "data" / "documents"
INPUTS, OUTPUTS, ROWS = 784, 16, 10  # of the table for the 784-32-20-16 network


def reference(name: str) -> dict[str, Any]:
    """One reference file."""
    return dict(json.loads((ROOT / "tests" / "reference" / f"{name}.json").read_text("utf-8")))


def members(weights: list[ArrayLike], biases: list[ArrayLike]) -> dict[str, NDArray[np.float64]]:
    """The arrays of a network under the names that `init: {from: FILE.npz}` looks for."""
    arrays = {f"layers.{layer}.weight": np.array(weight, float) for layer, weight in enumerate(weights)}
    return arrays | {f"layers.{layer}.bias": np.array(bias, float) for layer, bias in enumerate(biases)}


def starting_weights() -> dict[str, dict[str, NDArray[np.float64]]]:
    """The arrays of every weights file, by file name."""
    two, deep = reference("deep_sigmoid_231"), reference("deep_sigmoid_30_10_15_7_6")
    three, gate, dense = reference("three_layer"), reference("notebook_and"), reference("dense_layer")
    return {
        "d1_weights.npz": members(two["weights"], []),
        "d1_deep_weights.npz": members(deep["weights"], []),
        "d3_three_layer_weights.npz": members(three["weights"], three["biases"]),
        "d4_notebook_and_weights.npz": members([gate["weight"]], [gate["bias"]]),
        "d5_dense_layer_weights.npz": members(dense["weights"], dense["biases"]),
    }


def table(x: list[list[float]], y: list[list[float]]) -> str:
    """A CSV of inputs x1, x2, ... and targets y1, y2, ... (or y alone); numbers keep every digit."""
    targets = ["y"] if len(y[0]) == 1 else [f"y{column}" for column in range(1, len(y[0]) + 1)]
    header = [f"x{column}" for column in range(1, len(x[0]) + 1)] + targets
    rows = [[repr(number) for number in row + target] for row, target in zip(x, y, strict=True)]
    return "".join(",".join(row) + "\n" for row in [header, *rows])


def random_table() -> str:
    """Ten rows of uniform numbers: 784 inputs, 16 targets, for a gradient check of the wide network."""
    numbers = np.random.default_rng(0).random((ROWS, INPUTS + OUTPUTS)).round(3)
    return table(numbers[:, :INPUTS].tolist(), numbers[:, INPUTS:].tolist())


def tables() -> dict[str, str]:
    """The text of every table, by file name."""
    named = {
        "deep.csv": "deep_sigmoid_30_10_15_7_6",
        "three_layer.csv": "three_layer",
        "dense_layer.csv": "dense_layer",
    }
    files = {file: reference(name) for file, name in named.items()}
    return {file: table(data["x"], data["y"]) for file, data in files.items()} | {"wide.csv": random_table()}


def main() -> None:
    """Write every file."""
    for name, arrays in starting_weights().items():
        np.savez(WEIGHTS / name, allow_pickle=False, **arrays)
    for name, text in tables().items():
        (TABLES / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()

"""Writes golden_model.npz beside this file, with the rows golden_rows.csv and what it predicts for them.

    python tests/reference/make_golden_model.py

Once for each version of the model format, and then never again: this model must load for ever.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CONFIG = """
data:
  train: golden_rows.csv
  target: kind
  id: [name]
  features:
    length: standardize
    width: {encode: minmax, missing: median}
    depth: log1p
    colour: one_hot
    size: {encode: ordinal, categories: [S, M, L]}
model: {layers: [auto, 6, auto], activation: gelu}
training: {epochs: 30, batch_size: full, dtype: float64}
optimizer: {name: adam, learning_rate: 0.05}
"""


def write_rows(path: Path) -> None:
    """Thirty rows by a formula, with a missing cell, quotes and letters beyond ASCII."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "length", "width", "depth", "colour", "size", "kind"])
        for i in range(30):
            width = "" if i == 7 else (i * 7 % 11) / 2
            colour, size = ("rot", "grün", 'say "blau"')[i % 3], "SML"[i * 5 % 3]
            writer.writerow(
                [f"r{i}", (i * 13 % 17) / 4, width, i % 8, colour, size, "no" if i % 5 else "yes"]
            )


def main() -> None:
    """Train and predict with the commands of this version."""
    write_rows(HERE / "golden_rows.csv")
    config = HERE / "golden.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    mlp = [sys.executable, "-c", "from mlpcli.cli import main; main()"]
    subprocess.run([*mlp, "train", "golden.yaml", "-o", "golden", "--no-plots"], cwd=HERE, check=True)
    (HERE / "golden" / "model.npz").rename(HERE / "golden_model.npz")
    predict = ["predict", "golden_model.npz", "golden_rows.csv", "-o", "golden_predictions.csv"]
    subprocess.run([*mlp, *predict], cwd=HERE, check=True)
    for rest in (HERE / "golden").iterdir():
        rest.unlink()
    (HERE / "golden").rmdir()
    config.unlink()


if __name__ == "__main__":
    main()

"""What `mlp predict` takes for many rows, beside pandas reading the same CSV and writing the same output.

    python tests/benchmarks/predict_rows.py [--rows 1000000] [--more 4000000] [--runs 3] [--out DIR]

20 columns of numbers and one of categories; three classes with their probabilities, and a regression.
pandas does `read_csv` and `DataFrame.to_csv` alone: it predicts nothing. Processor seconds, wall seconds, and
peak resident memory beyond what the imports take, medians of alternating processes; `--more` rows are
predicted once, to see whether the memory grows. Allowed: 1.3 times the time, 10 % more memory.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from measured import alternating, measure, report
from typer.testing import CliRunner

from mlpcli.cli import app
from mlpcli.commands.predict import PredictOptions, predict
from mlpcli.terminal.console import Console

TRAINING_ROWS = 5_000
AT_ONCE = 100_000
TARGETS = {"three classes": "kind", "regression": "y"}
CONFIG = """\
data: {{train: train.csv, target: {target}, exclude: [{other}]}}
model: {{layers: [auto, 32, 16, auto]}}
training: {{epochs: 2}}
"""


def generate(path: Path, rows: int) -> None:
    """A table of so many rows, always the same."""
    rng = np.random.default_rng(0)
    names = [f"x{index}" for index in range(20)]
    for start in range(0, rows, AT_ONCE):
        x = rng.normal(size=(min(AT_ONCE, rows - start), 20)).round(6)
        frame = pd.DataFrame(x, columns=names)
        frame["c"] = rng.choice(list("abcdefgh"), len(x))
        score = x[:, 0] + x[:, 1] - (frame["c"] == "a")
        frame["kind"] = np.array(["high", "low", "middle"])[np.digitize(score, [-0.7, 0.7])]
        frame["y"] = (3 * score + rng.normal(size=len(x))).round(4)
        frame.to_csv(path, index=False, header=start == 0, mode="a")


def train(place: Path, target: str) -> Path:
    """A model of a target."""
    other = next(name for name in TARGETS.values() if name != target)
    config = place / f"{target}.yaml"
    config.write_text(CONFIG.format(target=target, other=other), encoding="utf-8")
    run = place / target
    arguments = ["train", str(config), "-o", str(run), "--no-plots", "--quiet"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return run / "model.npz"


def ours(model: str, table: str, output: str) -> None:
    """Predict, as the command does."""
    options = PredictOptions(Path(output), (), False, False, False, None)
    measure(lambda: predict(Path(model), table, options, Console()))


def theirs(table: str, predicted: str, output: str) -> None:
    """Read the table, and write what was predicted, which is there before."""
    frame = pd.read_csv(predicted)

    def work() -> None:
        pd.read_csv(table)
        frame.to_csv(output, index=False)

    measure(work)


def compared(place: Path, rows: int, more: int, runs: int) -> Iterator[dict[str, object]]:
    """One row for each target."""
    tables = {"train.csv": TRAINING_ROWS, "rows.csv": rows, "more.csv": more}
    for name, count in tables.items():
        generate(place / name, count)
    output, table = place / "out.csv", place / "rows.csv"
    for name, target in TARGETS.items():
        model = train(place, target)
        predicted = place / f"{target}.csv"
        first = [__file__, "--ours", model, table, predicted]
        alternating({"first": first}, 1)
        commands = {"ours": first, "pandas": [__file__, "--pandas", table, predicted, output]}
        found = alternating(commands, runs)
        many = alternating({"more": [__file__, "--ours", model, place / "more.csv", output]}, 1)["more"]
        a, b = found["ours"], found["pandas"]
        yield {
            "task": name,
            "rows": rows,
            "mlp cpu s": a.cpu,
            "pandas cpu s": b.cpu,
            "cpu ratio": a.cpu / b.cpu,
            "wall ratio": a.wall / b.wall,
            "mlp peak MiB": a.peak,
            "pandas peak MiB": b.peak,
            f"mlp peak MiB, {more:,} rows": many.peak,
            "memory ratio": many.peak / a.peak,
        }


def main() -> None:
    """Compare, or be one of the processes compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--more", type=int, default=4_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, help="where to save predict_rows.md and predict_rows.json")
    parser.add_argument("--ours", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--pandas", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.ours:
        ours(*asked.ours)
    elif asked.pandas:
        theirs(*asked.pandas)
    else:
        with tempfile.TemporaryDirectory() as directory:
            found = compared(Path(directory), asked.rows, asked.more, asked.runs)
            report("predict_rows", list(found), asked.out)


if __name__ == "__main__":
    main()

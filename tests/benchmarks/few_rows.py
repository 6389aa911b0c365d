"""What few rows cost beside scikit-learn's, predicted and fitted, and what memory a fit takes beside many.

    python tests/benchmarks/few_rows.py

Milliseconds of processor time, the least of some rounds in which both take turns; memory is the peak of a
process of its own, less what it had with the rows alone.
"""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier as Theirs

import mlpcli
from mlpcli.sklearn import MLPClassifier

ROUNDS, CALLS = 15, 20
WIDE = 20_000
ROWS, COLUMNS = 200_000, 100
FITS = {
    "nothing": "",
    "mlp adam": "MLPClassifier(optimizer='adam', epochs=1, layers=('auto', 16, 'auto')).fit(x, y)",
    "mlp lbfgs": "MLPClassifier(optimizer={'name': 'lbfgs', 'iterations': 1}, "
    "layers=('auto', 16, 'auto')).fit(x, y)",
    "scikit-learn": "Theirs(max_iter=1, hidden_layer_sizes=(16,)).fit(x, y)",
}
SCRIPT = f"""
import warnings
import numpy as np
from sklearn.neural_network import MLPClassifier as Theirs
from mlpcli.sklearn import MLPClassifier
warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
x = rng.normal(size=({ROWS}, {COLUMNS}))
y = rng.integers(2, size={ROWS})
MLPClassifier(optimizer="adam", epochs=1).fit(x[:50], y[:50])
Theirs(max_iter=1).fit(x[:50], y[:50])
import resource
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
FIT
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def least(calls: dict[str, Callable[[], object]], at_once: int = CALLS) -> dict[str, float]:
    """The least milliseconds of each call, so many of which are made at once."""
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.process_time()
            for _ in range(at_once):
                call()
            found[name] = min(found[name], (time.process_time() - start) / at_once * 1e3)
    return found


def of_wide_rows() -> tuple[dict[str, Callable[[], object]], dict[str, Callable[[], object]]]:
    """Fits of some rows of many columns, and predictions of one."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, WIDE)), np.arange(60) % 2
    ours = MLPClassifier(optimizer="adam", epochs=1, layers=("auto", 16, "auto")).fit(x, y)
    theirs = Theirs(max_iter=1, hidden_layer_sizes=(16,)).fit(x, y)
    row = x[:1]
    fits = {"mlp": lambda: ours.fit(x, y), "scikit-learn": lambda: theirs.fit(x, y)}
    return fits, {"mlp": lambda: ours.predict(row), "scikit-learn": lambda: theirs.predict(row)}


def of_a_frame(directory: Path) -> dict[str, Callable[[], object]]:
    """Predictions of one row of a DataFrame with four columns."""
    x, y = load_iris(return_X_y=True, as_frame=True)
    x.assign(y=y).to_csv(directory / "t.csv", index=False)
    data = {"train": directory / "t.csv", "target": "y", "task": "classification"}
    ours: Any = mlpcli.train({"data": data, "training": {"epochs": 1}}, output=directory / "run").model
    theirs = Theirs(max_iter=1).fit(x, y)
    row: pd.DataFrame = x.iloc[:1]
    return {"mlp": lambda: ours.predict(row), "scikit-learn": lambda: theirs.predict(row)}


def memory(fit: str) -> float:
    """The megabytes that a fit adds to the peak of a process."""
    command = [sys.executable, "-c", SCRIPT.replace("FIT", fit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout) * 1024 / 1e6


def main() -> None:
    """Print all figures."""
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as directory:
        fits, predictions = of_wide_rows()
        cases = {
            f"fit of 60 × {WIDE:,}": least(fits, 1),
            f"1 × {WIDE:,}": least(predictions),
            "1 × 4, DataFrame": least(of_a_frame(Path(directory))),
        }
        for case, found in cases.items():
            print(case, *(f"{name} {ms:.2f} ms" for name, ms in found.items()), sep="  ")
    print(f"fit of {ROWS:,} × {COLUMNS} ({ROWS * COLUMNS * 8 / 1e6:.0f} MB of rows)")
    for name, fit in FITS.items():
        print(f"  {name}: {memory(fit):.0f} MB")


if __name__ == "__main__":
    main()

"""Processor time of one update of RealMLP's recipe, by mlp and by pytabkit, whose authors wrote the recipe.

    python tests/benchmarks/recipe_step.py PEER_PYTHON [--columns 10 50] [--rounds 5]

The same recipe on both sides, at their width: 256-256-256, batches of 256 rows, SELU with a learnt share,
waves of every column, scaling, dropout, decay, smoothing, Adam with their rates, in float32 and one thread.
PEER_PYTHON is a Python that has pytabkit and torch. Each side is a process of its own; they take turns.

pytabkit's update is the difference between a fit of many epochs and one of few, over the updates between
them: so imports, preparation and starting weights drop out, and what remains besides is the look at 256
validation rows after each epoch of 64 updates. Ours is told twice: updates alone, and epochs of the training
loop with as many rows that validate (which also judges the training rows, as pytabkit does not).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
ROWS, VALIDATING, BATCH = 64 * 256, 256, 256
FEW, MANY = 1, 5  # epochs
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
CONFIG = """
data: {train: rows.csv, target: y, validation: 256, features: {FEATURES}}
model:
  layers: [auto, 256, 256, 256, auto]
  activation: {name: selu, learnable: true}
  init: lecun_normal
  scaling: true
  numeric_embedding: {name: periodic, frequencies: 16, width: 4, std: 0.1}
  dropout: {rate: 0.15, schedule: flat_cos}
loss: {name: cross_entropy, label_smoothing: 0.1}
optimizer:
  name: adamw
  learning_rate: 0.04
  beta2: 0.95
  rates: {weight: fan_in, bias: 0.1, scaling: 6, embedding: 0.1, activation: 0.1}
  weight_decay: {amount: 0.02, schedule: flat_cos}
schedule: coslog
training:
  epochs: 256
  batch_size: 256
  early_stopping: {monitor: val_accuracy, patience: none, keep: last}
"""


def rows(columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, and three classes that hang on some of them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS + VALIDATING, columns)).astype(np.float32)
    scores = np.stack([x[:, 0] * x[:, 1], x[:, 2], np.sin(3 * x[:, 3])], axis=1)
    return x, (scores + rng.normal(size=scores.shape)).argmax(axis=1)


def theirs(columns: int) -> dict[str, float]:
    """Seconds of one update in pytabkit, as the difference of two fits."""
    from pytabkit import RealMLP_TD_Classifier

    x, y = rows(columns)
    validating = np.arange(ROWS, ROWS + VALIDATING)

    def fit(epochs: int) -> float:
        model = RealMLP_TD_Classifier(device="cpu", random_state=0, n_threads=1, n_epochs=epochs)
        start = time.process_time()
        model.fit(x, y, val_idxs=validating)
        return time.process_time() - start

    fit(FEW)
    return {"pytabkit": (fit(MANY) - fit(FEW)) / ((MANY - FEW) * (ROWS // BATCH))}


def ours(columns: int) -> dict[str, float]:
    """Seconds of one update of ours: by itself, and its share of an epoch."""
    import pandas as pd

    from mlpcli.config.load import load_config
    from mlpcli.parallel import threads
    from mlpcli.parallel.pool import SerialPool
    from mlpcli.run.experiment import ExperimentEvaluator
    from mlpcli.run.fit import trainer_of
    from mlpcli.run.study import study_of

    x, y = rows(columns)
    with tempfile.TemporaryDirectory() as folder:
        names = [f"x{number}" for number in range(columns)]
        pd.DataFrame(x, columns=names).assign(y=[f"c{c}" for c in y]).to_csv(
            f"{folder}/rows.csv", index=False
        )
        features = ", ".join(f"{name}: robust_clip" for name in names)
        path = Path(folder) / "recipe.yaml"
        path.write_text(
            CONFIG.replace("validation: 256", "validation: 0.0153846").replace("FEATURES", features)
        )
        experiment = study_of(load_config(path), 10**9).whole
    pool = SerialPool()
    evaluator = ExperimentEvaluator.of(experiment, pool)
    optimizer = experiment.config.spec.optimizer
    with threads.limited(1), np.errstate(all="ignore"):
        trainer = trainer_of(evaluator, optimizer, lambda: False, pool)
        trainer.run_epoch()
        start, updates = time.process_time(), len(trainer.batches)
        trainer.begin_epoch()
        for index in range(updates):
            trainer.update(index)
        alone = time.process_time() - start
        trainer.finish_epoch()
        start = time.process_time()
        for _ in range(MANY - FEW):
            trainer.run_epoch()
        judged = (time.process_time() - start) / (MANY - FEW)
    return {"mlp": alone / updates, "mlp, judged": judged / updates}


def asked(python: str, side: str, columns: int) -> dict[str, float]:
    """What a side says, from a process of its own."""
    command = [python, str(HERE), "--side", side, "--columns", str(columns)]
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": str(HERE.parents[2])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Take turns, and print medians and the medians of ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("python", nargs="?", default=sys.executable)
    parser.add_argument("--columns", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps({"ours": ours, "theirs": theirs}[options.side](options.columns[0])))
        return
    for columns in options.columns:
        turns = [
            asked(sys.executable, "ours", columns) | asked(options.python, "theirs", columns)
            for _ in range(options.rounds)
        ]
        peer = [turn["pytabkit"] for turn in turns]
        print(f"{columns} columns: pytabkit {1e3 * statistics.median(peer):.2f} ms an update")
        for name in ("mlp", "mlp, judged"):
            own = [turn[name] for turn in turns]
            share = statistics.median(a / b for a, b in zip(own, peer, strict=True))
            print(f"  {name}: {1e3 * statistics.median(own):.2f} ms, {share:.2f} times theirs")


if __name__ == "__main__":
    main()

"""How good an unedited `mlp init` config is, beside scikit-learn's MLP with its default settings.

    python tests/benchmarks/init_quality.py [--seeds 3] [--only NAME ...] [--csv FILE:TARGET[:TARGET...] ...]

Each table is split into training and test rows, three to one. `mlp init`, `mlp train` and `mlp evaluate` see
them as files. MLPClassifier or MLPRegressor is fitted on all of the same training rows, one-hot encoded and
standardized (numeric targets too), where `mlp init` holds some of them out to stop in time and to test.
Prints accuracy or R2 on the test rows, means over the seeds. Allowed: 0.01 accuracy or 0.02 R2 less than
scikit-learn.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from typer.testing import CliRunner

from mlpcli.cli import app
from mlpcli.config.load import load_config

DATA = Path(__file__).resolve().parents[2] / "data"
ALLOWED = {"accuracy": 0.01, "r2": 0.02}
Frame = pd.DataFrame


@dataclass(frozen=True)
class Result:
    """One table and one seed: the metric, its value for each of the two, seconds for each."""

    metric: str
    ours: float
    theirs: float
    seconds: tuple[float, float]


def bundled(load: Callable[..., Any]) -> Frame:
    """One of scikit-learn's tables."""
    return load(as_frame=True).frame


def generated(make: Callable[..., Any], **options: Any) -> Frame:
    """A table of one of scikit-learn's generators."""
    x, y = make(random_state=0, **options)
    columns = {f"x{index}": column for index, column in enumerate(x.T)}
    return Frame(
        columns | {f"y{index}" if y.ndim > 1 else "target": c for index, c in enumerate(np.atleast_2d(y.T))}
    )


def curves(rows: int = 600) -> Frame:
    """Three smooth targets of three columns, one of them text, with missing cells."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-2, 2, (2, rows))
    kind = rng.choice(["low", "middle", "high"], rows)
    shift = pd.Series(kind).map({"low": -1.0, "middle": 0.0, "high": 2.0}).to_numpy()
    noise = rng.normal(0, 0.1, (3, rows))
    given = np.where(rng.random(rows) < 0.05, np.nan, b)
    return Frame(
        {"a": a, "b": given, "kind": kind, "y0": np.sin(2 * a) + shift + noise[0],
         "y1": 100 * (a * b + noise[1]), "y2": b**2 - a + noise[2]}
    )  # fmt: skip


def line(rows: int = 300) -> Frame:
    """One column and a curve."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, rows)
    return Frame({"x": x, "target": 1000 + 50 * np.sin(2 * x) + rng.normal(0, 5, rows)})


TABLES: dict[str, tuple[Callable[[], Frame], tuple[str, ...]]] = {
    "iris": (lambda: pd.read_csv(DATA / "iris.csv"), ("species",)),
    "wine": (lambda: bundled(datasets.load_wine), ("target",)),
    "penguins": (lambda: pd.read_csv(DATA / "penguins.csv", keep_default_na=False), ("species",)),
    "breast_cancer": (lambda: bundled(datasets.load_breast_cancer), ("target",)),
    "digits": (lambda: pd.read_csv(DATA / "digits.csv"), ("label",)),
    "seattle_weather": (lambda: pd.read_csv(DATA / "seattle_weather.csv"), ("weather",)),
    "moons": (lambda: generated(datasets.make_moons, n_samples=1000, noise=0.25), ("target",)),
    "blobs_26": (
        lambda: generated(datasets.make_blobs, n_samples=4000, n_features=12, centers=26, cluster_std=5.0),
        ("target",),
    ),
    "hundred_columns": (
        lambda: generated(
            datasets.make_classification, n_samples=6000, n_features=100, n_informative=12, n_classes=5
        ),
        ("target",),
    ),
    "concrete": (lambda: pd.read_csv(DATA / "concrete.csv"), ("compressive_strength",)),
    "diabetes": (lambda: bundled(datasets.load_diabetes), ("target",)),
    "friedman": (lambda: generated(datasets.make_friedman1, n_samples=2000, noise=1.0), ("target",)),
    "three_targets": (curves, ("y0", "y1", "y2")),
    "one_column": (line, ("target",)),
    "large": (
        lambda: generated(datasets.make_friedman1, n_samples=60_000, n_features=20, noise=1.0),
        ("target",),
    ),
}


def mlp(*arguments: str) -> str:
    """What a command prints; it must succeed."""
    done = CliRunner().invoke(app, list(arguments))
    if done.exit_code:
        raise SystemExit(f"mlp {' '.join(arguments)}: {done.stderr or done.exception!r}")
    return done.stdout


def ours(folder: Path, targets: tuple[str, ...], overrides: list[str]) -> tuple[str, float]:
    """Metric and value of the model of an unedited starter config, on the test rows."""
    config, run = folder / "t.yaml", folder / "run"
    named = [word for target in targets for word in ("--target", target)]
    mlp("init", str(folder / "train.csv"), *named, "-o", str(config), "--overwrite")
    changed = [word for override in overrides for word in ("--set", override)]
    mlp("train", str(config), "-o", str(run), "-q", "--no-plots", "--overwrite", *changed)
    values = json.loads(mlp("evaluate", str(run / "model.npz"), str(folder / "test.csv"), "--json"))[
        "metrics"
    ]
    metric = "accuracy" if "accuracy" in values else "r2"
    return metric, values[metric]


def theirs(folder: Path, targets: tuple[str, ...], metric: str, seed: int) -> float:
    """The same of scikit-learn's MLP, on the columns that the config names as features."""
    data = load_config(folder / "t.yaml").spec.data
    train, test = (
        pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=["", *data.na_values],
                    dtype=dict.fromkeys(targets, str) if metric == "accuracy" else None)
        for name in ("train", "test")
    )  # fmt: skip
    train, test = (frame.dropna(subset=list(targets)) for frame in (train, test))
    dates = {
        name for name, one in (data.features or {}).items() if one.encode and one.encode.name == "datetime"
    }
    features = [name for name in train if name not in {*targets, *data.exclude, *dates}]
    numbers = [name for name in features if pd.api.types.is_numeric_dtype(train[name])]
    texts = [name for name in features if name not in numbers]
    encode = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            ("texts", OneHotEncoder(handle_unknown="ignore"), texts),
        ],
        sparse_threshold=0,
    )
    model: Any = MLPClassifier(random_state=seed)
    if metric == "r2":  # with targets as they are it would hardly ever learn anything
        model = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    y = [frame[list(targets)].to_numpy() for frame in (train, test)]
    if len(targets) == 1:
        y = [column[:, 0] for column in y]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return float(make_pipeline(encode, model).fit(train, y[0]).score(test, y[1]))


def measured(frame: Frame, targets: tuple[str, ...], seed: int, overrides: list[str]) -> Result:
    """Both on one split."""
    classes = frame[targets[0]] if len(targets) == 1 and frame[targets[0]].nunique() <= 30 else None
    train, test = train_test_split(frame, test_size=0.25, random_state=seed, stratify=classes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train.to_csv(folder / "train.csv", index=False)
        test.dropna(subset=list(targets)).to_csv(folder / "test.csv", index=False)
        start = time.perf_counter()
        metric, value = ours(folder, targets, overrides)
        between = time.perf_counter()
        other = theirs(folder, targets, metric, seed)
        return Result(metric, value, other, (between - start, time.perf_counter() - between))


def tables(given: list[str], only: list[str]) -> Iterator[tuple[str, Frame, tuple[str, ...]]]:
    """The tables to measure, those of files first."""
    for text in given:
        path, *targets = text.split(":")
        yield Path(path).stem, pd.read_csv(path, keep_default_na=False), tuple(targets)
    for name, (load, targets) in TABLES.items():
        if (name in only) if only else not given:
            yield name, load(), targets


def main() -> None:
    """Print a line a table, and at last how many are within what is allowed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--csv", nargs="*", default=[], metavar="FILE:TARGET")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="changes to the configs")
    asked = parser.parse_args()
    print(f"{'table':20}{'rows':>8}{'columns':>8}  metric        mlp  sklearn     gain   seconds")
    good = []
    for name, frame, targets in tables(asked.csv, asked.only):
        results = [measured(frame, targets, seed, asked.set) for seed in range(asked.seeds)]
        mean = [float(np.mean([getattr(one, who) for one in results])) for who in ("ours", "theirs")]
        spent = np.mean([one.seconds for one in results], axis=0)
        metric = results[0].metric
        good.append(mean[0] >= mean[1] - ALLOWED[metric])
        shape = f"{len(frame):8}{frame.shape[1] - len(targets):8}"
        values = f"{mean[0]:8.4f} {mean[1]:8.4f} {mean[0] - mean[1]:+8.4f}"
        verdict = "" if good[-1] else "  MISSED"
        print(f"{name:20}{shape}  {metric:9}{values}  {spent[0]:5.1f} {spent[1]:5.1f}{verdict}", flush=True)
    print(f"{sum(good)} of {len(good)} within the allowed distance")


if __name__ == "__main__":
    main()

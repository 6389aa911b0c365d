"""The shipped configs, run in this process by the command line, and what the runs left behind."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from typer.testing import CliRunner

from mlpcli.cli import app

ROOT = Path(__file__).resolve().parents[2]
CONFIGS, DATA = ROOT / "configs", ROOT / "data"
STEMS = sorted(
    path.relative_to(CONFIGS).with_suffix("").as_posix()
    for path in CONFIGS.rglob("*.yaml")
    if path.parent.name != "studies"
)

Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Run:
    """A run directory, and the metrics that `train --json` printed."""

    directory: Path
    metrics: dict[str, Any]

    def history(self, column: str) -> list[float]:
        """One column of history.csv, an entry per epoch."""
        with (self.directory / "history.csv").open(encoding="utf-8", newline="") as file:
            return [float(row[column]) for row in csv.DictReader(file)]

    def arrays(self) -> dict[str, Values]:
        """The arrays of the trained model."""
        with np.load(self.directory / "model.npz", allow_pickle=False) as model:
            return {name: model[name] for name in model.files}

    def predictions(self, table: str, column: str = "prediction") -> list[float]:
        """One column of what `mlp predict` says about a file of data/."""
        printed = mlp("predict", str(self.directory / "model.npz"), str(DATA / table))
        return [float(row[column]) for row in csv.DictReader(io.StringIO(printed))]


def mlp(*arguments: str) -> str:
    """What a command prints on stdout; it must succeed."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, (arguments, result.stderr, result.exception)
    return result.stdout


Train = Callable[..., Run]


def once_each(folder: Path) -> Train:
    """A function `train(stem, *overrides)` that trains a shipped config the first time it is asked to."""
    runs: dict[tuple[str, ...], Run] = {}

    def train(stem: str, *overrides: str, configs: Path = CONFIGS) -> Run:
        key = (stem, *overrides)
        if key not in runs:
            output = folder / str(len(runs))
            options = [word for override in overrides for word in ("--set", override)]
            config = str(configs / f"{stem}.yaml")
            printed = mlp("train", config, "-o", str(output), "--json", "--no-plots", *options)
            runs[key] = Run(output, json.loads(printed))
        return runs[key]

    return train

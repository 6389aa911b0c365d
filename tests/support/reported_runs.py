"""Small runs with their reports, without the pictures that take longest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.artifacts.run_directory import Existing
from mlpcli.config.load import load_config
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.report.document import ReportDocument
from mlpcli.run.reporting import document_of
from mlpcli.run.saving import drawn_rows
from mlpcli.run.study import study_of
from mlpcli.run.training import RunOptions, Trained, train
from mlpcli.terminal.console import Console
from tests.support.running import write_config

# what makes a run of each kind from the table of `write_table`
HELD_OUT = {"test": 0.3}
TWO = {"features": ["length", "width"], **HELD_OUT}
ITERATIONS = {"epochs": None, "batch_size": None}
FOUR = {"folds": 2, "repeats": 2}
NUMBERS = {"target": "size", **HELD_OUT}
SHAPES: dict[str, dict[str, Any]] = {
    "two classes": {"data": {"target": "two", "features": None, "exclude": ["id"], **HELD_OUT}},
    "three classes": {"data": {"validation": 0.2, "test": 0.3}, "class_weight": "balanced"},
    "no probabilities": {"loss": "hinge", "data": HELD_OUT},
    "weighted rows": {"data": {"weight": "w", "group": "colour", **TWO}},
    "nothing held out": {},
    "one number in": {"data": {"features": ["length"], "target": "two", "validation": 0.3}},
    "two numbers in": {"data": {"features": ["length", "width"], **HELD_OUT}},
    "a number": {"data": NUMBERS},
    "a curve": {"data": {**NUMBERS, "features": ["width"]}, "training": {"epochs": 2}},
    "a surface": {"data": {**NUMBERS, "features": ["length", "width"]}},
    "two targets": {"data": {"target": ["size", "count"], **HELD_OUT}},
    "labels": {"data": {"target": ["odd", "long"], "task": "multilabel", **HELD_OUT}},
    "folds": {
        "ensemble": {"folds": 3},
        "calibration": "temperature",
        "intervals": [0.8],
        "training": {"early_stopping": {"monitor": "val_loss", "patience": 2}},
    },
    "folds of numbers": {"data": {"target": "size"}, "ensemble": FOUR, "intervals": [0.5]},
    "members": {"ensemble": {"members": 2}, "data": HELD_OUT},
    "members and a surface": {"ensemble": {"members": 2}, "data": TWO},
    "trained again": {"data": {"validation": 0.3}, "training": {"refit": True}},
    "by iterations": {"optimizer": "lbfgs", "training": ITERATIONS, "data": HELD_OUT},
}


@dataclass(frozen=True, eq=False)
class Reported:
    """A run directory, how the run ended, and its report."""

    directory: Path
    trained: Trained
    document: ReportDocument

    @property
    def metrics(self) -> dict[str, Any]:
        """The content of metrics.json."""
        found = json.loads((self.directory / "metrics.json").read_bytes())
        assert isinstance(found, dict)
        return found


def reported(place: Path, output: str, **sections: Any) -> Reported:
    """Train what the sections say on the table in a directory, and report it."""
    config = load_config(write_config(place / f"{output}.yaml", **sections))
    study = study_of(config, MAX_PARAMETERS)
    options = RunOptions(place / output, 1, Existing.OVERWRITE, draw=None, forks=False)
    trained = train(study, options, Console(quiet=True))
    assert isinstance(trained, Trained)
    return Reported(place / output, trained, document_again(trained))


def document_again(trained: Trained) -> ReportDocument:
    """The report of a run that has ended."""
    rows = drawn_rows(trained.done.study, trained.done.members)
    return document_of(trained.done, trained.results, rows)

"""Runs side by side: what they were told, what they come to, which is better on rows that neither saw."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.run_files import names_of
from mlpcli.errors import UsageError
from mlpcli.judging.paired import Difference, differences
from mlpcli.judging.resampling import affordable_draws
from mlpcli.run.column_digests import were_trained_on_the_same
from mlpcli.run.held_out import HeldOut, held_out_rows
from mlpcli.run.predictor import Model, open_model
from mlpcli.run.settings_apart import Setting, config_of, different_settings, parts_of
from mlpcli.training.metrics import METRICS, objection
from mlpcli.training.predictions import Predictions

FURTHER = ("pr_auc", "brier", "ece")  # metrics that are looked at besides those of the runs


@dataclass(frozen=True, eq=False)
class Run:
    """A run that is there: its name among the others, its model, what it was told, and what it held out."""

    name: str
    directory: Path
    model: Model
    config: Mapping[str, Any]
    results: Mapping[str, Any]
    parts: Array | None
    rows: HeldOut | None


@dataclass(frozen=True)
class Pair:
    """A run against the first one, on `rows` rows that are `what`; the `reason` where that cannot be done."""

    first: str
    second: str
    rows: int
    what: str
    differences: tuple[Difference, ...]
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several runs, what differs between their configs, and each of the others against the first."""

    runs: tuple[Run, ...]
    settings: tuple[Setting, ...]
    pairs: tuple[Pair, ...]
    draws: int

    @property
    def has_same_data(self) -> bool:
        """Whether all were trained on the same rows, in the columns that they share with the first."""
        first, *others = (run.model for run in self.runs)
        return all(were_trained_on_the_same(first, other) for other in others)

    @property
    def has_same_split(self) -> bool | None:
        """Whether every row was in the same part; None where a run does not say."""
        first = self.runs[0].parts
        others = [run.parts for run in self.runs[1:]]
        if first is None or any(parts is None for parts in others):
            return None
        return all(parts is not None and np.array_equal(first, parts) for parts in others)


def comparison_of(directories: Sequence[Path]) -> Comparison:
    """Read the runs and compare each with the first.

    Raises UsageError for fewer than two, the same one twice, or a directory without a model; ModelError,
    DataError and ConfigError for files of a run that are not as they were written.
    """
    if len(directories) < 2:
        raise UsageError.of("expected two runs or more", None, "mlp compare runs/a runs/b")
    if len({path.resolve() for path in directories}) < len(directories):
        raise UsageError.of("a run is named twice", None, "a run is compared with others")
    runs = tuple(map(run_of, directories, names_of(directories)))
    settings = tuple(different_settings([run.config for run in runs]))
    pairs = tuple(pair_of(runs[0], run) for run in runs[1:])
    return Comparison(runs, settings, pairs, affordable_draws(max(pair.rows for pair in pairs)))


def run_of(directory: Path, name: str) -> Run:
    """The run in a directory; raises UsageError where it holds no model."""
    path = directory / "model.npz"
    if not path.is_file():
        hint = "expected a directory that `mlp train` has written to its end"
        raise UsageError.of(f"{directory}: there is no run: no model.npz", None, hint)
    model = open_model(path)
    return Run(
        name,
        directory,
        model,
        config_of(directory, model),
        _results(directory, model),
        parts_of(directory),
        held_out_rows(directory, model),
    )


def _results(directory: Path, model: Model) -> Mapping[str, Any]:
    """What metrics.json says, else what the model does."""
    path = directory / "metrics.json"
    if path.is_file():
        with path.open("rb") as file:
            found: dict[str, Any] = json.load(file)
            return found
    return {part: dict(values) for part, values in model.file.meta.metrics.items()}


def pair_of(first: Run, second: Run) -> Pair:
    """Both on the rows that neither has seen: those that test where both have some, else all held out."""
    reason = obstacle(first, second)
    if reason is not None or first.rows is None or second.rows is None:
        return Pair(first.name, second.name, 0, "", (), reason)
    one, other, what = _common(first.rows, second.rows)
    if not len(one.keys):
        return Pair(first.name, second.name, 0, "", (), "no row was held out by both")
    models = counted_alike(one, other)
    names = _metrics(first, second, models)
    found = differences(*models, names, affordable_draws(len(one.keys)))
    return Pair(first.name, second.name, len(one.keys), what, tuple(found))


def obstacle(first: Run, second: Run) -> str | None:
    """Why two runs cannot be compared row by row, or None where they can."""
    one, other = first.model, second.model
    if one.target.columns != other.target.columns:
        columns = " and ".join(", ".join(model.target.columns) for model in (one, other))
        return f"they predict different columns: {columns}"
    if one.target.task != other.target.task:
        return f"one is a {one.target.task}, the other a {other.target.task}"
    if not were_trained_on_the_same(one, other):
        digests = [model.file.meta.data.sha256 for model in (one, other)]
        return f"they were trained on different data: sha256 {digests[0][:12]}… and {digests[1][:12]}…"
    for run in (first, second):
        if run.rows is None or not len(run.rows.keys):
            return f"{run.name} held out no rows"
    return None


def _common(first: HeldOut, second: HeldOut) -> tuple[HeldOut, HeldOut, str]:
    """Those that test in both runs, where there are any; else all that both held out."""
    here, there = (one.of_rows(np.flatnonzero(one.parts == "test")) for one in (first, second))
    both = _same(here, there)
    if len(both[0].keys):
        return *both, "rows that test in both"
    return *_same(first, second), "rows that both held out"


def _same(first: HeldOut, second: HeldOut) -> tuple[HeldOut, HeldOut]:
    """The rows that are in both, in the same order."""
    one, other = first.keys.astype(np.str_), second.keys.astype(np.str_)
    _, here, there = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    return first.of_rows(here), second.of_rows(there)


def counted_alike(first: HeldOut, second: HeldOut) -> tuple[Predictions, Predictions]:
    """Both predictions with classes counted in the same way; scores stay where the classes are equal."""
    one, other = first.predictions, second.predictions
    if first.classes == second.classes:
        return one, replace(other, positive=one.positive)
    order = tuple(dict.fromkeys((*first.classes, *second.classes)))
    place = np.array([order.index(name) for name in second.classes])
    known = replace(other, truth=place[other.truth], predicted=place[other.predicted], scores=None)
    return replace(one, scores=None), known


def _metrics(first: Run, second: Run, models: tuple[Predictions, Predictions]) -> list[str]:
    """The metrics of both runs, and the further ones, as far as what is known of the rows allows them."""
    scored = all(model.scores is not None for model in models)
    classes = max(len(run.model.target.classes) for run in (first, second))
    task, output = first.model.target.task, "sigmoid" if scored else "identity"
    reported = [run.model.file.meta.metrics.get("train", {}) for run in (first, second)]
    names = dict.fromkeys([*(name for one in reported for name in one if name in METRICS), *FURTHER])
    fitting = (name for name in names if objection(name, task, classes, output) is None)
    return [name for name in fitting if scored or METRICS[name].needs in {"labels", "values"}]

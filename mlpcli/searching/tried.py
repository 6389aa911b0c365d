"""What a study has come to: its trials as plain facts, the best among them, and which settings matter."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from optuna.trial import FrozenTrial

from mlpcli.config.nodes import Value
from mlpcli.searching.storage import quietly
from mlpcli.searching.study_store import StudyStore

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running"}


@dataclass(frozen=True)
class Tried:
    """A trial: what it tried and what that was worth; `state` is complete, pruned, failed or running.

    `value` of a pruned one is its last on the way, which is no score. `test` are the metrics of the test
    rows, by name; they choose nothing.
    """

    number: int
    state: str
    value: float | None
    values: Mapping[str, Value]
    epochs: int | None = None
    reason: str | None = None
    test: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, trial: FrozenTrial) -> Tried:
        """The facts of a trial that has begun."""
        known, value = trial.user_attrs, trial.value if trial.values else None
        kept = value if value is not None and isfinite(value) else None
        test = dict(known.get("test", {}))
        state = STATES[trial.state.name]
        epochs = known.get("epochs", trial.last_step)
        return cls(trial.number, state, kept, dict(trial.params), epochs, known.get("reason"), test)


@dataclass(frozen=True)
class Found:
    """What a study has come to; `importance` by key, their sum 1, nothing where too little is known."""

    metric: str
    maximizes: bool
    keys: Sequence[str]
    tried: Sequence[Tried]
    importance: Mapping[str, float]

    @property
    def complete(self) -> list[Tried]:
        """The trials that have a score."""
        return [one for one in self.tried if one.state == "complete" and one.value is not None]

    @property
    def ranked(self) -> list[Tried]:
        """These, the best first; of equals the one that was tried first."""
        sign = -1.0 if self.maximizes else 1.0
        return sorted(self.complete, key=lambda one: (sign * (one.value or 0.0), one.number))

    @property
    def best(self) -> Tried | None:
        """The best trial, None where none has a score."""
        return next(iter(self.ranked), None)

    @property
    def own(self) -> Tried | None:
        """The config as it is, where that has a score."""
        return next((one for one in self.complete if one.number == 0), None)

    def count(self, state: str) -> int:
        """How many trials are in a state."""
        return sum(one.state == state for one in self.tried)

    def best_so_far(self) -> list[tuple[int, float]]:
        """The best score up to each trial that has one, with the number of that trial."""
        points: list[tuple[int, float]] = []
        better = max if self.maximizes else min
        for one in self.complete:
            value = one.value or 0.0
            points.append((one.number, better(points[-1][1], value) if points else value))
        return points

    def content(self) -> bytes:
        """What trials.csv holds: a row for each trial, without a time, so that the same study is the same."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["trial", "state", self.metric, *self.keys, "epochs", "reason"])
        for one in self.tried:
            cells = [written(one.values[key]) if key in one.values else "" for key in self.keys]
            writer.writerow([one.number, one.state, _cell(one.value), *cells, one.epochs, one.reason])
        return text.getvalue().encode()


def _cell(value: float | None) -> str:
    return "" if value is None else repr(value)


def written(value: Value) -> str:
    """A value as a config has it; numbers read back to the same."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)


def found_in(store: StudyStore) -> Found:
    """What the study in a storage has come to by now."""
    file = store.file
    tried = [Tried.of(trial) for trial in store.trials() if trial.state.name in STATES]
    keys = [dimension.key for dimension in file.space]
    return Found(file.spec.metric, file.maximizes, keys, tried, importance_of(store, tried))


def importance_of(store: StudyStore, tried: Sequence[Tried]) -> dict[str, float]:
    """How much of the difference between good trials and all others each key explains, by PED-ANOVA.

    Nothing where fewer than four trials tried every key and have a score, or all scores are equal.
    """
    keys = {dimension.key for dimension in store.file.space}
    scored = [one for one in tried if one.state == "complete" and set(one.values) == keys]
    if len(scored) < 4 or len({one.value for one in scored}) < 2 or len(keys) < 2:
        return {}
    from optuna.importance import get_param_importances  # which loads scikit-learn, where there is one

    with quietly():
        found = get_param_importances(store.study, params=sorted(keys))
    return {key: float(found[key]) for key in sorted(found, key=lambda key: (-found[key], key))}

"""What a finished run is worth: its history, and its values on every part beside a constant prediction's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.arrays import Matrix
from mlpcli.artifacts.history import TRAINING_ROWS, VALIDATION_ROWS, history_columns
from mlpcli.artifacts.model_schema import ModelMeta
from mlpcli.artifacts.strict_json import without_nan
from mlpcli.run.experiment import Experiment, ExperimentEvaluator
from mlpcli.run.fit import FitResult
from mlpcli.training.baseline import constant_loss
from mlpcli.training.callbacks import Epoch, Values
from mlpcli.training.metrics import compute, compute_by_target
from mlpcli.training.unused_classes import ClassUse

# rounding: a loss as good as the constant prediction's, to so many parts, is not worse
AS_GOOD = 1e-6
WORSE = "the training loss is worse than that of a constant prediction"
REMEDIES = "another learning rate, more epochs, or scaled features"


@dataclass(frozen=True, eq=False)
class Results:
    """Values by part (train, val, test) and metric, the loss among them; `baseline` likewise.

    `targets` has the metrics of each of several targets, by part and target.
    `scores` are the network's (rows, outputs) for the parts that do not train; `unused` the classes or
    labels that some rows have and that is predicted for none, with their shares of the rows.
    """

    parts: Mapping[str, Values]
    baseline: Mapping[str, Values]
    targets: Mapping[str, Mapping[str, Values]]
    status: str
    epochs: int
    best_epoch: int
    scores: Mapping[str, Matrix] = field(default_factory=dict)
    unused: Mapping[str, float] = field(default_factory=dict)

    @property
    def worse_held_out(self) -> list[str]:
        """The parts that do not train, and on which a constant prediction has the lower loss."""
        losses = {name: (self.parts[name]["loss"], self.baseline[name]["loss"]) for name in self.parts}
        return [name for name, pair in losses.items() if name != "train" and _is_worse(*pair)]

    def document(self) -> dict[str, Any]:
        """The content of metrics.json, where an undefined or infinite value is null."""
        parts: dict[str, dict[str, Any]] = {}
        for name, values in self.parts.items():
            parts[name] = {**values, "baseline": dict(self.baseline[name])}
            if self.targets[name]:
                parts[name]["targets"] = {target: dict(own) for target, own in self.targets[name].items()}
        document = {**parts, "status": self.status, "epochs": self.epochs, "best_epoch": self.best_epoch}
        return {**without_nan(document)}


def recorded_results(meta: ModelMeta) -> dict[str, Any]:
    """The content of metrics.json as the model of a finished run has it."""
    training = meta.training
    ends = {"status": training.status, "epochs": training.epochs, "best_epoch": training.best_epoch}
    return {**meta.model_dump(mode="json")["metrics"], **ends}


@dataclass(frozen=True, eq=False)
class JudgedPart:
    """What a part of the data is worth; the scores of its rows where they do not train."""

    values: Values
    targets: Mapping[str, Values]
    use: ClassUse | None
    scores: Matrix | None


def evaluate_run(evaluator: ExperimentEvaluator, fitted: FitResult) -> Results:
    """Judge the weights that will be saved on every part of the data."""
    experiment = evaluator.experiment
    found = {name: evaluate_part(evaluator, name) for name in experiment.parts}
    baseline = {
        name: {"loss": constant_loss_of(experiment, name), **experiment.baseline(name)} for name in found
    }
    worse = _is_worse(found["train"].values["loss"], baseline["train"]["loss"])
    uses = [part.use for part in found.values() if part.use is not None]
    return Results(
        parts={name: part.values for name, part in found.items()},
        baseline=baseline,
        targets={name: part.targets for name, part in found.items()},
        status="worse_than_baseline" if worse else fitted.status,
        epochs=len(fitted.history),
        best_epoch=fitted.best_epoch,
        scores={name: part.scores for name, part in found.items() if part.scores is not None},
        unused=sum(uses[1:], uses[0]).unused(experiment.decoder.target.answers) if uses else {},
    )


def evaluate_part(evaluator: ExperimentEvaluator, part: str) -> JudgedPart:
    """One part with the network's weights as they are, by one forward pass."""
    experiment, target = evaluator.experiment, evaluator.experiment.prepared.target
    with np.errstate(all="ignore"):  # rows far outside of the training data may overflow
        scores = evaluator.scores(part)
        predictions = experiment.predictions(part, scores)
        values = {"loss": evaluator.loss(part, scores), **compute(experiment.metrics, predictions)}
        several = len(target.columns) > 1
        targets = compute_by_target(experiment.metrics, predictions, target.columns) if several else {}
    use = None if predictions.task == "regression" else ClassUse.of(predictions, len(target.answers))
    return JudgedPart(values, targets, use, None if part == "train" else scores.copy())


def _is_worse(loss: float | None, constant: float | None) -> bool:
    """Whether a loss is above that of a constant prediction, or is none."""
    return loss is None or (constant is not None and loss > constant + AS_GOOD * abs(constant))


def constant_loss_of(experiment: Experiment, part: str) -> float:
    """The loss of the training rows' constant prediction on a part."""
    return constant_loss(experiment.network.loss, experiment.training, experiment.parts[part].rows)


def columns_of(experiment: Experiment) -> list[str]:
    """The columns that an experiment's history has."""
    parts = (TRAINING_ROWS, VALIDATION_ROWS) if "val" in experiment.parts else (TRAINING_ROWS,)
    return history_columns(experiment.metrics, parts)


def history_frame(experiment: Experiment, history: Sequence[Epoch]) -> pd.DataFrame:
    """The columns and rows of history.csv; NaN where a field of it is empty."""
    frame = pd.DataFrame([epoch.row() for epoch in history], columns=columns_of(experiment)).astype(float)
    return frame.astype({"epoch": int})

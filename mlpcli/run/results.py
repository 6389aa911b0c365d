"""What a finished run is worth: its history, and its values on every part beside a constant prediction's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.artifacts.history import TRAINING_ROWS, VALIDATION_ROWS, history_columns
from mlpcli.artifacts.model_schema import ModelMeta
from mlpcli.artifacts.strict_json import without_nan
from mlpcli.run.experiment import Experiment, ExperimentEvaluator
from mlpcli.run.fit import FitResult
from mlpcli.training.baseline import constant_loss
from mlpcli.training.callbacks import Epoch, Values

# rounding: a loss as good as the constant prediction's, to so many parts, is not worse
AS_GOOD = 1e-6
WORSE = "the training loss is worse than that of a constant prediction"
REMEDIES = "another learning rate, more epochs, or scaled features"


@dataclass(frozen=True, eq=False)
class Results:
    """Values by part (train, val, test) and metric, the loss among them; `baseline` likewise."""

    parts: Mapping[str, Values]
    baseline: Mapping[str, Values]
    status: str
    epochs: int
    best_epoch: int

    def document(self) -> dict[str, Any]:
        """The content of metrics.json, where an undefined or infinite value is null."""
        parts = {
            name: {**values, "baseline": dict(self.baseline[name])} for name, values in self.parts.items()
        }
        document = {**parts, "status": self.status, "epochs": self.epochs, "best_epoch": self.best_epoch}
        return {**without_nan(document)}


def held_out_doubt(results: Results) -> str | None:
    """What to say where the test loss is worse than that of a constant prediction; None where it is not."""
    loss, constant = (values.get("test", {}).get("loss") for values in (results.parts, results.baseline))
    if loss is None or constant is None or loss <= constant + AS_GOOD * abs(constant):
        return None
    return (
        f"the test loss, {loss:.4g}, is worse than that of a constant prediction, {constant:.4g}: "
        "a larger l2, dropout or early stopping holds the network back"
    )


def recorded_results(meta: ModelMeta) -> dict[str, Any]:
    """The content of metrics.json as the model of a finished run has it."""
    training = meta.training
    ends = {"status": training.status, "epochs": training.epochs, "best_epoch": training.best_epoch}
    return {**meta.model_dump(mode="json")["metrics"], **ends}


def evaluate_run(evaluator: ExperimentEvaluator, fitted: FitResult) -> Results:
    """Judge the weights that will be saved on every part of the data."""
    experiment = evaluator.experiment
    parts = {name: evaluate_part(evaluator, name) for name in experiment.parts}
    baseline = {
        name: {"loss": constant_loss_of(experiment, name), **experiment.baseline(name)}
        for name in experiment.parts
    }
    loss, constant = parts["train"]["loss"], baseline["train"]["loss"]
    status = "early_stopped" if fitted.stopped_early else "finished"
    if loss is None or (constant is not None and loss > constant + AS_GOOD * abs(constant)):
        status = "worse_than_baseline"
    return Results(parts, baseline, status, len(fitted.history), fitted.best_epoch)


def evaluate_part(evaluator: ExperimentEvaluator, part: str) -> Values:
    """Loss and metrics of one part with the network's weights as they are."""
    with np.errstate(all="ignore"):  # rows far outside of the training data may overflow
        loss, metrics = evaluator.loss_and_metrics(part)
    return {"loss": loss, **metrics}


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

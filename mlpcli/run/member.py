"""Networks of a run, trained: what is kept of each, in whatever process it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.architecture_document import architecture_document
from mlpcli.artifacts.model_arrays import CHECK_ROWS
from mlpcli.parallel.pool import WorkerPool
from mlpcli.run.experiment import Experiment, ExperimentEvaluator
from mlpcli.run.fit import FitResult
from mlpcli.run.member_scores import MemberScores
from mlpcli.run.study import Member
from mlpcli.run.surroundings import Surroundings
from mlpcli.run.training_run import TrainingRun, fit_all
from mlpcli.training.callbacks import Values
from mlpcli.training.metrics import compute


@dataclass(frozen=True, eq=False)
class TrainedMember:
    """A trained network: how it went, what it says of its rows, what a model file has of it.

    `validation` are the loss and the metrics of its validation rows, nothing without any.
    """

    fitted: FitResult
    scores: MemberScores
    validation: Values
    document: Mapping[str, Any]
    arrays: Mapping[str, Array]


def trained_members(
    members: Sequence[Member], surroundings: Sequence[Surroundings], pool: WorkerPool
) -> list[TrainedMember]:
    """Train the networks of members, each in its own surroundings; raises as `fit_all` does."""
    runs = [
        TrainingRun(
            ExperimentEvaluator.of(member.make(), pool),
            replace(around, checkpoint=member.checkpoint, most_epochs=member.most_epochs),
            pool,
        )
        for member, around in zip(members, surroundings, strict=True)
    ]
    return [_with_scores(run.evaluator, fitted) for run, fitted in zip(runs, fit_all(runs), strict=True)]


def _with_scores(evaluator: ExperimentEvaluator, fitted: FitResult) -> TrainedMember:
    experiment = evaluator.experiment
    with np.errstate(all="ignore"):  # rows far outside of the training data may overflow
        scores = {part: evaluator.scores(part).copy() for part in experiment.parts}
        return as_trained(experiment, fitted, MemberScores(scores, experiment.decoder))


def as_trained(experiment: Experiment, fitted: FitResult, scores: MemberScores) -> TrainedMember:
    """What is kept of an experiment whose network has the weights that it is to have."""
    validation: Values = {}
    if "val" in scores.of_parts:
        found = scores.of_parts["val"]
        values = compute(experiment.metrics, experiment.predictions("val", found))
        validation = {"loss": experiment.loss("val", found), **values}
    document = {
        "architecture": architecture_document(experiment.network.architecture, experiment.network.dtype.name),
        "features": experiment.prepared.inputs.meta(),
        "rows": len(experiment.prepared.train.x),
        "training": training_document(experiment, fitted),
    }
    return TrainedMember(fitted, scores, validation, document, network_arrays(experiment))


def training_document(experiment: Experiment, fitted: FitResult) -> dict[str, Any]:
    """How a training went, in a model file."""
    return {
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "status": fitted.status,
        "optimizer": experiment.config.spec.optimizer.name,
        "schedule": experiment.config.spec.schedule.name,
        "parameters": experiment.network.layout.size,
        "init_sha256": experiment.init_sha256,
    }


def network_arrays(experiment: Experiment) -> dict[str, Array]:
    """The arrays of one network in a model file: weights, encoders, a few rows to check it by."""
    rows = experiment.prepared.head[:CHECK_ROWS]
    outputs = experiment.network.predict(rows.astype(experiment.network.dtype))
    arrays = {
        **experiment.network.arrays(),
        **experiment.prepared.inputs.arrays(),
        **experiment.prepared.target.arrays(),
        "check.inputs": rows,
        "check.outputs": outputs,
    }
    return {name: np.array(array) for name, array in arrays.items()}

"""What a finished run is worth: its history, and its values on every part beside a constant prediction's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.arrays import Matrix
from mlpcli.artifacts.history import COUNTS, MEMBER, TRAINING_ROWS, VALIDATION_ROWS, Row, history_columns
from mlpcli.artifacts.strict_json import without_nan
from mlpcli.calibration.calibrated import NOT_CALIBRATED, Calibrated
from mlpcli.run.calibrating import calibrate, calibration_documents, coverages, reads
from mlpcli.run.experiment import Experiment
from mlpcli.run.fit import FitResult
from mlpcli.run.member import TrainedMember
from mlpcli.run.study import REFIT, Study
from mlpcli.run.trained_study import TrainedStudy
from mlpcli.training.baseline import constant_loss
from mlpcli.training.callbacks import Values
from mlpcli.training.metrics import compute, compute_by_target
from mlpcli.training.unused_classes import ClassUse

# rounding: a loss as good as the constant prediction's, to so many parts, is not worse
AS_GOOD = 1e-6
WORSE = "the training loss is worse than that of a constant prediction"
REMEDIES = "another learning rate, more epochs, or scaled features"


@dataclass(frozen=True, eq=False)
class Results:
    """Values by part (train, val, cal, test) and metric, the loss among them; `baseline` likewise.

    `targets` has the metrics of each of several targets, by part and target.
    `scores` are the network's (rows, outputs) for the parts that do not train; `unused` the classes or
    labels that some rows have and that is predicted for none, with their shares of the rows. `members` are
    the facts about each of several networks, `folds` what each is worth on the rows that validate it.
    Everything is judged with what was fitted after the weights, `calibrated`; `intervals` by part and level.
    Where networks were trained again on all rows, `refit` are their epochs, and they are what is judged on
    all parts but val; `epochs`, `best_epoch`, `members` and `folds` are those of the trainings before.
    """

    parts: Mapping[str, Values]
    baseline: Mapping[str, Values]
    targets: Mapping[str, Mapping[str, Values]]
    status: str
    epochs: int
    best_epoch: int
    scores: Mapping[str, Matrix] = field(default_factory=dict)
    unused: Mapping[str, float] = field(default_factory=dict)
    members: Sequence[Mapping[str, Any]] = ()
    folds: Sequence[Values] = ()
    calibrated: Calibrated = NOT_CALIBRATED
    intervals: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    refit: Sequence[int] = ()

    @property
    def cross_validation(self) -> dict[str, dict[str, Any]]:
        """Mean and standard deviation (of a sample) over the folds of what each is worth on its own rows."""
        return {name: across([fold[name] for fold in self.folds]) for name in (self.folds or ({},))[0]}

    @property
    def ends(self) -> dict[str, Any]:
        """How the training of the networks that are kept ended, of several of the longest."""
        longest = max(self.refit) if self.refit else None
        epochs, best = longest or self.epochs, longest or self.best_epoch
        return {"epochs": epochs, "best_epoch": best, "status": self.status}

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
            if name in self.intervals:
                parts[name]["intervals"] = {level: dict(own) for level, own in self.intervals[name].items()}
        document = {**parts, "status": self.status, "epochs": self.epochs, "best_epoch": self.best_epoch}
        document |= calibration_documents(self.calibrated)
        if self.members:
            document["members"] = list(self.members)
        if self.folds:
            document["cross_validation"] = self.cross_validation
        if self.refit:
            document[REFIT] = {"epochs": list(self.refit)}
        return {**without_nan(document)}


def across(values: Sequence[float | None]) -> dict[str, Any]:
    """The mean and the standard deviation of a sample of values, and these; None where one is not defined."""
    known = [value for value in values if value is not None and isfinite(value)]
    whole = len(known) == len(values)
    mean = float(np.mean(known)) if whole else None
    deviation = float(np.std(known, ddof=1)) if whole and len(known) > 1 else None
    return {"mean": mean, "std": deviation, "folds": list(values)}


@dataclass(frozen=True, eq=False)
class JudgedPart:
    """What a part of the data is worth, each of several targets, and which classes are predicted."""

    values: Values
    targets: Mapping[str, Values]
    use: ClassUse | None


def judge(done: TrainedStudy) -> Results:
    """Judge the weights that will be saved, those of all members together, on every part of the data.

    On rows that validate, those of the networks that had not seen them.
    """
    study, trained, fitted = done.study, done.members, calibrate(done)
    by_part = done.by_part()
    wholes = {name: reads(own.study, fitted).whole for name, own in by_part.items()}
    scores = {name: own.scores[name] for name, own in by_part.items()}
    found = {name: judge_part(whole, name, scores[name]) for name, whole in wholes.items()}
    baseline = {name: baseline_of(whole, name) for name, whole in wholes.items()}
    worse = _is_worse(found["train"].values["loss"], baseline["train"]["loss"])
    uses = [part.use for part in found.values() if part.use is not None]
    fits = [member.fitted for member in trained]
    return Results(
        parts={name: part.values for name, part in found.items()},
        baseline=baseline,
        targets={name: part.targets for name, part in found.items()},
        status="worse_than_baseline" if worse else status_of_all(fits),
        epochs=max(len(fitted.history) for fitted in fits),
        best_epoch=max(fitted.best_epoch for fitted in fits),
        scores={name: own for name, own in scores.items() if name != "train"},
        unused=sum(uses[1:], uses[0]).unused(study.whole.decoder.target.answers) if uses else {},
        members=() if study.is_single else tuple(map(member_facts, trained)),
        folds=tuple(member.validation for member in trained) if study.folds else (),
        calibrated=fitted,
        intervals=coverages(done, fitted),
        refit=done.refit.best_epochs if done.refit else (),
    )


def status_of_all(fits: Sequence[FitResult]) -> str:
    """How a run ended: stopped by a person, or early, where any of its trainings was."""
    found = {fitted.status for fitted in fits}
    return next(status for status in ("stopped", "early_stopped", "finished") if status in found)


def member_facts(member: TrainedMember) -> dict[str, Any]:
    """What metrics.json says of one network of several."""
    fitted = member.fitted
    ends = {"status": fitted.status, "epochs": len(fitted.history), "best_epoch": fitted.best_epoch}
    return {**ends, **({"val": dict(member.validation)} if member.validation else {})}


def judge_part(experiment: Experiment, part: str, scores: Matrix) -> JudgedPart:
    """One part by the scores of its rows."""
    target = experiment.prepared.target
    with np.errstate(all="ignore"):  # rows far outside of the training data may overflow
        predictions = experiment.predictions(part, scores)
        values = {"loss": experiment.loss(part, scores), **compute(experiment.metrics, predictions)}
        several = len(target.columns) > 1
        targets = compute_by_target(experiment.metrics, predictions, target.columns) if several else {}
    use = None if predictions.task == "regression" else ClassUse.of(predictions, len(target.answers))
    return JudgedPart(values, targets, use)


def _is_worse(loss: float | None, constant: float | None) -> bool:
    """Whether a loss is above that of a constant prediction, or is none."""
    return loss is None or (constant is not None and loss > constant + AS_GOOD * abs(constant))


def baseline_of(experiment: Experiment, part: str) -> Values:
    """What the training rows' constant prediction is worth on a part."""
    return {"loss": constant_loss_of(experiment, part), **experiment.baseline(part)}


def constant_loss_of(experiment: Experiment, part: str) -> float:
    """The loss of the training rows' constant prediction on a part."""
    return constant_loss(experiment.network.loss, experiment.training, experiment.parts[part].rows)


def history_rows(study: Study, fits: Sequence[FitResult]) -> list[dict[str, float | None]]:
    """The rows of history.csv: those of each network's training, one after the other."""
    rows = []
    for number, fitted in enumerate(fits, 1):
        own = {} if study.is_single else {MEMBER: number}
        rows += [{**own, **epoch.row()} for epoch in fitted.history]
    return rows


def columns_of(experiment: Experiment, *, several: bool = False) -> list[str]:
    """The columns that a history has, of one network or of several."""
    parts = (TRAINING_ROWS, VALIDATION_ROWS) if "val" in experiment.parts else (TRAINING_ROWS,)
    names = history_columns(experiment.metrics, parts)
    return [MEMBER, *names] if several else names


def history_frame(rows: Sequence[Row], columns: Sequence[str]) -> pd.DataFrame:
    """The columns and rows of history.csv; NaN where a field of it is empty."""
    frame = pd.DataFrame(list(rows), columns=list(columns)).astype(float)
    return frame.astype(dict.fromkeys((name for name in columns if name in COUNTS), int))

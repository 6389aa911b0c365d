"""From a trained run to what is fitted after its weights: which rows, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlpcli.arrays import Array, Matrix
from mlpcli.calibration.calibrated import Calibrated, calibrated
from mlpcli.calibration.conformal import FoldIntervals, fit_folds, fit_split
from mlpcli.calibration.coverage import coverages as interval_coverages
from mlpcli.calibration.said import Known, Said
from mlpcli.run.experiment import Experiment
from mlpcli.run.member_scores import MemberScores
from mlpcli.run.study import Study
from mlpcli.run.trained_study import TrainedStudy

# the parts of rows that intervals are fitted and judged on, whose numbers are known as they were read
READ_AS = {"cal": "calibration", "test": "test"}


def calibrate(done: TrainedStudy) -> Calibrated:
    """What the config asks for, by the scores of all members for the rows of each part.

    Rows that validate are told of by the networks that had not seen them, where these were trained again too.
    """
    whole, spec, kept = done.study.whole, done.study.config.spec, done.kept
    found = calibrated(spec, whole.decoder, _known(whole, "val", done.scores))
    if not spec.intervals:
        return found
    rows = _known(kept.study.whole, "cal", kept.scores)
    if rows is not None:
        read = found.read_by(kept.study.whole.decoder)
        return replace(found, intervals=fit_split(rows.with_decoder(read), spec.intervals))
    folds = _folds(done.study, done.scores_of_members, found)
    return replace(found, intervals=fit_folds(folds, spec.intervals))


def reads(study: Study, found: Calibrated) -> Study:
    """The run whose scores are read with what was fitted."""
    return replace(study, whole=replace(study.whole, decoder=found.read_by(study.whole.decoder)))


def coverages(done: TrainedStudy, found: Calibrated) -> dict[str, dict[str, dict[str, float]]]:
    """By part and level how intervals do on rows that they were not fitted on, and that did not train."""
    intervals = found.intervals
    if intervals is None:
        return {}
    parts = ("test",) if isinstance(intervals, FoldIntervals) or done.refit else ("val", "test")
    kept, judged = done.kept, dict[str, dict[str, dict[str, float]]]()
    for part in parts:
        rows = _known(reads(kept.study, found).whole, part, kept.scores)
        if rows is None:
            continue
        if isinstance(intervals, FoldIntervals):
            each = kept.scores_of_members
            said = [Said(one.of_parts[part], found.read_by(one.decoder)) for one in each]
            rows = replace(rows, said=replace(rows.said, members=said))
        judged[part] = interval_coverages(intervals, rows)
    return judged


def _known(whole: Experiment, part: str, scores: Mapping[str, Matrix]) -> Known | None:
    if part not in whole.parts:
        return None
    rows = whole.parts[part]
    as_read = None if part == "val" else whole.prepared.origins.targets.get(READ_AS[part])
    truth = rows.truth if as_read is None else as_read
    return Known(Said(scores[part], whole.decoder), truth, rows.sample_weights)


def _folds(study: Study, members: Sequence[MemberScores], found: Calibrated) -> list[Known]:
    """What each fold's member says of the rows that validate it."""
    prepared = study.whole.prepared
    train, as_read = prepared.train, prepared.origins.targets.get("train")
    truth = study.whole.decoder.truth(train.y) if as_read is None else as_read
    return [
        Known(
            Said(member.of_parts["val"], found.read_by(member.decoder)),
            truth[fold.validation],
            None if train.sample_weights is None else train.sample_weights[fold.validation],
        )
        for member, fold in zip(members, study.folds, strict=True)
    ]


def calibration_documents(found: Calibrated) -> dict[str, Any]:
    """What metrics.json and the model file say of it besides the intervals: of what was fitted."""
    document: dict[str, Any] = {}
    if found.temperature is not None:
        losses = {"before": found.temperature.before, "after": found.temperature.after}
        document["calibration"] = {"temperature": found.temperature.temperature, "log_loss": losses}
    if found.threshold is not None:
        document["threshold"] = found.threshold.threshold
    return document


def intervals_document(found: Calibrated) -> dict[str, Any]:
    """What the model file says of intervals, whose errors by folds are arrays."""
    intervals = found.intervals
    if intervals is None:
        return {}
    if isinstance(intervals, FoldIntervals):
        rows = [len(errors) for errors in intervals.errors]
        return {"intervals": {"levels": list(intervals.levels), "folds": rows}}
    return {"intervals": {"levels": list(intervals.levels), "limits": intervals.limits.tolist()}}


def error_arrays(found: Calibrated) -> list[Array]:
    """The errors of each fold's rows, where the model file has them."""
    return list(found.intervals.errors) if isinstance(found.intervals, FoldIntervals) else []

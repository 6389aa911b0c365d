"""Reasons to trust a run less than its figures say, in the order in which a person should hear of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np

from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.report.class_parts import Reliability
from mlpcli.report.summary_part import Distrust
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.main_metric import MainMetric
from mlpcli.run.facts.shortened import sentence
from mlpcli.run.results import REMEDIES, WORSE
from mlpcli.terminal.console import counted, number
from mlpcli.training.unused_classes import unused_remark

Reason: TypeAlias = tuple[str, Literal["warning", "note"], str]

FEW, FEWER = 200, 50  # rows that judge a run
OVERFIT = 0.2  # of what there is to be learnt: more on the training rows than on others
MISSED = 0.05  # by which probabilities miss, beyond what chance alone would do twice
LATE, FALLING = 0.1, 0.01  # the last part of the epochs, and by which share the loss then still falls
FEWEST_EPOCHS = 20
RATE_IS_SPENT = 0.1  # of the largest learning rate: what is left then changes little


def distrust_of(
    case: Case, main: MainMetric, reliability: Reliability | None, leaks: Sequence[str]
) -> list[Distrust]:
    """The reasons, warnings first."""
    found = [
        *_worth(case, main),
        *_judged(case),
        *(("leak", "warning", leak) for leak in leaks),
        *_training(case, main),
        *_answers(case, reliability),
        *(("data", "note", warning) for warning in case.whole.prepared.warnings),
    ]
    reasons = [
        Distrust.model_validate({"kind": kind, "severity": severity, "text": sentence(text)})
        for kind, severity, text in found
    ]
    return sorted(reasons, key=lambda reason: reason.severity != "warning")


def _worth(case: Case, main: MainMetric) -> Iterator[Reason]:
    """Whether it is worth anything at all."""
    if case.results.status == "worse_than_baseline":
        yield "worse_than_baseline", "warning", f"{WORSE}: try {REMEDIES}"
    elif main.verdict == "worse":
        where = case.words(case.judge)
        text = f"on the {where} rows a constant prediction has the better {main.score.metric}"
        yield "worse_than_baseline", "warning", text
    elif main.verdict == "unsure":
        rows = counted(case.predictions.rows, f"{case.words(case.judge)} row")
        text = (
            f"{rows} cannot tell whether the {main.score.metric} is better than that of a constant prediction"
        )
        yield "unsure", "warning", text


def _judged(case: Case) -> Iterator[Reason]:
    """The rows that judge it: how many, and how new they are."""
    rows, words = case.predictions.rows, case.words(case.judge)
    if case.judge == "train":
        text = "no row was held out: these figures are of the rows that were learnt, and say little"
        yield (
            "training_rows",
            "warning",
            f"{text} of new ones. `validation` or `test` of `data` holds some out",
        )
        return
    if rows < FEWER:
        yield (
            "few_rows",
            "warning",
            f"{counted(rows, f'{words} row')} judge the run: other rows may say otherwise",
        )
    elif rows < FEW:
        yield (
            "few_rows",
            "note",
            f"{counted(rows, f'{words} row')} judge the run: its figures are good to their intervals",
        )
    chosen = [what for what, is_so in _chosen(case) if is_so]
    if case.judge == "val" and chosen:
        text = f"the {words} rows also chose {' and '.join(chosen)}: on new rows it may be a little worse"
        yield "chosen_on_these_rows", "note", text


def _chosen(case: Case) -> Iterator[tuple[str, bool]]:
    """What rows that validate may have decided."""
    spec = case.whole.config.spec
    yield "the epoch", spec.training.early_stopping is not None
    yield "the learning rate", spec.schedule.name == "plateau"
    yield "the temperature", spec.calibration is not None
    yield "the threshold", case.results.calibrated.threshold is not None


def _training(case: Case, main: MainMetric) -> Iterator[Reason]:
    """How the training went."""
    if case.results.status == "stopped":
        yield "stopped", "warning", "the training was stopped by hand before its end"
    trained = main.skill(case.results.parts["train"].get(main.score.metric))
    held_out = main.skill(main.score.value)
    if (
        case.judge != "train"
        and trained is not None
        and held_out is not None
        and trained - held_out > OVERFIT
    ):
        values = [
            number(value) for value in (case.results.parts["train"][main.score.metric], main.score.value)
        ]
        where = f"{values[0]} on the training rows, {values[1]} on the {case.words(case.judge)} rows"
        remedies = "more rows, dropout, weight decay or a smaller network may help"
        yield "overfit", "warning", f"{main.score.metric} is {where}: it has learnt them by heart; {remedies}"
    if case.results.status == "finished" and all(map(_still_falls, _losses(case))):
        yield (
            "still_falling",
            "note",
            "the validation loss was still falling at the end: more epochs may be better",
        )


def _losses(case: Case) -> Iterator[tuple[list[float], list[float]]]:
    """The validation losses of each training, and the learning rates; nothing of one without any."""
    for member in case.done.members:
        history = member.fitted.history
        losses = [epoch.val_loss for epoch in history if epoch.val_loss is not None]
        rates = [epoch.learning_rate for epoch in history if epoch.learning_rate is not None]
        quasi = isinstance(case.whole.config.spec.optimizer, QuasiNewtonSpec)
        yield ([], []) if quasi else (losses, rates)


def _still_falls(training: tuple[list[float], list[float]]) -> bool:
    losses, rates = training
    late = round(LATE * len(losses))
    if len(losses) < FEWEST_EPOCHS or not np.isfinite(losses).all() or rates[-1] < RATE_IS_SPENT * max(rates):
        return False
    last, before = np.mean(losses[-late:]), np.mean(losses[-2 * late : -late])
    return bool(last < before * (1 - FALLING) and np.argmin(losses) >= len(losses) - late)


def _answers(case: Case, reliability: Reliability | None) -> Iterator[Reason]:
    """What it answers."""
    if case.results.unused:
        yield "class_never_predicted", "warning", unused_remark(case.results.unused)
    spec, decoder = case.whole.config.spec, case.whole.decoder
    if spec.class_weight is not None and decoder.probabilistic:
        text = "with class_weight the probabilities are not the shares of the rows that have a class"
        yield "class_weight", "note", text
    elif reliability is not None and reliability.ece > max(MISSED, 2 * _by_chance(reliability)):
        missed = f"probabilities miss by {number(reliability.ece, 2)} on average"
        text = f"{missed}: `calibration: temperature` may mend that"
        yield "badly_calibrated", "warning" if spec.calibration is None else "note", text


def _by_chance(found: Reliability) -> float:
    """What right probabilities would miss by: √(2/π) deviations of a share in the mean."""
    rows, said = np.array(found.rows, np.float64), np.array(found.said)
    deviations = np.sqrt(said * (1 - said) / rows)
    return float(np.sqrt(2 / np.pi) * np.average(deviations, weights=rows))

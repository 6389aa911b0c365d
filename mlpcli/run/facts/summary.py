"""What a report says first, in sentences: what was learnt, how good it is, and how the training ended."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.report.blocks import Score
from mlpcli.report.class_parts import Reliability
from mlpcli.report.summary_part import Judged, Summary
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.distrust import distrust_of
from mlpcli.run.facts.main_metric import MainMetric
from mlpcli.run.facts.scores import Intervals
from mlpcli.run.facts.shortened import capped, name, names, sentence
from mlpcli.terminal.console import counted, number

MOST_TARGETS, MOST_CLASSES = 20, 30
SHOWN = 3


def summary_of(
    case: Case, found: Intervals, reliability: Reliability | None, leaks: Sequence[str]
) -> Summary:
    """The summary of a run whose intervals and reliability are known."""
    target, results = case.whole.decoder.target, case.results
    metric = case.metrics[0]
    main = MainMetric(found.score(metric, case.values[metric], _constant(case, metric)))
    return Summary.model_validate(
        {
            "task": target.task,
            "targets": capped(names(target.columns), MOST_TARGETS),
            "classes": capped(names(target.classes), MOST_CLASSES),
            "positive": None if target.positive_class is None else name(target.positive_class),
            "judged": judged_of(case),
            "main": main.score,
            "verdict": main.verdict,
            "learnt": sentence(_learnt(case)),
            "good": sentence(_good(case, main.score)),
            "distrust": tuple(distrust_of(case, main, reliability, leaks)),
            "status": results.status,
            "epochs": results.epochs,
            "best_epoch": results.best_epoch,
            "networks": len(case.done.kept.members),
            "ending": sentence(_ending(case)),
        }
    )


def _constant(case: Case, metric: str) -> float | None:
    return case.baseline.get(metric)


def judged_of(case: Case) -> Judged:
    """The rows that judge the run, and whether they are new to it."""
    said = {
        "test": "no network was trained, stopped or chosen by these rows",
        "val": "no network was trained on these rows; they may have said when to stop",
        "train": "these are the rows that trained: nothing was held out",
    }[case.judge]
    if case.out_of_fold:
        said = "each of these rows is judged by the networks that were trained without it"
    rows, words = case.predictions.rows, case.words(case.judge)
    return Judged.model_validate({"part": case.judge, "words": words, "rows": rows, "sentence": said})


def _learnt(case: Case) -> str:
    """`species (3 classes) from 7 columns of 206 rows, by 5 networks`."""
    target, networks = case.whole.decoder.target, len(case.done.kept.members)
    shown = ", ".join(names(target.columns[:SHOWN]))
    more = f" and {len(target.columns) - SHOWN:,} more" if len(target.columns) > SHOWN else ""
    kind = {
        "classification": f" ({len(target.classes):,} classes)",
        "multilabel": " (labels)" if len(target.columns) > 1 else " (label)",
        "regression": " (numbers)" if len(target.columns) > 1 else " (a number)",
    }[target.task]
    columns = len({feature.name for feature in case.whole.prepared.inputs.features})
    rows = len(case.done.kept.study.whole.training)
    by = f", by {counted(networks, 'network')}" if networks > 1 else ""
    return f"{shown}{more}{kind} from {counted(columns, 'column')} of {counted(rows, 'row')}{by}"


def _good(case: Case, main: Score) -> str:
    """The main metric with its interval, beside a constant prediction."""
    rows = counted(case.predictions.rows, f"{case.words(case.judge)} row")
    if main.value is None:
        return f"{main.metric} is not defined on {rows}"
    low, high = main.low, main.high
    between = "" if low is None or high is None else f" (95 % interval {number(low)} to {number(high)})"
    constant = "" if main.baseline is None else f"; a constant prediction has {number(main.baseline)}"
    return f"{main.metric} is {number(main.value)} on {rows}{between}{constant}"


def _ending(case: Case) -> str:
    """How the training ended, and whose weights are kept."""
    results = case.results
    epochs = counted(results.epochs, "epoch")
    ends = {
        "finished": f"finished after {epochs}",
        "early_stopped": f"stopped early after {epochs}",
        "stopped": f"stopped by hand after {epochs}",
        "worse_than_baseline": f"{epochs}, and worse than a constant prediction",
    }[results.status]
    if results.refit:
        longest = counted(max(results.refit), "epoch")
        return f"{ends}; then trained again on all rows but the test's for {longest}"
    if results.members:
        return f"{len(results.members)} networks, {ends} at the most"
    best = results.best_epoch
    return ends if best == results.epochs else f"{ends}; the weights are those of epoch {best}, the best"

"""What an evaluation comes to: metrics, how sure they are, where they hold, how good probabilities are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlpcli.arrays import Array
from mlpcli.judging.bootstrap import Interval, intervals
from mlpcli.judging.curves import Curve, precision_recall_curves, roc_curves
from mlpcli.judging.groups import Grouping, Groups, by_numbers, by_texts, scores_by
from mlpcli.judging.reliability import ReliabilityBin, reliability
from mlpcli.judging.resampling import affordable_draws
from mlpcli.run.evaluating import Evaluation
from mlpcli.tables.columns import Notation, TextColumn
from mlpcli.tables.spellings import is_code
from mlpcli.training.metrics import compute


@dataclass(frozen=True)
class Asked:
    """What is to be known besides the metrics.

    `ci`: their intervals; `by`: the scores of each value of these columns; `curves`: points of curves.
    `group` is the column whose values kept rows together in training, where the input has it.
    """

    ci: bool = False
    by: Sequence[str] = ()
    curves: bool = False
    group: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to read for it."""
        group = () if self.group is None or not self.ci else (self.group,)
        return tuple(dict.fromkeys((*self.by, *group)))


@dataclass(frozen=True)
class Confidence:
    """The 95 % intervals of the metrics, of so many draws: of rows, or of groups of them."""

    intervals: Mapping[str, Interval]
    draws: int
    group: str | None


@dataclass(frozen=True, eq=False)
class Judgement:
    """The `values` of the metrics, and what else was asked for; empty or None what was not.

    `bins` are those of the probabilities, where there are any of classes.
    """

    values: dict[str, float | None]
    confidence: Confidence | None
    by: Mapping[str, Groups]
    bins: Sequence[ReliabilityBin]
    roc: Sequence[Curve | None]
    precision_recall: Sequence[Curve | None]


def judgement_of(evaluation: Evaluation, names: Sequence[str], asked: Asked) -> Judgement:
    """Everything of the metrics named, `loss` among them or not."""
    predictions = evaluation.predictions
    own = [name for name in names if name != "loss"]
    loss = {"loss": evaluation.loss} if "loss" in names else {}
    scores = predictions.scores
    probable = predictions.task == "classification" and scores is not None and scores.probabilistic
    curved = asked.curves and scores is not None
    heavy = predictions.total_share > 0
    return Judgement(
        {**loss, **compute(own, predictions)},
        _confidence(evaluation, own, asked) if asked.ci else None,
        {name: _groups(evaluation, name, own) for name in asked.by},
        reliability(predictions) if probable and heavy else (),
        roc_curves(predictions) if curved else (),
        precision_recall_curves(predictions) if curved else (),
    )


def _confidence(evaluation: Evaluation, names: Sequence[str], asked: Asked) -> Confidence:
    predictions, group = evaluation.predictions, asked.group
    together: Array | None = None if group is None else evaluation.columns[group].codes
    draws = affordable_draws(predictions.rows)
    found = intervals(predictions, names, draws=draws, groups=together)
    return Confidence(found, draws, group)


def _groups(evaluation: Evaluation, name: str, names: Sequence[str]) -> Groups:
    predictions = evaluation.predictions
    return scores_by(predictions, grouping_of(name, evaluation.columns[name], evaluation.notation), names)


def grouping_of(name: str, column: TextColumn, notation: Notation) -> Grouping:
    """The groups of a column: of numbers where all its cells are, codes that begin with 0 aside."""
    numbers = column.numbers(notation, notation.decorations.get(name))
    if len(numbers.bad) or any(map(is_code, column.levels)):
        texts = column.texts()
        texts[column.where(column.missing_texts(notation, column.levels))] = ""
        return by_texts(texts)
    return by_numbers(numbers.values)
